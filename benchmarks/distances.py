"""All pairs within a threshold, beside the matrix product alone that they rest on.

    python benchmarks/distances.py                          # 20,000 x 1280
    python benchmarks/distances.py --count 100000           # memory, and a longer run
    python benchmarks/distances.py --threshold 8 --threshold 16

The vectors are made up: clusters of look-alikes among strangers, at distances like those of real
photos (unrelated ones 29 seed units apart). The product alone is torch's, of the same blocks in
float32, without looking at what comes out: the floor. Both in turns, CPU time and clock.
"""

import argparse
import resource
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import numpy.typing as npt
import torch

from dedupe.matching.near.distances import pairs_within

DIM = 1280
ROWS = 2048


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--threshold", type=float, action="append")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    vectors = made_up(options.count)
    before = peak()
    pairs_within(vectors[:256], 1.0, device=options.device)  # torch is imported, and warm
    thresholds = options.threshold or [0.5, 8.0, 16.0, 24.0]
    floor: list[float] = []
    ours: dict[float, list[float]] = {threshold: [] for threshold in thresholds}
    found = {}
    for _ in range(options.repeats):
        floor.append(seconds(lambda: product(vectors, options.device)))
        for threshold in thresholds:
            began = time.monotonic()
            found[threshold] = len(pairs_within(vectors, threshold, device=options.device))
            ours[threshold].append(time.monotonic() - began)
    flops = options.count * (options.count + ROWS) * DIM
    threads = torch.get_num_threads()
    print(f"{options.count:,} x {DIM} float16, {threads} threads, {options.device}")
    print("\n| threshold | pairs | s | of the product's rate |\n|---|---|---|---|")
    print(
        f"| the product alone | | {median(floor):.1f} | {flops / median(floor) / 1e9:.0f} GFLOP/s |"
    )
    for threshold, times in ours.items():
        share = median(one / other for one, other in zip(floor, times, strict=True))
        print(f"| {threshold:g} | {found[threshold]:,} | {median(times):.1f} | {share:.0%} |")
    print(
        f"\nmemory: {(peak() - before) / 1e6:.0f} MB at most beyond the vectors and what was before"
    )


def made_up(count: int) -> npt.NDArray[np.float16]:
    """(count, DIM) float16: every tenth has look-alikes, at 1 to 20 seed units."""
    rng = np.random.default_rng(0)
    # how far real photos' vectors spread along their 1st, 2nd, ... direction: 0.70 of the
    # variance lies in the first 128, 0.82 in the first 256 (of 3,840 parts of photos)
    spread = (np.arange(DIM) + 5.0) ** -0.6
    spread *= 29 / np.sqrt(2 * (spread**2).sum())
    leader = np.arange(count)
    follows = np.flatnonzero(leader % 10 >= 8)
    vectors = np.empty((count, DIM), np.float16)
    for start in range(0, count, 10_000):
        some = rng.normal(0, spread, (min(10_000, count - start), DIM)).astype(np.float32)
        some *= rng.normal(1, 0.07, (len(some), 1)).astype(np.float32)
        inside = follows[(follows >= start) & (follows < start + len(some))] - start
        away = rng.uniform(1, 20, (len(inside), 1)) / np.sqrt(2 * DIM)
        some[inside] = some[inside - inside % 10] + rng.normal(0, 1, (len(inside), DIM)) * away
        vectors[start : start + len(some)] = some + 29 / np.sqrt(DIM)
    return vectors[rng.permutation(count)]


def product(vectors: npt.NDArray[np.float16], device: str) -> None:
    """The upper triangle of all products, block by block."""
    stored = torch.from_numpy(vectors).to(device)
    with torch.inference_mode():
        for first in range(0, len(stored), ROWS):
            left = stored[first : first + ROWS].float()
            for second in range(first, len(stored), ROWS):
                left @ stored[second : second + ROWS].float().T
    if device == "cuda":
        torch.cuda.synchronize()


def seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
