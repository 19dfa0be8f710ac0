"""Standard input, output and error as every command needs them."""

import io
import os
import sys

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}


def open_missing_streams() -> None:
    """Opens the null device in the place of those that the process was started without."""
    for name, mode in _MODES.items():
        if getattr(sys, name) is None:
            # The lowest descriptor that is free is that of the stream.
            null = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8", closefd=False))


def show_every_character() -> None:
    """Escapes what a terminal cannot show; what goes to a file or another program is UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def outlive_readers() -> None:
    """Lets a command whose work is more than what it prints go on when nobody reads it any more."""
    stream = sys.stdout
    if stream is not sys.__stdout__ or stream.isatty():
        return
    stream.flush()
    raw = _UnreadOutput(stream.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(raw),
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class _UnreadOutput(io.FileIO):
    def write(self, content):
        """Writes; from the moment that a pipe's reader has gone, to the null device."""
        try:
            return super().write(content)
        except BrokenPipeError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)
            return len(content)
