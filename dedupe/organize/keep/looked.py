"""What is seen in photos is remembered in an index, where one is named."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock, local

from dedupe.errors import IndexProblem
from dedupe.index.looked import Look, Numbers, known_looks, remember_looks
from dedupe.index.store import Index
from dedupe.photos.version import DECODE_VERSION

# Goes up with every change of what is seen in a file: then all are looked at anew.
_VERSION = 1

# Looks between two writings to the index, so that a kill costs a minute or two: a photo of 12 MP
# takes 0.3 s.
_BATCH = 256


def method() -> str:
    """Names all that changes what is seen: how files are decoded, and what is looked for."""
    return f"{_VERSION} decode {DECODE_VERSION}"


class _Memory:
    """What is remembered in one index: read when it is first asked for, by several threads."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._lock = RLock()
        self._new: dict[Look, Numbers] = {}
        self._known: dict[Look, Numbers] | None = None

    def get(self, look: Look) -> Numbers | None:
        """What was seen; None where nobody has looked yet."""
        with self._lock:
            if self._known is None:
                self._known = {}
                with suppress(IndexProblem), Index(self._index) as store:  # it is seen anew then
                    self._known = known_looks(store, method())
            return self._known.get(look, self._new.get(look))

    def add(self, look: Look, seen: Numbers) -> None:
        """Remember one more."""
        with self._lock:
            self._new[look] = seen
            if len(self._new) >= _BATCH:
                self.write()

    def write(self) -> None:
        """Store what is new; where that is not possible, it is seen anew next time."""
        with self._lock:
            new, self._new = self._new, {}
            if new:
                self._known = {**(self._known or {}), **new}
                with suppress(IndexProblem), Index(self._index, lock=True) as store, store.batch():
                    remember_looks(store, method(), new)


# Of each thread, how often it could not see what it was asked to.
_missed = local()

# The innermost `remembered_in`. Not a ContextVar: threads that look would not see it.
_memories: list[_Memory] = []


@contextmanager
def remembered_in(index: Path) -> Iterator[None]:
    """Inside, what was ever seen in the photos of an index is known, and what is new is kept.

    Where the index cannot be read or written, looking takes longer, and that is all.
    """
    memory = _Memory(index)
    _memories.append(memory)
    try:
        yield
    finally:
        _memories.remove(memory)
        memory.write()


def seen_once(
    asked: str, content: bytes, beside: bytes, find: Callable[[], Numbers | None]
) -> Numbers | None:
    """What `find` sees, or saw when it was last asked about the same photos.

    Args:
        asked: what is looked for.
        content: of the photo.
        beside: content of the other one; its own where it is looked at alone.
        find: looks; None where a file cannot be read, which is not remembered.
    """
    memory = _memories[-1] if _memories else None
    look = (asked, content, beside)
    seen = memory.get(look) if memory is not None else None
    if seen is None:
        seen = find()
        if seen is None:
            _missed.count = misses() + 1
        elif memory is not None:
            memory.add(look, seen)
    return seen


def misses() -> int:
    """How often this thread could not read a file that it was to look at."""
    return int(getattr(_missed, "count", 0))
