"""What is said on stderr: errors, notes and questions. stdout is for results."""

import sys
from collections.abc import Iterable
from contextlib import suppress

from rich.text import Text

from dedupe.names import safe
from dedupe.organize.steps import Refusal
from dedupe.reports.screen import Screen, shown_path


def say_error(message: str, hint: str = "") -> None:
    """One sentence in red, and below it what to do next."""
    _tell(Text.assemble(("error: ", "bold red"), safe(message)))
    if hint:
        _tell(Text(safe(hint)))


def say(text: str) -> None:
    """A note for the person at the terminal."""
    _tell(Text(text))


def ask(question: str) -> bool:
    """Ask the person at the terminal; what is not clearly a yes is a no."""
    _screen().print(Text(f"{question} [y/N] "), end="", soft_wrap=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def say_left(left: Iterable[Refusal]) -> int:
    """Name what was left alone; the exit code that goes with it."""
    code = 0
    for refusal in left:
        say(f"left alone: {shown_path(refusal.path)} {safe(refusal.reason)}")
        code = 3
    return code


def _tell(text: Text) -> None:
    with suppress(BrokenPipeError):  # that nobody listens changes neither work nor exit code
        _screen().tell(text)


def _screen() -> Screen:
    # made anew: stderr may have been replaced since (tests do)
    return Screen(sys.stderr)
