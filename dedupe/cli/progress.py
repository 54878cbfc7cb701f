"""How far long work is: a bar on stderr."""

import sys
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

# Rich takes a lock, the time and a sample for each step it is told of (2.4 µs; 0.5 s for 200,000
# files), and draws ten times a second. So it is told as often as it draws.
_EVERY_SECONDS = 0.1


class RichProgress:
    """The Progress protocol as a bar on stderr with rate and time left.

    Use it as a context manager. Without a terminal it says nothing and loads nothing.
    """

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._pending = 0  # steps that the bar was not told of yet
        self._told = 0.0  # when it was told of some

    def __enter__(self) -> "RichProgress":
        if sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def start(self, what: str, total: int) -> None:
        """Begin a stage of `total` items (0: nobody knows how many)."""
        if self._bar is None:
            return
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=total or None)
        self._pending, self._told = 0, monotonic()

    def advance(self, count: int = 1) -> None:
        """`count` more items are done."""
        if self._bar is None or self._task is None:
            return
        self._pending += count
        now = monotonic()
        if now - self._told >= _EVERY_SECONDS:
            self._bar.advance(self._task, self._pending)
            self._pending, self._told = 0, now


def _bar() -> "Progress":
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    from dedupe.reports.screen import Screen

    class Count(TextColumn):
        """`128/140  10.7/s`: as much of it as is known."""

        def render(self, task: "Task") -> Text:
            done, rate = count_and_rate(task.completed, task.total, task.speed)
            return Text.assemble(done, (rate, "dim"))

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        Count(""),
        TimeRemainingColumn(),
        console=Screen(sys.stderr),
        transient=True,
    )


def count_and_rate(done: float, total: float | None, speed: float | None) -> tuple[str, str]:
    """How much of a stage is done, and how fast, as the bar shows it.

    Args:
        done: items so far.
        total: items in all; None where nobody knows.
        speed: items a second; None where it is not known yet.
    """
    if not total:
        return (f"{done:,.0f}" if done else ""), ""
    # whole numbers once they are large: the digits behind the point would only flicker
    rate = f"  {speed:,.{0 if speed >= 99.95 else 1}f}/s" if speed else ""
    return f"{done:,.0f}/{total:,.0f}", rate
