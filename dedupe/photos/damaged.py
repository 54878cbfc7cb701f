"""The one place where whatever a damaged part of a photo raises is let go."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def unless_damaged(read: Callable[[], T], otherwise: T) -> T:
    """What `read` gives, or `otherwise` where that part of the photo is damaged.

    For what costs a photo a detail and not its place: its date, its colours' last accuracy,
    the number of its frames. Offsets and types in a damaged block lead anywhere: struct.error,
    KeyError, TypeError, ZeroDivisionError, OverflowError, SyntaxError and more were seen; a
    count of four billion entries is a MemoryError.
    """
    try:
        return read()
    except Exception:  # noqa: BLE001 - see above
        return otherwise
