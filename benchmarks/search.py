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

from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.index.library import Library, open_library
from dedupe.index.store import Index
from dedupe.matching.distances import distances_to
from dedupe.matching.search import search
from dedupe.photos.photo import Photo, PhotoFile

BATCH = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.path.realpath(name))
        index = folder / "index.db"
        fill(index, folder, options.count)
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


def fill(index: Path, folder: Path, count: int) -> None:
    vectors = made_up(count)
    with Index(index, create=True, lock=True) as store:
        encoder = store.encoder(DEFAULT_ENCODER, "benchmark-1", DIM)
        for first in range(0, count, BATCH):
            some = [photo(folder, number) for number in range(first, min(first + BATCH, count))]
            with store.batch():
                store.use_encoder(encoder)
                part = vectors[first : first + BATCH].astype(np.float32)
                store.remember_photos(encoder, some, part, [None] * len(some))
                store.remember_files(some)


def photo(folder: Path, number: int) -> Photo:
    path = folder / f"{number // 1000:04}" / f"IMG_{number:07}.jpg"
    file = PhotoFile(path=path, size=1, mtime_ns=10**18 + number, device=66, inode=number + 1)
    content = number.to_bytes(32, "little")
    return Photo(
        file=file,
        content=content,
        width=4000,
        height=3000,
        format="JPEG",
        camera="Canon EOS 450D",
        jpeg_quality=92,
        pixel_hash=content,
        dct_hash=content,
    )


def example(folder: Path, number: int) -> Path:
    """A photo of the library as a file, as old and as long as the index says."""
    known = photo(folder, number).file
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
