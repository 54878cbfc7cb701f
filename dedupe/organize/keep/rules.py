"""The rules for which photo to keep: each says what it prefers, and why one photo wins."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.keep.provenance import has, signs_of_a_copy, weight
from dedupe.photos.photo import Photo


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in the pixels of the photos of one set, beside what the index knows.

    Attributes:
        copies: photos that their pixels prove to be copies, with what they are: "is enlarged
            from 640 × 480"; "" for those that were not looked at beside these, as their
            headers speak against them.
        sharpness: of each photo, where a rule asks for it.
    """

    copies: Mapping[Photo, str] = field(default_factory=dict)
    sharpness: Mapping[Photo, float] = field(default_factory=dict)


NOTHING = Seen()


@dataclass(frozen=True, slots=True)
class KeepRule:
    """One rule.

    Attributes:
        key: of a photo, what is seen of its set, and the argument: the smallest is the best.
        reason: half a sentence on why the first photo wins against the second; several, each
            with its own comma, where there are several reasons.
        takes: what stands behind a colon: "GLOB"; "" where nothing does.
        adds: whether its reason is worth saying when an earlier rule has decided.
    """

    key: Callable[[Photo, Seen, str], Any]
    reason: Callable[[Photo, Photo, Seen, str], tuple[str, ...]]
    takes: str = ""
    adds: bool = False

    @property
    def says(self) -> str:
        """What it prefers, in one sentence."""
        return (self.key.__doc__ or "").strip()


# Formats that cameras and phones write, best first. All others are what people and programs
# export to: a PNG made from a JPEG has all its pixels, none of its history, and more bytes.
_CAMERA_FORMATS = ("HEIF", "MPO", "JPEG")


def original(photo: Photo, seen: Seen, _: str) -> tuple[bool, int]:
    """A photo that is no copy of another of its set, by its pixels, then by its header and name."""
    return (photo in seen.copies, weight(photo))


def _why_original(best: Photo, other: Photo, seen: Seen, _: str) -> tuple[str, ...]:
    said = {"", *(sign.words for sign in signs_of_a_copy(best))}  # of what it lacks it is ""
    words = [sign.words for sign in signs_of_a_copy(other) if sign.words not in said]
    if seen.copies.get(other) and best not in seen.copies:
        words.insert(0, seen.copies[other])
    return (*(f"the other {each}" for each in words), *_known(best, other))


def resolution(photo: Photo, seen: Seen, _: str) -> int:
    """Most pixels first."""
    return -photo.pixels


def metadata(photo: Photo, seen: Seen, _: str) -> int:
    """The photo that still knows most of its capture time, its camera and its place."""
    return (photo.taken is None) + (not photo.camera) + (not photo.gps)


def camera_format(photo: Photo, seen: Seen, _: str) -> int:
    """Formats of cameras (HEIF, JPEG) before those that copies are exported to (PNG, WEBP)."""
    known = photo.format in _CAMERA_FORMATS
    return _CAMERA_FORMATS.index(photo.format) if known else len(_CAMERA_FORMATS)


def folder(photo: Photo, seen: Seen, glob: str) -> bool:
    """A photo in a folder that matches the glob, or below one."""
    return not _lies_in(photo.path.parent, glob)


def oldest(photo: Photo, seen: Seen, _: str) -> tuple[bool, datetime]:
    """Earliest capture time first, unknown last."""
    return (photo.taken is None, photo.taken or datetime.max)


def newest(photo: Photo, seen: Seen, _: str) -> tuple[bool, float]:
    """Latest capture time first, unknown last."""
    # a difference of times, as datetime.timestamp() depends on where the computer stands
    return (
        photo.taken is None,
        -(photo.taken - datetime.min).total_seconds() if photo.taken else 0,
    )


def largest(photo: Photo, seen: Seen, _: str) -> int:
    """Most bytes first."""
    return -photo.file.size


def sharpest(photo: Photo, seen: Seen, _: str) -> float:
    """The photo that is sharpest where it is sharpest; one that cannot be read comes last."""
    return -seen.sharpness.get(photo, 0.0)


def path(photo: Photo, seen: Seen, _: str) -> bytes:
    """First path first, byte by byte: settles every tie."""
    return os.fsencode(photo.path)


def _known(best: Photo, other: Photo) -> tuple[str, ...]:
    words = has(best, other)
    return (words,) if words else ()


def _taken(best: Photo, other: Photo, order: str) -> tuple[str, ...]:
    if other.taken is None:
        return ("has its capture time",)
    return (f"taken {order}: {best.taken}",)


KEEP_RULES: dict[str, KeepRule] = {
    "original": KeepRule(original, _why_original, adds=True),
    "resolution": KeepRule(
        resolution,
        lambda best, other, *_: (_compared(best.pixels, other.pixels, 1e6, "MP", "pixels"),),
        adds=True,
    ),
    "metadata": KeepRule(metadata, lambda best, other, *_: _known(best, other), adds=True),
    "format": KeepRule(
        camera_format, lambda best, other, *_: (f"{best.format} before {other.format}",)
    ),
    "folder": KeepRule(
        folder, lambda best, other, _, glob: (f"in {safe(glob)}",), takes="GLOB", adds=True
    ),
    "oldest": KeepRule(oldest, lambda best, other, *_: _taken(best, other, "earlier")),
    "newest": KeepRule(newest, lambda best, other, *_: _taken(best, other, "later")),
    "largest": KeepRule(
        largest,
        lambda best, other, *_: (_compared(best.file.size, other.file.size, 1e6, "MB", "bytes"),),
    ),
    "sharpest": KeepRule(sharpest, lambda best, other, *_: ("sharper",)),
    "path": KeepRule(path, lambda best, other, *_: ("first by path",)),
}


def _compared(best: int, other: int, unit: float, big: str, small: str) -> str:
    """`12.2 MP > 3.1 MP`, or whole numbers where one decimal would show them as equal."""
    shown = f"{best / unit:.1f} {big}", f"{other / unit:.1f} {big}"
    if shown[0] == shown[1]:
        shown = f"{best:,} {small}", f"{other:,} {small}"
    return f"{shown[0]} > {shown[1]}"


def check_folder(glob: str) -> None:
    """Refuse what is no pattern for a folder.

    Raises:
        UsageError: nothing can ever match it.
    """
    _folders(glob)


@lru_cache(maxsize=4096)  # photos of one folder come together
def _lies_in(parent: Path, glob: str) -> bool:
    """Whether a folder matches, or one above it."""
    rules = _folders(glob).below(parent.anchor)
    return any(
        rules.excluded_by(os.fspath(folder), folder.name, True)
        for folder in (parent, *parent.parents)
        if folder.name
    )


@lru_cache(maxsize=64)  # a chain of rules is asked for every photo
def _folders(glob: str) -> Any:
    """The glob as a rule of .gitignore, which names what is wanted instead of what is not."""
    from dedupe.photos.exclude import Rules

    wanted = os.path.expanduser(glob) if glob.startswith("~") else glob  # noqa: PTH111 - no path
    if "/" in wanted.rstrip("/") and not wanted.startswith(("/", "**/")):
        wanted = f"**/{wanted}"  # it would be below the root of the system alone
    try:
        return Rules.of_options([f"\\{wanted}" if wanted.startswith("!") else wanted])
    except UsageError as error:
        raise UsageError(
            f"folder:{glob} names no folder",
            "name one as in .gitignore: folder:Archive, folder:~/Photos/2019, folder:**/raw",
        ) from error
