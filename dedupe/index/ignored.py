"""What a person said of photos, by content: which are different, and which sets not to show."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from blake3 import blake3

from dedupe.errors import PhotoUnreadable
from dedupe.index.reading import ReadIndex
from dedupe.index.schema import legible_rows
from dedupe.index.seals import row_seal
from dedupe.index.store import Index
from dedupe.index.verdicts import Pair
from dedupe.names import safe
from dedupe.photos.discover import each_absolute

_HASH = 32  # bytes of a content hash


@dataclass(frozen=True, slots=True)
class Ignored:
    """What was said by `dedupe ignore`.

    Attributes:
        pairs: contents of two photos, the smaller first, that no set holds together.
        sets: the contents of sets that are not shown, until another photo joins one.
    """

    pairs: frozenset[Pair] = field(default=frozenset())
    sets: frozenset[frozenset[bytes]] = field(default=frozenset())

    def __bool__(self) -> bool:
        return bool(self.pairs or self.sets)

    def apart(self, one: bytes, other: bytes) -> bool:
        """Whether two contents are said to be different."""
        return (min(one, other), max(one, other)) in self.pairs

    def hides(self, contents: Iterable[bytes]) -> bool:
        """Whether a set of these contents is not shown: all of them were in one that is not."""
        if not self.sets:  # of 30,000 photos only the contents would be read
            return False
        wanted = frozenset(contents)
        return any(wanted <= each for each in self.sets)


def known_ignored(store: ReadIndex) -> Ignored:
    """All that was said and not taken back.

    Raises:
        IndexDamaged: it is not as it was written.
    """
    return _ignored(store.each_ignored())


def salvaged(index: Path) -> Ignored:
    """What was said and can still be read in a damaged index: nobody should have to say it again.

    Args:
        index: one that was set aside; nothing in it is changed.

    Returns:
        What is in rows that are as they were written.
    """
    return _ignored(
        (contents, apart)
        for contents, apart, seal in legible_rows(
            index, "SELECT contents, apart, seal FROM ignored"
        )
        if isinstance(contents, bytes) and row_seal(contents, apart) == seal
    )


def _ignored(rows: Iterable[tuple[bytes, int]]) -> Ignored:
    pairs: set[Pair] = set()
    sets: set[frozenset[bytes]] = set()
    for joined, apart in rows:
        contents = [joined[at : at + _HASH] for at in range(0, len(joined), _HASH)]
        if apart:
            pairs.add((contents[0], contents[1]))
        else:
            sets.add(frozenset(contents))
    return Ignored(frozenset(pairs), frozenset(sets))


def pairs_of(contents: Collection[bytes]) -> Iterator[Pair]:
    """Every two of some contents, the smaller first."""
    yield from combinations(sorted(set(contents)), 2)


def remember_ignored(store: Index, said: Ignored) -> int:
    """Store what was said, by the side of what was said before; how much of it is new."""
    with store.whole():
        new = [row for row in _rows(said) if row not in set(_rows(known_ignored(store)))]
        store.put_ignored(new)
    return len(new)


def forget_ignored(store: Index, said: Ignored) -> int:
    """Take back what was said; how much of it there was."""
    with store.whole():
        there = set(_rows(known_ignored(store)))
        gone = [row for row in _rows(said) if row in there]
        store.drop_ignored(gone)
    return len(gone)


def content_of(path: Path | str) -> tuple[Path, bytes]:
    """The content hash of a file as it is now, and its absolute path.

    Raises:
        PhotoUnreadable: there is no regular file that can be read.
    """
    (file,) = each_absolute([path])
    try:
        if not file.is_file():
            raise PhotoUnreadable(f"{safe(file)} is not a file")
        return file, blake3(file.read_bytes()).digest()
    except OSError as error:
        raise PhotoUnreadable(f"{safe(file)} cannot be read: {error.strerror}") from error


def _rows(said: Ignored) -> Iterator[tuple[bytes, int]]:
    for pair in sorted(said.pairs):
        yield b"".join(pair), 1
    for each in sorted(sorted(contents) for contents in said.sets):
        yield b"".join(each), 0
