"""Ctrl-C between files, never inside one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass(slots=True)
class Asked:
    """Whether somebody asked to stop.

    Attributes:
        by: number of the signal, 0 as long as there was none.
    """

    by: int = 0

    @property
    def exit_code(self) -> int:
        """What a shell expects: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + self.by


@contextmanager
def held_back() -> Iterator[Asked]:
    """Note SIGINT and SIGTERM instead of letting them strike, and restore the handlers after.

    A KeyboardInterrupt between a rename and its line in the journal would leave work for undo
    to guess. Only the main thread may set handlers; in another one nothing is held back, and
    nothing strikes there either.
    """
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(number: int, frame: FrameType | None) -> None:
        asked.by = number

    # a handler that was set outside Python reads as None and cannot be put back
    old = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ours = {number: handler for number, handler in old.items() if handler is not None}
    for number in ours:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
