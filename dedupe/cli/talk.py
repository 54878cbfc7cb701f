"""What is said on stderr: errors, notes and questions. stdout is for results."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from dedupe.names import safe
from dedupe.reports.words import Lines, shown_path

if TYPE_CHECKING:
    from dedupe.organize.steps import Refusal


def say_error(message: str, hint: str = "") -> None:
    """One sentence in red, and below it what to do next."""
    _tell(("error: ", "bold red"), safe(message))
    if hint:
        _tell(safe(hint))


def say(text: str) -> None:
    """A note for the person at the terminal."""
    _tell(text)


def ask(question: str) -> bool:
    """Ask the person at the terminal; what is not clearly a yes is a no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def say_left(left: "Iterable[Refusal]") -> int:
    """Name what was left alone; the exit code that goes with it."""
    code = 0
    for refusal in left:
        say(f"left alone: {shown_path(refusal.path)} {safe(refusal.reason)}")
        code = 3
    return code


def _tell(*parts: str | tuple[str, str]) -> None:
    with suppress(BrokenPipeError):  # that nobody listens changes neither work nor exit code
        Lines(sys.stderr).tell(*parts)  # made anew: stderr may have been replaced (tests do)
