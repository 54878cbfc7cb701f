"""Which photos are of one shot: RAW and JPEG, and a photo with its edit."""

import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Protocol

from dedupe.photos.sniff import RAW_EXTENSIONS

# What cameras write beside a RAW file.
_BESIDE_RAW = frozenset(".jpg .jpeg .jpe .heic .heif .hif".split())

# Google Takeout, by the language of the account.
_EDITED = re.compile(
    r"-(?:edited|bearbeitet|modifié|editado|modificato|bewerkt|redigerad|redigeret)"
    r"(?=(?:\(\d+\))?$)"
)
# An iPhone's export: IMG_E1234 is IMG_1234 as it was edited; IMG_O1234.AAE belongs to the original.
_APPLE = re.compile(r"(?<=img_)([eo])(?=\d{4})")


class Shot(Protocol):
    """What must be known of a photo to tell what it was shot together with."""

    @property
    def path(self) -> Path:
        """Where it lies."""

    @property
    def taken(self) -> datetime | None:
        """Wall-clock time at the camera; None if unknown."""

    @property
    def camera(self) -> str:
        """Maker and model; "" if unknown."""


def family(stem: str) -> str:
    """What the stems of a shot's files have in common, in any case: "img_1234" of "IMG_E1234".

    It only says which files are worth a look: it proves nothing.
    """
    return _APPLE.sub("", _EDITED.sub("", stem.casefold()))


def is_edit(stem: str) -> bool:
    """Whether a name says that this is an edit that is kept beside its original."""
    folded = stem.casefold()
    mark = _APPLE.search(folded)
    return bool(_EDITED.search(folded)) or (mark is not None and mark[1] == "e")


def is_raw(path: Path) -> bool:
    """Whether a file is named like a camera's RAW."""
    return path.suffix.lower() in RAW_EXTENSIONS


def partnership(first: Shot, second: Shot) -> str | None:
    """How two photos are of one shot, or None where that is not proved.

    The name alone is no proof: two cameras in one folder both have an IMG_0001. So folder, name,
    capture time and camera must agree. Fractions of the second count where both have them:
    programs drop them, and cameras write the same into both files.

    Returns:
        "RAW and JPEG of one shot" or "a photo and its edit".
    """
    if first.path.parent != second.path.parent or not _at_once(first, second):
        return None
    one, other = first.path.stem, second.path.stem
    if family(one) != family(other):
        return None
    if is_edit(one) != is_edit(other):
        return "a photo and its edit"
    raws = (is_raw(first.path), is_raw(second.path))
    beside = second.path if raws[0] else first.path
    if raws[0] != raws[1] and beside.suffix.lower() in _BESIDE_RAW:
        kind = "JPEG" if beside.suffix.lower().startswith(".j") else "HEIF"
        return f"RAW and {kind} of one shot"
    return None


def partners(photos: Sequence[Shot]) -> Iterable[tuple[int, int]]:
    """Every two photos that are of one shot, by their places in `photos`, the smaller first."""
    # most have a time of their own, so that few names are looked at
    moments: dict[datetime, list[int]] = {}
    for place, photo in enumerate(photos):
        taken = photo.taken
        if taken is not None and photo.camera:
            second = taken.replace(microsecond=0) if taken.microsecond else taken
            moments.setdefault(second, []).append(place)
    for together in moments.values():
        if len(together) < 2:
            continue
        folders: dict[tuple[str, str], list[int]] = {}
        for place in together:
            folder, _, name = os.fspath(photos[place].path).rpartition(os.sep)
            folders.setdefault((folder, family(name.rpartition(".")[0])), []).append(place)
        for places in folders.values():
            for one, other in combinations(places, 2):
                if partnership(photos[one], photos[other]):
                    yield one, other


def _at_once(first: Shot, second: Shot) -> bool:
    if first.taken is None or second.taken is None or not first.camera:
        return False
    if first.camera != second.camera:
        return False
    if not (first.taken.microsecond and second.taken.microsecond):
        return first.taken.replace(microsecond=0) == second.taken.replace(microsecond=0)
    return first.taken == second.taken
