"""What the closest pairs of different photos are called: none of them is one picture.

    python benchmarks/closest_pairs.py FOLDER... [--pairs 10000] [--plain 120] [--sheet FILE]

Scans the folders, and plain frames made here (black, white, one colour, a gradient, noise in the
dark, a few lights at night), takes the pairs that are nearest by embedding, and verifies each of
them. Photos of one group in a `groups.csv` (columns path and group) below a folder show the same
and make no pair. Printed is what the pairs are called, by the kinds of their photos: a kind is
the first folder below the one that was given. `--sheet` writes the pairs that are called
anything side by side, to be looked at.
"""

import argparse
import csv
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageOps

from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.index.library import Library, open_library
from dedupe.index.scan import update_index
from dedupe.matching.near.distances import pairs_within
from dedupe.matching.pairs.examination import Examination
from dedupe.progress import Silent

PLAIN = "plain frames"
MOST_SHOWN = 200  # pairs on a sheet


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--plain", type=int, default=120, help="plain frames to make")
    parser.add_argument("--encoder", default=DEFAULT_ENCODER)
    parser.add_argument("--sheet", type=Path, help="write the related pairs there, as one picture")
    options = parser.parse_args()
    folders = [folder.resolve() for folder in options.folders]
    with tempfile.TemporaryDirectory() as temporary:
        plain = Path(os.path.realpath(temporary)) / PLAIN
        make_plain(plain, options.plain)
        index = Path(temporary) / "index.db"
        update_index([*folders, plain], index=index, encoder=options.encoder)
        library = open_library(index=index)
        rows = library.first_rows
        kinds = [kind(library.photos[row].path, folders) for row in rows.tolist()]
        pairs, away = closest(library, rows, same_things(folders), options.pairs)
        print(
            f"{len(rows):,} photos; {len(pairs):,} pairs of different ones, "
            f"{away[0]:.1f} to {away[-1]:.1f} apart\n"
        )
        photos = [library.photos[row] for row in rows.tolist()]
        began = sum(os.times()[:4])  # of the processes too that are done by then
        with Examination(library, photos, Silent()) as examination:
            related = examination.related(pairs)
        took = sum(os.times()[:4]) - began
    names = {pair: verdict.relation.words for pair, verdict in related.items()}
    show(pairs, kinds, names)
    print(f"\n{took / len(pairs) * 1e3:.1f} ms of CPU time a pair, features included")
    for (i, j), name in sorted(names.items(), key=lambda each: each[1])[:MOST_SHOWN]:
        if name != "same scene":
            print(f"{name}: {photos[i].path} {photos[j].path}")
    if options.sheet:
        sheet([(photos[i].path, photos[j].path) for i, j in sorted(names)], options.sheet)


def kind(path: Path, folders: Sequence[Path]) -> str:
    for folder in folders:
        if path.is_relative_to(folder):
            parts = path.relative_to(folder).parts
            return parts[0] if len(parts) > 1 else folder.name
    return PLAIN


def same_things(folders: Iterable[Path]) -> dict[Path, tuple[Path, str]]:
    """By photo, what it shows, as far as a table says so."""
    shown = {}
    for folder in folders:
        for table in folder.rglob("groups.csv"):
            with table.open(newline="") as lines:
                for row in csv.DictReader(lines):
                    shown[(table.parent / row["path"]).resolve()] = table, row["group"]
    return shown


def closest(
    library: Library,
    rows: npt.NDArray[np.int64],
    shown: dict[Path, tuple[Path, str]],
    count: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """(M, 2) places in `rows` and their distances, nearest first: photos that show two things."""
    things = {thing: number for number, thing in enumerate(set(shown.values()))}
    paths = [library.photos[row].path for row in rows.tolist()]
    thing = np.array(
        [things[shown[path]] if path in shown else -1 - n for n, path in enumerate(paths)]
    )
    found = pairs_within(library.vectors[rows], 40.0)
    apart = thing[found.a] != thing[found.b]
    order = np.argsort(found.distance[apart], kind="stable")[:count]
    pairs = np.stack([found.a[apart][order], found.b[apart][order]], 1)
    return pairs, found.distance[apart][order]


def make_plain(folder: Path, count: int) -> None:
    """Frames with nothing or nearly nothing on them, all different."""
    folder.mkdir()
    chance = np.random.default_rng(3)
    y, x = np.mgrid[0:480, 0:640] / 480.0
    for number in range(count):
        colour = chance.uniform(0, 255, 3)
        flat = np.ones((480, 640, 3))
        pictures = (
            flat * chance.uniform(0, 6),
            flat * chance.uniform(249, 255),
            flat * colour,
            flat * colour * (0.5 + 0.4 * (x * chance.uniform() + y)[..., None]),
            np.abs(chance.normal(0, chance.uniform(3, 15), flat.shape)),
            lights(chance),
        )
        pixels = pictures[number % len(pictures)]
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        image.save(folder / f"{number:03}.jpg", quality=88)


def lights(chance: np.random.Generator) -> npt.NDArray[np.float64]:
    night = Image.new("RGB", (640, 480))
    draw = ImageDraw.Draw(night)
    for _ in range(chance.integers(1, 8)):
        x, y, radius = chance.integers(0, 640), chance.integers(0, 480), chance.integers(1, 9)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), (255, 230, 170))
    return np.asarray(night, np.float64) + np.abs(chance.normal(0, 3, (480, 640, 1)))


def show(
    pairs: npt.NDArray[np.int64], kinds: Sequence[str], names: dict[tuple[int, int], str]
) -> None:
    """A line for each two kinds, by how many pairs they have."""
    columns = ("same pixels", "same picture", "same moment", "same scene", "nothing")
    table: dict[str, Counter[str]] = {}
    for i, j in pairs.tolist():
        both = " + ".join(sorted({kinds[i], kinds[j]}))
        table.setdefault(both, Counter())[names.get((i, j), "nothing")] += 1
    print(f"| kinds | pairs | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 2)}")
    total: Counter[str] = sum(table.values(), Counter())
    for both, counts in sorted(table.items(), key=lambda each: -each[1].total()):
        if counts.total() > len(pairs) / 200 or counts.total() > counts["nothing"]:
            cells = " | ".join(f"{counts[name]:,}" for name in columns)
            print(f"| {both} | {counts.total():,} | {cells} |")
    print(f"| all | {total.total():,} | {' | '.join(f'{total[name]:,}' for name in columns)} |")


def sheet(pairs: Sequence[tuple[Path, Path]], to: Path) -> None:
    """Pairs side by side, ten to a row."""
    side, across = 120, 10
    pairs = pairs[:MOST_SHOWN]
    down = -(-len(pairs) // across)
    paper = Image.new("RGB", (across * (2 * side + 10), max(1, down) * (side + 10)), "white")
    for place, pair in enumerate(pairs):
        for column, path in enumerate(pair):
            image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
            image.thumbnail((side, side))
            x = place % across * (2 * side + 10) + column * side
            paper.paste(image, (x, place // across * (side + 10)))
    paper.save(to)


if __name__ == "__main__":
    main()
