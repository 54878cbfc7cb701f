"""How long the index takes to load: its vectors beside numpy.fromfile, and its files.

    python benchmarks/index_load.py [--folder FOLDER] [--photos 1000000] [--files 200000]

Writes a vector file of --photos x 1280 (2.5 GB for 1,000,000) through the index, reads it once
to have it in the page cache, then measures CPU seconds, the best of --runs:

- numpy.fromfile of the same bytes,
- the vectors as `open_library` loads them, every byte checked, in the order of paths,
- the same where paths and rows are in no common order,
- what a scan asks of an index of --files files before it looks at anything.
"""

import argparse
import platform
import random
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np
from made_up_library import fill

from dedupe.index.store import EncoderRow, Index

DIM = 1280
BATCH = 64


def written(index: Path, photos: int) -> EncoderRow:
    """The same 64 vectors again and again: as a scan writes them, batch by batch."""
    vectors = np.random.default_rng(1).standard_normal((BATCH, DIM), np.float32)
    starts = range(0, photos, BATCH)
    return fill(index, (vectors[: min(BATCH, photos - start)] for start in starts))


def cpu(ways: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """The best CPU seconds of each, turn by turn, so that all meet the same machine."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(runs):
        for name, way in ways.items():
            begin = time.process_time()
            result = way()
            best[name] = min(best[name], time.process_time() - begin)
            del result
    return best


def measure_vectors(index: Path, photos: int, runs: int) -> None:
    begin = time.process_time()
    encoder = written(index, photos)
    print(f"writing {photos:,} photos: {(time.process_time() - begin) / photos * 1e6:.0f} us each")
    with Index(index) as store:
        file = store.vector_file(encoder)
        rows = array("q", range(photos))
        shuffled = array("q", random.Random(1).sample(rows, photos))

        def load(wanted: "array[int]") -> object:
            with file.path.open("rb") as handle:
                return file.read(handle.fileno(), store.segments(encoder), wanted)

        ways: dict[str, Callable[[], object]] = {
            "numpy.fromfile": lambda: np.fromfile(file.path, "<f2"),
            "checked, in the order of paths": lambda: load(rows),
            "checked, in no order": lambda: load(shuffled),
        }
        print(f"{photos:,} x {DIM} in {len(store.segments(encoder)):,} segments")
        took = cpu(ways, runs)
        for name, seconds in took.items():
            print(f"  {name:32}{seconds:6.2f} s CPU, {seconds / took['numpy.fromfile']:.2f} x")
        for name, seconds in cpu(
            {"all of a library": lambda: store.photos(encoder, [])}, 1
        ).items():
            print(f"  {name:32}{seconds:6.2f} s CPU")


def measure_files(index: Path, files: int, runs: int) -> None:
    encoder = written(index, files)
    root = [Path("/home/somebody")]
    with Index(index) as store:
        ways: dict[str, Callable[[], object]] = {
            "files: what a scan asks first": lambda: store.files(encoder, root),
            "known_contents: before it reads": lambda: store.known_contents(encoder),
        }
        print(f"{files:,} files")
        for name, seconds in cpu(ways, runs).items():
            print(f"  {name:32}{seconds:6.2f} s CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="with room for the vectors (2.5 GB)")
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(prefix="index_load-", dir=args.folder) as folder:
        measure_files(Path(folder) / "files.db", args.files, args.runs)
        measure_vectors(Path(folder) / "index.db", args.photos, args.runs)


if __name__ == "__main__":
    main()
