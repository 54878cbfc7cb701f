"""Results to report, built by hand."""

import os
from datetime import datetime
from pathlib import Path

import numpy as np

from dedupe.matching.calibration.calibrate import THRESHOLDS, Calibration, EditDistances
from dedupe.matching.calibration.unrelated import STEPS, Apart
from dedupe.matching.folders.containment import Containment
from dedupe.matching.folders.cover import Cover, Coverage
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.search import Hit
from dedupe.matching.sets.clusters import Cluster
from dedupe.matching.sets.ignore import Decision
from dedupe.photos.photo import Photo, PhotoFile, Skip
from dedupe.reports.facts import Folders, LookAlikes, Overview, Problems, Ranking, Row


def photo(path: str | Path = "/p/a.jpg", **known: object) -> Photo:
    """A photo of no file."""
    file = PhotoFile(
        path=Path(path),
        size=known.pop("size", 3_100_000),  # type: ignore[arg-type]
        mtime_ns=known.pop("mtime_ns", 1_563_105_600 * 10**9),  # type: ignore[arg-type]
        device=1,
        inode=2,
    )
    facts: dict[str, object] = {
        "content": b"\1" * 32,
        "width": 4000,
        "height": 3000,
        "format": "JPEG",
        "taken": datetime(2019, 7, 14, 12, 0, 0),
    }
    return Photo(file=file, **{**facts, **known})  # type: ignore[arg-type]


def look_alikes(*photos: Photo) -> LookAlikes:
    """A set of them, the first to be kept, the next the same file, all others look-alikes."""
    rows = [Row(photos[0], 0.0, "keep", "first by path")]
    rows += [Row(each, 0.0, "same file", "first by path") for each in photos[1:2]]
    rows += [Row(each, 4.25 + n, "look-alike", "more bytes") for n, each in enumerate(photos[2:])]
    return LookAlikes(tuple(rows), 12.345, "look-alike" if len(photos) > 2 else "same file")


def overview(*sets: LookAlikes, clusters: tuple[Cluster, ...] = (), photos: int = 100) -> Overview:
    """All that `dedupe group` has to say."""
    return Overview(
        sets=sets,
        clusters=clusters,
        photos=photos,
        threshold=16.0,
        relation="look-alike",
        encoder="efficientnet_lite0",
    )


def of_names(names: list[str], folder: str = "/photos") -> Overview:
    """One set and one cluster of photos of these names."""
    photos = [photo(Path(folder, name)) for name in names]
    hard = photo("/photos/named twice.jpg", hard_links=tuple(each.path for each in photos))
    return overview(
        look_alikes(*photos, hard), clusters=(Cluster(tuple(photos[:6]), "2019-07-14"),)
    )


def ranking(names: list[str], folder: str = "/photos") -> Ranking:
    """An example and its hits."""
    photos = [photo(Path(folder, name)) for name in names]
    examples = photos[-1].path, photos[0].path
    hits = [Hit(each, float(n), examples[n % 2]) for n, each in enumerate(photos)]
    return Ranking(examples, tuple(hits), (photos[-1].path,))


def problems(names: list[str], folder: str = "/photos", **known: bool) -> Problems:
    """Broken photos of these names, and a video."""
    skips = [Skip(Path(folder, name), "is broken", True, **known) for name in names]
    return Problems((*skips, Skip(Path("/v/a.mp4"), "is a video, not a photo", False)), others=12)


def calibration(names: list[str], folder: str = "/photos", *, by: str = "day") -> Calibration:
    """Two edits of photos of these names, of which the last had gone, and 2,000 pairs."""
    photos = [photo(Path(folder, name)) for name in names]
    steps = np.zeros(64 * STEPS + 1, np.int64)
    steps[15 * STEPS], steps[30 * STEPS] = 2, 1998
    near, far = (np.array(each, np.float32) for each in ([3, 9.5, 12], [11, 17, 30]))
    return Calibration(
        encoder="efficientnet_lite0",
        photos=1000,
        sample=tuple(photos),
        skips=(Skip(photos[-1].path, "cannot be read: it is gone", True, passing=True),),
        edits=(EditDistances("grey", "grey", near), EditDistances("crop_60", "cropped", far)),
        apart=Apart(2000, by, 64, 7, steps),
        thresholds=THRESHOLDS,
        recommended=14.0,
        reason="the largest",
    )


def coverage(names: list[str], folder: str = "/photos") -> Coverage:
    """One that is covered for each name, one that is not, and a file that could not be read."""
    photos = [photo(Path(folder, name)) for name in names]
    near = [
        Cover(path=each.path, photo=each, by=each, relation=Relation.SAME_PICTURE, reason=why)
        for each in photos
        for why in ("", "only cropped to 62 %")
    ]
    broken = Cover(path=photos[0].path, reason=f"is broken ({names[0]})")
    return Coverage(
        old=photos[0].path, by=(photos[-1].path, Path("/b")), answers=(*near, broken), others=12
    )


def decisions(names: list[str], folder: str = "/photos") -> tuple[Decision, ...]:
    """A photo of these names and another one that is known no more, in both kinds of decision."""
    paths = tuple(Path(folder, name) for name in names)
    photos = ((b"\1" * 32, paths), (b"\2" * 32, ()))
    return Decision(True, photos), Decision(False, photos)


def folders(names: list[str], folder: str = "/photos") -> Folders:
    """Folders of these names, each in the last of them, and one that is in several."""
    paths = [Path(folder, name) for name in names]
    counts = {"photos": 1000, "exact": 900, "alike": 999, "only_here": 1, "back": 0}
    found = [
        Containment(folder=each, within=within, others=2000, **counts)
        for each in paths
        for within in (paths[-1], None)
    ]
    return Folders(tuple(found), 50)


ELSEWHERE = os.fsdecode(b"/media/caf\xe9")
