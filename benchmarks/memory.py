"""How much memory a scan takes at its peak, beside importing torch alone.

    python benchmarks/memory.py --count 10000
    python benchmarks/memory.py --count 10000 --count 100000 --quick

With --quick the network, loaded as always, computes the first batch only, and vectors that are
quick to have stand in for the others: what is held is the same, in a quarter of the time.

Scans generated photos of 320 x 240 pixels, each a file of its own. What is counted is the memory
that the scan and its workers hold at the same time (proportional set size, so that what they
share counts once), looked at ten times a second. Linux only.
"""

import argparse
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

REAL = "from dedupe.cli import main; main()"
QUICK = """
import numpy as np
from dedupe.cli import main
from dedupe.encoders.encode import LoadedEncoder
encode, done = LoadedEncoder.encode, []
def quick(self, batch, **_):
    if not done:
        done.append(encode(self, batch))
    vectors = np.zeros((len(batch), self.encoder.dim), np.float32)
    vectors[:, :588] = batch[:, ::16, ::16].reshape(len(batch), -1) / 50
    return vectors
LoadedEncoder.encode = quick
main()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, action="append")
    parser.add_argument("--into", type=Path, help="where photos are made (a temporary folder)")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    torch = peak([sys.executable, "-c", "import torch; torch.zeros(1).add(1)"])
    print(f"importing torch: {torch / 1e6:.0f} MB\n")
    print("| photos | peak MB | more than importing torch | x the first |\n|---|---|---|---|")
    first = 0
    for count in options.count or [10_000]:
        with TemporaryDirectory(dir=options.into) as folder:
            make(Path(folder) / "photos", count)
            command = [sys.executable, "-c", QUICK if options.quick else REAL, "scan"]
            most = peak([*command, f"{folder}/photos", "--index", f"{folder}/i.db"], check=count)
        first = first or most
        more = (most - torch) / 1e6
        print(f"| {count:,} | {most / 1e6:.0f} | {more:.0f} MB | {most / first:.3f} |", flush=True)


def make(folder: Path, count: int) -> None:
    """Write small photos: noise of 20 x 15 pixels, made larger."""
    rng = np.random.default_rng(1)
    for number in range(count):
        inner = folder / f"{number // 1000:03}"
        if number % 1000 == 0:
            inner.mkdir(parents=True)
        coarse = Image.fromarray(rng.integers(0, 255, (15, 20, 3), np.uint8))
        file = BytesIO()
        coarse.resize((320, 240), Image.Resampling.BICUBIC).save(file, "JPEG", quality=80)
        (inner / f"{number:06}.jpg").write_bytes(file.getvalue())


def peak(command: list[str], check: int = 0) -> int:
    """The most bytes that a command and its children held at the same time."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    most = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.1):
            most = max(most, held(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert process.stdout is not None
    said = process.stdout.read().decode()
    process.wait()
    over.set()
    watcher.join()
    assert process.returncode == 0, said
    assert f"{check:,} encoded" in said or not check, said
    return most


def held(root: int) -> int:
    """Bytes that a process and its children hold."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            if root in (parent, int(path.parent.name)):
                for line in (path.parent / "smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        except (OSError, ValueError):
            continue
    return total


if __name__ == "__main__":
    main()
