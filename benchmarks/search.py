"""A search by example, beside measuring every photo in float64, and what opening costs.

    python benchmarks/search.py                     # 100,000 photos of 1280 numbers
    python benchmarks/search.py --count 500000      # 1.3 GB of vectors, and as much on the disk

The vectors are those of distances.py, made up at distances like real ones. They are written to an
index in a temporary folder, which is opened as the command does it. Examples are of the library,
so that no network is loaded. All in turns, clock and CPU time, medians; every answer is compared
with that of measuring everything.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from distances import DIM, made_up
from made_up_library import fill, photo

from dedupe.index.library import Library, open_library
from dedupe.matching.near.distances import distances_to
from dedupe.matching.search import search
from dedupe.photos.photo import Photo

BATCH = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.path.realpath(name))
        index = folder / "index.db"
        vectors = made_up(options.count)
        starts = range(0, options.count, BATCH)
        fill(index, (vectors[start : start + BATCH] for start in starts), folder=folder)
        opening = [timed(lambda: open_library(index=index)) for _ in range(3)]
        library = open_library(index=index)
        print(f"{options.count:,} x {DIM} float16, {os.cpu_count()} cores\n")
        print("| | s | s of CPU |\n|---|---|---|")
        show("open_library", opening)
        compare(library, folder, options.repeats)


def compare(library: Library, folder: Path, repeats: int) -> None:
    """Print how long each kind of search takes, after a look at its answer."""
    a, b, c, d = (example(folder, number) for number in (11, 222, 333, 444))
    kinds: dict[str, Callable[[], object]] = {
        "reading the vectors alone": lambda: library.vectors.view(np.int64).max(),
        "measuring all": lambda: plain(library, 11, 20),
        "one example, 20 hits": lambda: search(library, a),
        "one example, 1,000 hits": lambda: search(library, a, 1000),
        "one example, within 16": lambda: search(library, a, threshold=16.0),
        "three examples": lambda: search(library, [a, b, c]),
        "one example and one --not": lambda: search(library, a, not_like=d),
    }
    hits = search(library, a)
    assert [(hit.photo, hit.distance) for hit in hits] == plain(library, 11, 20)
    times: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for _ in range(repeats):
        for kind, work in kinds.items():
            times[kind].append(timed(work))
    for kind, each in times.items():
        show(kind, each)


def plain(library: Library, row: int, k: int) -> list[tuple[Photo, float]]:
    away = distances_to(library.vectors, library.vectors[row])
    nearest = np.argsort(away, kind="stable")[:k].tolist()
    return [(library.photos[each], float(away[each])) for each in nearest]


def example(folder: Path, number: int) -> Path:
    """A photo of the library as a file, as old and as long as the index says."""
    known = photo(number, folder).file
    known.path.parent.mkdir(exist_ok=True)
    known.path.write_bytes(b"x")
    os.utime(known.path, ns=(known.mtime_ns, known.mtime_ns))
    return known.path


def timed(work: Callable[[], object]) -> tuple[float, float]:
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def show(what: str, times: list[tuple[float, float]]) -> None:
    clock, cpu = (median(column) for column in zip(*times, strict=True))
    print(f"| {what} | {clock:.3f} | {cpu:.3f} |")


if __name__ == "__main__":
    main()
