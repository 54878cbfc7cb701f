"""What is said on stderr: errors, notes and progress. stdout is for results."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from dedupe.names import safe
from dedupe.organize.steps import Refusal
from dedupe.reports.table import Screen, shown_path


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


class _Rate(TextColumn):
    """Items per second, empty until it is known."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        if not task.total or not task.speed:
            return Text()
        return Text(f"{task.speed:.1f}/s", "dim")


class RichProgress:
    """The Progress protocol as a bar on stderr with rate and time left.

    Use it as a context manager. Without a terminal it says nothing.
    """

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=_screen(),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "RichProgress":
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def start(self, what: str, total: int) -> None:
        """Begin a stage of `total` items (0: nobody knows how many)."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=total or None)

    def advance(self, count: int = 1) -> None:
        """`count` more items are done."""
        if self._task is not None:
            self._bar.advance(self._task, count)


def _tell(text: Text) -> None:
    with suppress(BrokenPipeError):  # that nobody listens changes neither work nor exit code
        _screen().tell(text)


def _screen() -> Screen:
    # made anew: stderr may have been replaced since (tests do)
    return Screen(sys.stderr)
