"""What is said of a photo in every report, and the views that reports are given."""

import base64
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dedupe.matching.clusters import Cluster
from dedupe.matching.groups import Group
from dedupe.matching.search import Hit
from dedupe.organize.keep import DEFAULT_KEEP, rank, why
from dedupe.photos.photo import Photo


@dataclass(frozen=True, slots=True)
class Row:
    """One photo of a set.

    Attributes:
        photo: the photo.
        distance: L2 to the photo to keep, in seed units; 0 for that photo itself.
        relation: to the photo to keep: "keep", "same file" or "look-alike".
        reason: why the photo to keep is better; for that photo itself, why it is best.
    """

    photo: Photo
    distance: float
    relation: str
    reason: str


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """One set of look-alikes, the photo to keep first.

    Attributes:
        rows: two or more.
        spread: the largest distance between any two, in seed units.
    """

    rows: tuple[Row, ...]
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that `dedupe group` has to say.

    Attributes:
        sets: of look-alikes, the tightest first.
        clusters: of the photos in no set, the largest first.
        photos: how many there are in all.
        threshold: of the sets, in seed units.
        encoder: who measured.
    """

    sets: tuple[LookAlikes, ...]
    clusters: tuple[Cluster, ...]
    photos: int
    threshold: float
    encoder: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """All that `dedupe search` has to say.

    Attributes:
        example: the photo that was asked for.
        hits: nearest first.
    """

    example: Path
    hits: tuple[Hit, ...]


def look_alikes(group: Group, keep: Sequence[str] = DEFAULT_KEEP) -> LookAlikes:
    """A group as reports show it: ranked by the keep rules, each photo compared to the best."""
    best, *others = rank(group.photos, keep)
    away = group.distances_to(best)
    rows = [Row(best, 0.0, "keep", why(best, others[0], keep))]
    for photo in others:
        relation = "same file" if photo.content == best.content else "look-alike"
        rows.append(Row(photo, away[photo], relation, why(best, photo, keep)))
    return LookAlikes(tuple(rows), group.spread)


def photo_facts(photo: Photo) -> dict[str, Any]:
    """What JSON says of a photo.

    `path` is text; where it is not valid UTF-8, it is None and `path_base64` has its bytes.
    """
    facts: dict[str, Any] = path_facts(photo.path)
    facts |= {
        "width": photo.width,
        "height": photo.height,
        "bytes": photo.file.size,
        "format": photo.format,
        "taken": photo.taken.isoformat() if photo.taken else None,
        "modified_ns": photo.file.mtime_ns,
        "content": photo.content.hex(),
    }
    if photo.hard_links:
        facts["hard_links"] = [path_facts(path) for path in photo.hard_links]
    return facts


def path_facts(path: Path) -> dict[str, str | None]:
    """The path as text, or its bytes where text cannot hold it.

    JSON is Unicode. A path with other characters in the place of such bytes would be no path,
    and the lone surrogates that Python uses make strict parsers refuse the whole document.
    """
    exact = os.fsencode(path)
    try:
        return {"path": exact.decode()}
    except UnicodeDecodeError:
        return {"path": None, "path_base64": base64.b64encode(exact).decode()}


def shown_date(photo: Photo) -> str:
    """Capture time, or in brackets the day the file was last changed."""
    if photo.taken is not None:
        return f"{photo.taken:%Y-%m-%d %H:%M}"
    try:
        return f"({datetime.fromtimestamp(photo.file.mtime_ns // 10**9):%Y-%m-%d})"
    except (ValueError, OverflowError, OSError):  # clocks of the year 1901 or 292277026596
        return "–"


def total_bytes(photos: Iterable[Photo]) -> int:
    """The bytes of several photos together."""
    return sum(photo.file.size for photo in photos)
