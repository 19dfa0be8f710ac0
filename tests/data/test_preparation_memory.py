"""A file larger than the memory that `prepare` may take passes: inputs are streamed."""

from child_python import run_python

# A small file first: what is imported and allocated once does not count.
CHILD = """
import resource, sys
from pathlib import Path
from scale_vae_keras.data import prepare

ALLOWED = 32 << 20
folder = Path(sys.argv[1])
for name in sys.argv[2:]:
    prepare([folder / "small" / name], folder / f"{name}.small")
status = Path("/proc/self/status").read_text()
[held] = [int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmSize")]
resource.setrlimit(resource.RLIMIT_AS, (held + ALLOWED, held + ALLOWED))
for name in sys.argv[2:]:
    source = folder / "large" / name
    assert source.stat().st_size > 1.3 * ALLOWED
    try:
        source.read_bytes()
        print("the limit has no effect")
    except MemoryError:
        print(name, prepare([source], folder / f"{name}.large").sizes)
"""

DOCUMENT = "word " * 5_000
FORMS = {
    "text.txt": ("", "{number} {text}\n"),
    "table.csv": ("id,text\n", '{number},"{number} {text}"\n'),
    "rows.jsonl": ("", '{{"text": "{number} {text}"}}\n'),
}


def test_a_file_larger_than_memory_passes(tmp_path):
    for size, documents in (("small", 10), ("large", 1_800)):
        (tmp_path / size).mkdir()
        for name, (head, form) in FORMS.items():
            with open(tmp_path / size / name, "w") as file:
                file.write(head)
                file.writelines(form.format(number=n, text=DOCUMENT) for n in range(documents))
    printed = run_python(CHILD, tmp_path, *FORMS)
    assert printed.splitlines() == [
        f"{name} {{'train': 1620, 'valid': 90, 'test': 90}}" for name in FORMS
    ]
