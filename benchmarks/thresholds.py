"""How far apart photos are: the tables of docs/thresholds.md, as Markdown.

    python benchmarks/thresholds.py FOLDER                         # unrelated photos
    python benchmarks/thresholds.py FOLDER --groups groups.csv     # photos with known groups
    python benchmarks/thresholds.py --calibration                  # the photos of the package

Each takes any number of `--encoder NAME` or `--encoder NAME=WEIGHTS_FILE`; without one, the
default encoder. FOLDER must hold photos of different things, every file below it counts;
groups.csv has the columns path (relative to FOLDER) and group.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encode import LoadedEncoder, load_encoder
from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.encoders.scale import SEED_MEDIAN, calibration_pixels, pair_distances
from dedupe.photos.photo import Skip
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import photo_file, read_photo

BELOW = (12, 16, 18, 20, 24)
QUANTILES = (0.0001, 0.001, 0.01, 0.1, 0.9)
THRESHOLDS = (8, 10, 12, 14, 16, 18, 20, 24)

Distances = npt.NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="How far apart photos are, as Markdown.")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--groups", type=Path, metavar="CSV")
    parser.add_argument("--calibration", action="store_true")
    parser.add_argument("--encoder", action="append", metavar="NAME[=WEIGHTS]")
    options = parser.parse_args(arguments)
    encoders = [_load(wish) for wish in options.encoder or [DEFAULT_ENCODER]]
    if options.calibration:
        calibration_table(encoders)
    elif options.folder is None:
        parser.error("name a folder of photos of different things")
    elif options.groups:
        for encoder in encoders:
            groups_table(encoder, options.folder, options.groups)
    else:
        unrelated_table(encoders, options.folder)


def unrelated_table(encoders: list[LoadedEncoder], folder: Path) -> None:
    """The distribution of distances among photos that have nothing to do with each other."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = {}
    for encoder in encoders:
        vectors, kept = encode_files(encoder, paths)
        rows[encoder.encoder.name] = (pair_distances(vectors), len(kept))
    quantiles = [f"{q:g}" for q in QUANTILES]
    print_row("encoder", "photos", "pairs", "closest", *quantiles, "median")
    print_row(*["---"] * (5 + len(quantiles)))
    for name, (apart, photos) in rows.items():
        points = [f"{np.quantile(apart, q):.1f}" for q in QUANTILES]
        print_row(
            name, photos, len(apart), f"{apart.min():.2f}", *points, f"{np.median(apart):.2f}"
        )
    print()
    print_row("encoder", *[f"at most {limit}" for limit in BELOW])
    print_row(*["---"] * (1 + len(BELOW)))
    for name, (apart, _) in rows.items():
        counts = [int((apart <= limit).sum()) for limit in BELOW]
        print_row(name, *[f"{n} ({100 * n / len(apart):.4f} %)" for n in counts])


def groups_table(encoder: LoadedEncoder, folder: Path, groups: Path) -> None:
    """Pairs of one group, and of different ones, at each threshold."""
    with groups.open(newline="") as handle:
        lines = list(csv.DictReader(handle))
    vectors, kept = encode_files(encoder, [folder / line["path"] for line in lines])
    labels = np.array([lines[i]["group"] for i in kept])
    apart = pair_distances(vectors)
    first, second = np.triu_indices(len(kept), 1)
    same = labels[first] == labels[second]
    print(f"{encoder.encoder.name}: {len(kept)} photos, {same.sum()} pairs of one group: ", end="")
    print(
        f"{apart[same].min():.1f} to {apart[same].max():.1f}; others from {apart[~same].min():.1f}"
    )
    print_row("threshold", "pairs of one group", "other pairs")
    print_row("---", "---", "---")
    for limit in THRESHOLDS:
        near = apart <= limit
        print_row(limit, f"{(near & same).sum()} of {same.sum()}", (near & ~same).sum())
    for i in np.argsort(apart)[:20]:
        names = [lines[kept[j]]["path"] for j in (first[i], second[i])]
        print(
            f"  {apart[i]:6.2f} {'same ' if same[i] else 'other'} {' '.join(names)}",
            file=sys.stderr,
        )


def calibration_table(encoders: list[LoadedEncoder]) -> None:
    """What an encoder's scale would be if it had to be measured on loading."""
    print_row("encoder", "scale in use", "median, seed units", "scale by calibration")
    print_row(*["---"] * 4)
    for loaded in encoders:
        middle = np.median(pair_distances(loaded.encode(calibration_pixels(loaded.encoder))))
        predicted = loaded.scale * SEED_MEDIAN / middle
        print_row(loaded.encoder.name, f"{loaded.scale:.4g}", f"{middle:.3f}", f"{predicted:.4g}")


def encode_files(
    encoder: LoadedEncoder, paths: list[Path]
) -> tuple[npt.NDArray[np.float32], list[int]]:
    """Vectors of the files that are photos, and their places in `paths`."""
    pixels, kept = [], []
    with quiet_pillow():
        for place, path in enumerate(paths):
            reading = read_photo(photo_file(path), encoder.encoder)
            if isinstance(reading, Skip) or reading.pixels is None:
                print(f"left out: {reading}", file=sys.stderr)
                continue
            pixels.append(reading.array)
            kept.append(place)
    return encoder.encode(np.stack(pixels)), kept


def print_row(*cells: object) -> None:
    print("|", " | ".join(str(cell) for cell in cells), "|")


def _load(wish: str) -> LoadedEncoder:
    name, _, file = wish.partition("=")
    return load_encoder(name, weights=Path(file) if file else None, device="cpu")


if __name__ == "__main__":
    main()
