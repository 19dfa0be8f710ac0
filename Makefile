PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
EXTRAS := plots,bleu,mixture,control,hub,prepare,serving,tune,docs,test

.PHONY: install quickstart docs test test-lowest lint clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
	$(BIN)/python -m pip check
	touch $@

quickstart: install
	$(BIN)/scale-vae quickstart

# The documentation site, in site/. Needs no network once everything is installed.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Three processes for two cores, since many tests wait for processes of their own.
test: lint
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# With the oldest version of each dependency that pyproject.toml allows.
test-lowest:
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip install --quiet uv
	$(VENV)-lowest/bin/uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct --editable '.[$(EXTRAS)]'
	$(VENV)-lowest/bin/uv pip check --python $(VENV)-lowest/bin/python
	$(VENV)-lowest/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

clean:
	rm -rf $(VENV) $(VENV)-lowest quickstart site .cache build *.egg-info
