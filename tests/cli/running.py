"""Runs `dedupe` as a person or a program would: here, on a terminal, or as its own process."""

import contextlib
import io
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from dedupe.cli import main

MAIN = "from dedupe.cli import main; main()"


@dataclass(frozen=True)
class Run:
    """What a command ended with.

    Attributes:
        code: its exit code.
        data: the bytes on stdout; on a terminal, all that was written to it.
        err: the text on stderr; on a terminal, nothing.
    """

    code: int
    data: bytes
    err: str = ""

    @property
    def out(self) -> str:
        """Stdout as text."""
        return self.data.decode("utf-8", "surrogateescape")


def dedupe(*args: str | Path) -> Run:
    """Run a command in this process, with pipes for its input and output."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with open(os.devnull) as nothing:  # noqa: PTH123
        code = _call(args, nothing, out, err)
    written = [stream.buffer.getvalue() for stream in (out, err)]  # type: ignore[attr-defined]
    return Run(code, written[0], written[1].decode("utf-8", "surrogateescape"))


def on_terminal(*args: str | Path, columns: int = 80, typed: str = "") -> Run:
    """Run a command in this process, with a pseudo terminal for input, output and errors."""
    ours, theirs = pty.openpty()
    settings = termios.tcgetattr(theirs)
    settings[1] &= ~termios.OPOST  # newlines arrive as they were written
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    os.write(ours, typed.encode())
    screen: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(ours, screen))
    reader.start()
    like_a_person = {"COLUMNS": str(columns), "TERM": "xterm-256color"}
    try:
        with mock.patch.dict(os.environ, like_a_person), _streams(theirs) as streams:
            code = _call(args, *streams)
    finally:
        os.close(theirs)
        reader.join()
        os.close(ours)
    return Run(code, b"".join(screen))


def cut_short(*args: str | Path) -> Run:
    """Run a command in this process, with nobody who reads its output: `| head -0`."""
    theirs, ours = os.pipe()
    os.close(theirs)
    err = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with open(os.devnull) as nothing, open(ours, "w", encoding="utf-8") as out:  # noqa: PTH123
        code = _call(args, nothing, out, err)
    return Run(code, b"", err.buffer.getvalue().decode())  # type: ignore[attr-defined]


def process(*args: str | Path, before: str = "", **options: object) -> "subprocess.Popen[bytes]":
    """Start a command as a process of its own, some lines of Python `before` it."""
    code = f"{before}\n{MAIN}"
    # a shell starts what it runs behind itself without Ctrl-C
    code = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{code}"
    return subprocess.Popen([sys.executable, "-c", code, *map(str, args)], **options)  # type: ignore[call-overload, no-any-return]


def _call(
    args: tuple[str | Path, ...], stdin: io.TextIOBase, out: io.TextIOBase, err: io.TextIOBase
) -> int:
    handler = signal.getsignal(signal.SIGTERM)
    with (
        mock.patch.object(sys, "argv", ["dedupe", *map(str, args)]),
        mock.patch.multiple(sys, stdin=stdin, stdout=out, stderr=err),
    ):
        code: object = None
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            signal.signal(signal.SIGTERM, handler)
            for stream in (out, err):
                with contextlib.suppress(BrokenPipeError):
                    stream.flush()
    assert isinstance(code, int)
    return code


@contextlib.contextmanager
def _streams(terminal: int) -> Iterator[list[io.TextIOBase]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(open(os.dup(terminal), mode, encoding="utf-8"))  # noqa: PTH123
            for mode in ("r", "w", "w")
        ]


def _drain(terminal: int, screen: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # EIO: the other side was closed
        while part := os.read(terminal, 65536):
            screen.append(part)
