PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
EXTRAS := plots,bleu,mixture,serving,tune,test

.PHONY: install quickstart test test-lowest lint clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
	$(BIN)/python -m pip check
	touch $@

quickstart: install
	$(BIN)/scale-vae quickstart

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

test: lint
	$(BIN)/python -m pytest -n 2

# With the oldest version of each dependency that pyproject.toml allows.
test-lowest:
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip install --quiet uv
	$(VENV)-lowest/bin/uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct --editable '.[$(EXTRAS)]'
	$(VENV)-lowest/bin/uv pip check --python $(VENV)-lowest/bin/python
	$(VENV)-lowest/bin/python -m pytest -n 2

clean:
	rm -rf $(VENV) $(VENV)-lowest quickstart build *.egg-info
