"""How far long work is: a bar on stderr."""

import sys
from types import TracebackType

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from dedupe.reports.screen import Screen


class _Count(TextColumn):
    """`128/140  10.7/s`: as much of it as is known."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        if not task.total:
            return Text(f"{task.completed:,.0f}" if task.completed else "")
        rate = f"  {task.speed:.1f}/s" if task.speed else ""
        return Text.assemble(f"{task.completed:,.0f}/{task.total:,.0f}", (rate, "dim"))


class RichProgress:
    """The Progress protocol as a bar on stderr with rate and time left.

    Use it as a context manager. Without a terminal it says nothing.
    """

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            _Count(),
            TimeRemainingColumn(),
            console=Screen(sys.stderr),
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
