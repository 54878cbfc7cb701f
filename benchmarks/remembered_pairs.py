"""All near pairs of a library: compared for the first time, asked again, and with new photos.

    python benchmarks/remembered_pairs.py                    # 100,000 x 1280
    python benchmarks/remembered_pairs.py --count 20000

The vectors are made up: clusters of look-alikes among strangers. Unrelated ones are about 30
seed units apart in the median, and one pair in 10,000 is within about 20. What must be encoded
is not in it, nor the start of Python and torch; reading the library is said apart.
"""

import argparse
import hashlib
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.index.edges import EdgeFile
from dedupe.index.library import Library
from dedupe.index.store import EncoderRow
from dedupe.matching.near.distances import Pairs, pairs_within
from dedupe.matching.near.remembered import near_pairs
from dedupe.photos.photo import Photo, PhotoFile

DIM = 1280
ADDED = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--threshold", type=float, default=16.0, help="of the first run")
    parser.add_argument("--higher", type=float, help="a run beyond what the first remembered")
    parser.add_argument("--check", action="store_true", help="compare with pairs_within")
    options = parser.parse_args()
    vectors = made_up(options.count + ADDED)
    sample = vectors[:: max(1, len(vectors) // 2000)].astype(np.float64)
    median, rare = quantiles(sample)
    print(f"{options.count:,} x {DIM}; unrelated: {median:.1f} in the median, 1e-4: {rare:.1f}")
    pairs_within(vectors[:256], 1.0, device="cpu")  # torch is imported, and warm
    print("\n| | threshold | pairs | s | remembered |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index.db"
        index.touch()
        everyone = library(vectors, index)
        photos = part(everyone, options.count)
        run("first run", photos, options.threshold, options.check)
        run("again", photos, options.threshold, options.check)
        run("lower", photos, options.threshold - 4, options.check)
        run(f"{ADDED} photos more", everyone, options.threshold, options.check)
        run("lower", everyone, options.threshold - 6, options.check)
        if options.higher:
            run("higher", everyone, options.higher, options.check)
            run("again", everyone, options.higher, options.check)
            run("lower", everyone, options.threshold, options.check)
    print(f"\nmemory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB at most")


def run(what: str, photos: Library, threshold: float, check: bool) -> None:
    began = time.monotonic()
    pairs = near_pairs(photos, threshold, device="cpu")
    took = time.monotonic() - began
    file = EdgeFile(photos.index, photos.encoder.fingerprint)
    known = file.remembered()
    size = file.path.stat().st_size if known.segments else 0
    reach = min((segment.reach for segment in known.segments), default=0)
    print(
        f"| {what} | {threshold:g} | {len(pairs):,} | {took:.2f} "
        f"| {known.pairs:,} up to {reach:.2f}, {size / 1e6:.0f} MB |",
        flush=True,
    )
    if check:
        anew = pairs_within(photos.vectors, threshold, device="cpu")
        same = [
            np.array_equal(getattr(pairs, each), getattr(anew, each)) for each in Pairs.__slots__
        ]
        print(f"  as compared anew: {all(same)}", flush=True)


def made_up(count: int) -> npt.NDArray[np.float16]:
    """(count, DIM) float16: every tenth has look-alikes, at 1 to 20 seed units."""
    rng = np.random.default_rng(0)
    # how far real photos' vectors spread along their 1st, 2nd, ... direction; lengths differ by
    # a tenth, so that some unrelated pairs are as near as they are among real ones
    spread = (np.arange(DIM) + 5.0) ** -0.6
    spread *= 30 / np.sqrt(2 * (spread**2).sum())
    vectors = np.empty((count, DIM), np.float16)
    for start in range(0, count, 10_000):
        some = rng.normal(0, spread, (min(10_000, count - start), DIM)).astype(np.float32)
        some *= rng.normal(1, 0.1, (len(some), 1)).astype(np.float32)
        inside = np.flatnonzero(np.arange(len(some)) % 10 >= 8)
        away = rng.uniform(1, 20, (len(inside), 1)) / np.sqrt(2 * DIM)
        some[inside] = some[inside - inside % 10] + rng.normal(0, 1, (len(inside), DIM)) * away
        vectors[start : start + len(some)] = some + 30 / np.sqrt(DIM)
    return vectors[rng.permutation(count)]


def quantiles(sample: npt.NDArray[np.float64]) -> tuple[float, float]:
    squares = np.einsum("ij,ij->i", sample, sample)
    away = squares[:, None] + squares - 2 * sample @ sample.T
    return tuple(np.sqrt(np.quantile(away[np.triu_indices(len(away), 1)], [0.5, 1e-4])))


def library(vectors: npt.NDArray[np.float16], index: Path) -> Library:
    photos = []
    for number in range(len(vectors)):
        file = PhotoFile(
            path=Path(f"/p/{number:07}.jpg"), size=1, mtime_ns=1, device=1, inode=number
        )
        content = hashlib.sha256(str(number).encode()).digest()
        photos.append(Photo(file=file, content=content, width=1, height=1, format="JPEG"))
    return Library(
        photos=tuple(photos),
        vectors=vectors,
        encoder=EncoderRow(1, DEFAULT_ENCODER, "made-up", DIM),
        skips=(),
        index=index,
    )


def part(library: Library, count: int) -> Library:
    return replace(library, photos=library.photos[:count], vectors=library.vectors[:count])


if __name__ == "__main__":
    main()
