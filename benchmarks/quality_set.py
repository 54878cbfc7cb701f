"""Sets of photos of which it is known what belongs together: made, or read.

A set is a folder with the photos and `groups.csv`: path (relative to it), group, attack
("original", "negative" or the name of the edit) and scene (of a negative: what it shows).
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image

from dedupe.matching.calibration.known_edits import KNOWN_EDITS, jpeg
from dedupe.photos.photo import Skip
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import photo_file, read_picture

TRUTH = "groups.csv"
PHOTOS = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp"}
_ORIGINAL_QUALITY = 93
_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "HEIF": ".heic"}


@dataclass(frozen=True, slots=True)
class Item:
    """One photo of a set.

    Attributes:
        path: relative to the folder of the set.
        group: equal for an original and all its edits; a negative has one of its own.
        edit: "original", "negative", or the name of an edit.
        scene: of negatives that show the same; "" if none.
    """

    path: str
    group: str
    edit: str
    scene: str = ""


def read_set(folder: Path) -> list[Item]:
    """The photos of a set."""
    with (folder / TRUTH).open(newline="") as lines:
        return [
            Item(row["path"], row["group"], row["attack"], row["scene"])
            for row in csv.DictReader(lines)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One photo whose files are to be made: an original with its edits, or a negative."""

    source: Path
    out: Path
    group: str
    edits: tuple[str, ...] = ()
    others: tuple[Path, ...] = ()
    scene: str | None = None
    side: int
    seed: int


def make_set(
    out: Path,
    photos: Sequence[Path],
    *,
    originals: int,
    edits: Sequence[str],
    each: int = 0,
    negatives: Sequence[Path] = (),
    most_negatives: int = 1000,
    side: int = 800,
    seed: int = 1,
    processes: int = 2,
) -> list[Item]:
    """Make a set from any folders of photos; the same arguments give the same set.

    Args:
        out: an empty folder, or none yet.
        photos: folders whose photos all show different things; the originals, and what
            stands beside them in collages.
        originals: how many of them.
        edits: names of KNOWN_EDITS.
        each: how many edits an original gets, chosen by chance; all if 0.
        negatives: folders of photos that look alike and are not the same; the folder that a
            photo lies in names its scene.
        most_negatives: how many at most; scenes stay whole.
        side: of the long side of an original, in pixels.
        seed: of all that is left to chance.
        processes: that edit.
    """
    draw = Random(seed)
    found = _photos(photos)
    draw.shuffle(found)
    chosen, spare = found[:originals], found[originals:]
    jobs = []
    for number, source in enumerate(chosen):
        others = tuple(draw.sample(spare, min(3, len(spare))))
        names = [
            name for name in edits
            if KNOWN_EDITS[name].can_be_made and KNOWN_EDITS[name].others <= len(others)
        ]  # fmt: skip
        if each and each < len(names):
            names = sorted(draw.sample(names, each), key=names.index)
        jobs.append(
            _Job(source=source, out=out, group=f"o{number:05}", edits=tuple(names), others=others,
                 side=side, seed=seed)
        )  # fmt: skip
    for number, source in enumerate(_whole_scenes(_photos(negatives), most_negatives, draw)):
        jobs.append(
            _Job(source=source, out=out, group=f"n{number:05}", scene=str(source.parent),
                 side=side, seed=seed)
        )  # fmt: skip
    (out / "img").mkdir(parents=True)
    items: list[Item] = []
    with ProcessPoolExecutor(processes) as pool:
        for made in pool.map(_make, jobs, chunksize=2):
            items += made
    with (out / TRUTH).open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(("path", "group", "attack", "scene"))
        table.writerows((item.path, item.group, item.edit, item.scene) for item in items)
    return items


def _photos(folders: Sequence[Path]) -> list[Path]:
    return sorted(
        path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in PHOTOS
    )


def _whole_scenes(photos: list[Path], most: int, draw: Random) -> list[Path]:
    scenes = sorted({path.parent for path in photos})
    draw.shuffle(scenes)
    kept: list[Path] = []
    for scene in scenes:
        if len(kept) >= most:
            break
        kept += [path for path in photos if path.parent == scene]
    return kept[:most]


def _make(job: _Job) -> list[Item]:
    with quiet_pillow():
        return list(_files(job))


def _files(job: _Job) -> Iterator[Item]:
    picture = read_picture(photo_file(job.source), job.side)
    if isinstance(picture, Skip):
        print(f"left out: {picture.path} {picture.reason}")
        return
    # edits are made of what the file holds, not of what it was saved from
    data = jpeg(picture, _ORIGINAL_QUALITY)
    kind = "original" if job.scene is None else "negative"
    yield _written(job, kind, data)
    original = _opened(data)
    others = [read_picture(photo_file(path), job.side) for path in job.others]
    pictures = [each for each in others if isinstance(each, Image.Image)]
    for name in job.edits:
        if KNOWN_EDITS[name].others <= len(pictures):
            draw = Random(f"{job.seed} {job.group} {name}")
            yield _written(job, name, KNOWN_EDITS[name].saved(original, draw, pictures))


def _written(job: _Job, edit: str, data: bytes) -> Item:
    with Image.open(BytesIO(data)) as image:
        suffix = _SUFFIXES[image.format or ""]
    # a name tells nothing, and their order is that of no group
    stem = hashlib.sha256(f"{job.seed} {job.group} {edit}".encode()).hexdigest()[:12]
    path = f"img/{stem}{suffix}"
    (job.out / path).write_bytes(data)
    return Item(path, job.group, edit, job.scene or "")


def _opened(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGB")
