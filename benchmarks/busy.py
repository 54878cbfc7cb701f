"""What a busy program beside us costs: products, with threads that wait in a loop or asleep.

    python benchmarks/busy.py                # one other program
    python benchmarks/busy.py --programs 2

100 vectors are multiplied with 100,000 in blocks, as for 100 new photos, and 100 with 1,024 a
hundred times, as for clusters. Each is a process of its own, with the cores to itself and beside
programs that count; once as torch comes, once as the command sets it (`cores.share_cores`), in
turns.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from dedupe.cores import share_cores

COUNT = "n = 0\nwhile True:\n    n = (3 * n + 1) % 1000003"
TIMES = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--programs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=("loop", "asleep"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        if options.child == "asleep":
            share_cores()
        print(*measured())
        return
    print("| beside | threads wait | large blocks, s | small ones, s |\n|---|---|---|---|")
    for programs in (0, options.programs):
        found: dict[str, list[list[float]]] = {"loop": [], "asleep": []}
        with busy(programs):
            for _ in range(options.rounds):
                for waits, times in found.items():
                    times.append(child(waits))
        for waits, times in found.items():
            large, small = (median(each) for each in zip(*times, strict=True))
            print(f"| {programs} | {waits} | {large:.2f} | {small:.2f} |", flush=True)


@contextmanager
def busy(programs: int) -> Iterator[None]:
    """Programs that take all they get."""
    with ExitStack() as running:
        for _ in range(programs):
            other = running.enter_context(subprocess.Popen([sys.executable, "-c", COUNT]))
            running.callback(other.kill)
        yield


def child(waits: str) -> list[float]:
    """What a process of its own measures."""
    alone = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    command = [sys.executable, __file__, "--child", waits]
    done = subprocess.run(command, env=alone, check=True, capture_output=True, text=True)
    return [float(each) for each in done.stdout.split()]


def measured() -> tuple[float, float]:
    """Seconds that products of large blocks and of small ones take."""
    import torch

    few, many = torch.randn(100, 1280), torch.randn(100_000, 1280).half()

    def large() -> None:
        for start in range(0, len(many), 4096):
            few @ many[start : start + 4096].float().T

    block = many[:1024].float().T

    def small() -> None:
        for _ in range(100):
            few @ block

    return seconds(large), seconds(small)


def seconds(work: Callable[[], None]) -> float:
    """The median of some times, once it is warm."""
    work()
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(times)


if __name__ == "__main__":
    main()
