"""Decisions about photos: these are different, do not show this set; said, listed, taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dedupe.errors import UsageError
from dedupe.index.ignored import (
    Ignored,
    content_of,
    forget_ignored,
    known_ignored,
    pairs_of,
    remember_ignored,
)
from dedupe.index.place import default_index
from dedupe.index.store import Index
from dedupe.matching.sets.groups import Group
from dedupe.names import safe


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that was said of photos.

    Attributes:
        different: whether no two of them are to be in one set; else a set of them is not shown.
        photos: of each its content hash, and where it lies, sorted; nowhere if it is not known
            any more.
    """

    different: bool
    photos: tuple[tuple[bytes, tuple[Path, ...]], ...]


def ignore(photos: Iterable[Path | str], *, index: Path | None = None) -> int:
    """Say that photos are different things: no set will hold two of them.

    It is remembered by content: of copies, moved and renamed files too, whatever is scanned or
    forgotten. No photo is changed.

    Args:
        photos: two files or more, scanned or not.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.

    Returns:
        How many pairs were not known to be different before.

    Raises:
        UsageError: there are fewer than two, or two of them are the same file or the same
            pixels: that is a fact, and no decision.
        PhotoUnreadable: one of them cannot be read.
        IndexProblem: there is no index, it cannot be used, or a scan is using it.
    """
    with Index(index or default_index(), lock=True) as store:
        contents = _each_different(photos, store)
        return remember_ignored(store, Ignored(pairs=frozenset(pairs_of(contents))))


def hide(groups: Iterable[Group], *, index: Path | None = None) -> int:
    """Say that sets are not to be shown again, until another photo joins them.

    Args:
        groups: as `find_groups` gives them.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.

    Returns:
        How many of them were not hidden before.

    Raises:
        IndexProblem: there is no index, it cannot be used, or a scan is using it.
    """
    sets = frozenset(frozenset(photo.content for photo in group.photos) for group in groups)
    with Index(index or default_index(), lock=True) as store:
        return remember_ignored(store, Ignored(sets=sets))


def unignore(photos: Iterable[Path | str], *, sets: bool = False, index: Path | None = None) -> int:
    """Take back what was said of photos.

    Args:
        photos: files. That two of them are different is taken back.
        sets: take back instead that the sets which each of them is in are not shown.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.

    Returns:
        How many decisions were taken back.

    Raises:
        PhotoUnreadable: one of them cannot be read.
        IndexProblem: there is no index, it cannot be used, or a scan is using it.
    """
    contents = {content_of(photo)[1] for photo in photos}
    with Index(index or default_index(), lock=True) as store:
        known = known_ignored(store)
        if sets:
            gone = Ignored(sets=frozenset(each for each in known.sets if each & contents))
        else:
            gone = Ignored(pairs=frozenset(pairs_of(contents)) & known.pairs)
        return forget_ignored(store, gone)


def decisions(*, index: Path | None = None) -> tuple[Decision, ...]:
    """All that was said and not taken back, photos that are different first.

    Args:
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.

    Returns:
        Sorted by where their photos lie; those of unknown photos last.

    Raises:
        IndexProblem: there is no index, or it cannot be used.
        IndexDamaged: it is not as it was written.
    """
    with Index(index or default_index()) as store:
        known = known_ignored(store)
        said = [(True, frozenset(pair)) for pair in known.pairs]
        said += [(False, each) for each in known.sets]
        paths = store.paths_of({content for _, contents in said for content in contents})
    found = []
    for different, contents in said:
        photos = [(content, paths.get(content, ())) for content in contents]
        photos.sort(key=lambda each: (not each[1], each[1], each[0]))
        found.append(Decision(different, tuple(photos)))
    return tuple(sorted(found, key=_place))


def without_hidden(groups: Sequence[Group], ignored: Ignored) -> tuple[list[Group], list[Group]]:
    """The groups that are shown, and those that are hidden; both in the order given."""
    shown: list[Group] = []
    hidden: list[Group] = []
    for group in groups:
        hides = ignored.hides(photo.content for photo in group.photos)
        (hidden if hides else shown).append(group)
    return shown, hidden


def _each_different(photos: Iterable[Path | str], store: Index) -> list[bytes]:
    """The contents of photos of which no two are the same."""
    first: dict[bytes, Path] = {}
    contents = []
    for path, content in map(content_of, photos):
        for key, what in ((content, "file"), (store.whole_pixels(content), "picture, to a pixel")):
            if key in first:
                raise UsageError(
                    f"{safe(first[key])} and {safe(path)} are the same {what}: that is a fact",
                    "`dedupe ignore --set PHOTO` hides the set that a photo is in",
                )
            if key:
                first[key] = path
        contents.append(content)
    if len(contents) < 2:
        raise UsageError("it takes two photos to be different", "name another one")
    return contents


def _place(decision: Decision) -> tuple[object, ...]:
    return (
        not decision.different,
        tuple((not paths, paths, content) for content, paths in decision.photos),
    )
