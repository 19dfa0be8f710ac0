import pytest

from scale_vae_keras.errors import InputError
from scale_vae_keras.serving.addresses import Address, read_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost:8500", Address(False, False, "localhost", 8500, None)),
        ("grpc://localhost:8500/", Address(False, False, "localhost", 8500, None)),
        ("GRPCS://a.b:1", Address(False, True, "a.b", 1, None)),
        ("http://127.0.0.1:8501", Address(True, False, "127.0.0.1", 8501, None)),
        ("http://127.0.0.1:8501/", Address(True, False, "127.0.0.1", 8501, None)),
        ("http://h:1/v1", Address(True, False, "h", 1, None)),
        ("http://h:1/v1/models/", Address(True, False, "h", 1, None)),
        ("http://h:1/V1/Models/a%20b", Address(True, False, "h", 1, "a b")),
        ("https://models.example", Address(True, True, "models.example", 443, None)),
        ("http://h", Address(True, False, "h", 80, None)),
        ("http://[::1]:8501/v1/models/m/", Address(True, False, "::1", 8501, "m")),
    ],
)
def test_addresses(text, address):
    assert read_address(text) == address


def test_numbers_of_version_six_are_written_in_brackets():
    assert read_address("[::1]:8500").place == "[::1]:8500"
    assert read_address("h:1").place == "h:1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "localhost:x",
        "http://h:x",
        "http://h:65536",
        "h:0",
        "h:-1",
        ":8500",
        "http://",
        "http://:1",
        "ftp://h:1",
        "h:1/v1",
        "http://h:1/v2",
        "http://h:1/v1/models/a/b",
        "http://h:1/v1/models/a:predict",
        "http://h:1/?x=1",
        "http://u:p@h:1",
        "http://a b:1",
        "http://a\tb:1",
        "http://[::1:1",
        f"http://{'a' * 70}:1",
        "http://\ud800:1",
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(text):
    with pytest.raises(InputError, match="cannot read the address") as told:
        read_address(text)
    assert "\n" not in str(told.value)
