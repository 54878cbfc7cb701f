"""Which photo of a group is the best: rules, tried one after the other."""

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dedupe.errors import UnknownName
from dedupe.organize.protected import NOTHING, Protected
from dedupe.photos.photo import Photo

if TYPE_CHECKING:  # it loads numpy
    from dedupe.matching.groups import Group

KeepRule = Callable[[Photo], Any]
"""A photo in, something sortable out: the smallest is the best."""

# Formats that cameras and phones write, best first. All others are what people and programs
# export to: a PNG made from a JPEG has all its pixels, none of its history, and more bytes.
_CAMERA_FORMATS = ("HEIF", "MPO", "JPEG")


def resolution(photo: Photo) -> int:
    """Most pixels first."""
    return -photo.pixels


def metadata(photo: Photo) -> bool:
    """A photo that still has its capture time before one that lost it."""
    return photo.taken is None


def camera_format(photo: Photo) -> int:
    """Formats of cameras (HEIF, JPEG) before those that copies are exported to (PNG, WEBP)."""
    known = photo.format in _CAMERA_FORMATS
    return _CAMERA_FORMATS.index(photo.format) if known else len(_CAMERA_FORMATS)


def oldest(photo: Photo) -> tuple[bool, datetime]:
    """Earliest capture time first, unknown last."""
    return (photo.taken is None, photo.taken or datetime.max)


def largest(photo: Photo) -> int:
    """Most bytes first."""
    return -photo.file.size


def path(photo: Photo) -> bytes:
    """First path first, byte by byte: settles every tie."""
    return os.fsencode(photo.path)


KEEP_RULES: dict[str, KeepRule] = {
    "resolution": resolution,
    "metadata": metadata,
    "format": camera_format,
    "oldest": oldest,
    "largest": largest,
    "path": path,
}

# Half a sentence on why the first photo wins against the second, for each rule.
_REASONS: dict[str, Callable[[Photo, Photo], str]] = {
    "resolution": lambda best, other: _compared(best.pixels, other.pixels, 1e6, "MP", "pixels"),
    "metadata": lambda best, other: "has its capture time",
    "format": lambda best, other: f"{best.format} before {other.format}",
    "oldest": lambda best, other: (
        f"taken earlier: {best.taken}" if other.taken else "has its capture time"
    ),
    "largest": lambda best, other: _compared(best.file.size, other.file.size, 1e6, "MB", "bytes"),
    "path": lambda best, other: "first by path",
}

DEFAULT_KEEP = ("resolution", "metadata", "format", "oldest", "largest")


def check_rules(rules: Iterable[str]) -> None:
    """Refuse a name that is no keep rule, before anything is done with it.

    Raises:
        UnknownName: one of `rules` is not in KEEP_RULES.
    """
    for name in rules:
        if name not in KEEP_RULES:
            raise UnknownName("keep rule", name, KEEP_RULES)


def rank(
    photos: Iterable[Photo],
    rules: Sequence[str] = DEFAULT_KEEP,
    *,
    protected: Protected = NOTHING,
) -> tuple[Photo, ...]:
    """Sort photos, the one to keep first.

    The answer does not depend on the order they come in: ties end with the path.

    Args:
        photos: of one group.
        rules: names in KEEP_RULES; a later one decides only where all before it tie.
        protected: photos in it come before all others.

    Raises:
        UnknownName: one of `rules` is not in KEEP_RULES.
    """
    check_rules(rules)
    order: list[KeepRule] = [
        lambda photo: not protected.wins(photo),
        *(KEEP_RULES[name] for name in rules),
        path,
    ]
    return tuple(sorted(photos, key=lambda photo: tuple(rule(photo) for rule in order)))


def ranked(
    group: "Group", rules: Sequence[str] = DEFAULT_KEEP, *, protected: Protected = NOTHING
) -> tuple[Photo, ...]:
    """The photos of a group, the one to keep first.

    That is the one that the others were verified against. Of look-alikes, which nothing was
    verified of, it is a protected one, or the best by the rules.

    Raises:
        UnknownName: one of `rules` is not in KEEP_RULES.
    """
    photos = rank(group.photos, rules, protected=protected)
    if not group.is_verified:
        return photos
    return (group.kept, *(photo for photo in photos if photo != group.kept))


def why(
    best: Photo,
    other: Photo,
    rules: Sequence[str] = DEFAULT_KEEP,
    *,
    protected: Protected = NOTHING,
) -> str:
    """Say in a few words what makes `best` better than `other`.

    Args:
        best: the one to keep.
        other: another one of its group.
        rules: as given to `rank`.
        protected: likewise.

    Returns:
        The first rule that tells them apart: "12.2 MP > 3.1 MP", "has its capture time".

    Raises:
        UnknownName: one of `rules` is not in KEEP_RULES.
    """
    if rank((best, other), rules, protected=protected)[0] != best:
        return "more of the set is verified against it"
    if protected.wins(best) and not protected.wins(other):
        return "is in a protected folder"
    for name in rules:
        if KEEP_RULES[name](best) != KEEP_RULES[name](other):
            return _REASONS[name](best, other)
    return _REASONS["path"](best, other)


def _compared(best: int, other: int, unit: float, big: str, small: str) -> str:
    """`12.2 MP > 3.1 MP`, or whole numbers where one decimal would show them as equal."""
    shown = f"{best / unit:.1f} {big}", f"{other / unit:.1f} {big}"
    if shown[0] == shown[1]:
        shown = f"{best:,} {small}", f"{other:,} {small}"
    return f"{shown[0]} > {shown[1]}"
