"""A scan of large photos beside the sum of its stages, and how busy it keeps the cores.

    python benchmarks/scan.py FOLDER --count 300    # FOLDER as for camera_photos.py
    python benchmarks/scan.py --photos FOLDER       # photos that lie there are taken as they are

The stages run alone, one after the other, over the same photos, before and after each scan; what
both pay for (starting Python, importing torch, loading the encoder) is measured and named apart.
All times are CPU time of all processes of the run. Let the machine be idle.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from camera_photos import make_photos

from dedupe.photos.workers import ENVIRONMENT

STAGES = ("read and hash", "decode", "encode", "store")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--alone", choices=("stages", "scan"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps({"stages": stages, "scan": scan}[options.alone](options.photos)))
        return
    with TemporaryDirectory() as made, TemporaryDirectory() as bytecode:
        photos = options.photos or Path(made)
        if options.photos is None:
            make_photos(options.folder, photos, options.count)
        _run("scan", photos, bytecode)
        runs = [_run("stages", photos, bytecode)]
        for _ in range(options.repeats):
            runs += [_run("scan", photos, bytecode), _run("stages", photos, bytecode)]
    report(runs[1::2], runs[::2])


def _run(what: str, photos: Path, bytecode: str) -> dict[str, float]:
    # as a user has it: compiled modules are kept from one start of Python to the next
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # the allocator's settings are those of the processes that decode in a scan
    done = subprocess.run(
        [sys.executable, __file__, "--alone", what, "--photos", photos],
        env={**kept, "PYTHONPYCACHEPREFIX": bytecode, **(ENVIRONMENT if what == "stages" else {})},
        check=True,
        stdout=subprocess.PIPE,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def report(scans: list[dict[str, float]], alone: list[dict[str, float]]) -> None:
    """Print the table, and each scan beside the stages that were run before and after it."""
    count = scans[0]["photos"]
    print(f"{count:.0f} photos, {scans[0]['bytes'] / 1e6 / count:.1f} MB each\n")
    print("| stage, alone | CPU ms a photo, median | share |\n|---|---|---|")
    stages = {name: median(each[name] for each in alone) / count * 1000 for name in STAGES}
    for name in STAGES:
        print(f"| {name} | {stages[name]:.1f} | {stages[name] / sum(stages.values()):.1%} |")
    print(f"| sum | {sum(stages.values()):.1f} | |")
    print("\n| scan | CPU ms a photo | x the sum | to start, CPU s | busy | busy once loaded |")
    print("|---|---|---|---|---|---|")
    sums = [sum(each[name] for name in STAGES) for each in alone]
    ratios = []
    for number, scan in enumerate(scans):
        work = scan["all"] - scan["start"]
        ratios.append(work / (sums[number] + sums[number + 1]) * 2)
        busy = scan["all"] / scan["wall"] / scan["cores"]
        then = scan["busy"] / scan["busy wall"] / scan["cores"]
        print(
            f"| {number + 1} | {work / count * 1000:.1f} | {ratios[-1]:.3f} | {scan['start']:.1f}"
            f" | {busy:.1%} | {then:.1%} |"
        )
    print(f"| median | | {median(ratios):.3f} | | | |")


@contextmanager
def timed(times: dict[str, float], name: str) -> Iterator[None]:
    """Add the CPU seconds of all threads to `times[name]`."""
    start = time.process_time()
    yield
    times[name] = times.get(name, 0.0) + time.process_time() - start


def stages(folder: Path) -> dict[str, float]:
    """CPU seconds of each stage over all photos, in batches as in a scan."""
    import numpy as np

    from dedupe.encoders.encode import load_encoder
    from dedupe.encoders.registry import DEFAULT_ENCODER
    from dedupe.index.pipeline import encode_readings
    from dedupe.index.store import Index
    from dedupe.photos.decode import Reading, Wants, decode
    from dedupe.photos.quiet import quiet_pillow
    from dedupe.photos.read import photo_file

    loaded = load_encoder(DEFAULT_ENCODER, threads=1)
    wants = Wants.of(loaded.encoder)
    loaded.encode(np.zeros((16, wants.crop, wants.crop, 3), np.uint8))
    times: dict[str, float] = {}
    paths = sorted(folder.iterdir())
    with (
        TemporaryDirectory() as temporary,
        quiet_pillow(),
        Index(Path(temporary) / "index.db", create=True, lock=True) as store,
    ):
        row = store.encoder(loaded.encoder.name, loaded.fingerprint, loaded.encoder.dim)
        for start in range(0, len(paths), 64):
            files = [photo_file(path) for path in paths[start : start + 64]]
            with timed(times, "read and hash"):
                datas = [_hashed(file.path) for file in files]
            readings: list[Reading] = []
            with timed(times, "decode"):
                for file, (data, content) in zip(files, datas, strict=True):
                    readings.append(decode(data, file, wants, content=content))
            with timed(times, "encode"):
                batches = list(encode_readings(readings, lambda: loaded, set()))
            with timed(times, "store"), store.batch():
                for batch in batches:
                    vectors = np.stack(batch.vectors)
                    store.remember_photos(row, batch.photos, vectors, batch.thumbnails)
                    store.remember_files(batch.photos)
    return times


def _hashed(path: Path) -> tuple[bytes, bytes]:
    from blake3 import blake3

    data = path.read_bytes()
    return data, blake3(data).digest()


class Marks:
    """A Progress that notes when the encoder was loaded, and what that had cost by then."""

    def __init__(self) -> None:
        self.loaded = 0.0
        self.loading = 0.0
        self.wall = 0.0
        self._begun = 0.0

    def start(self, what: str, total: int) -> None:
        """A stage begins."""
        if what.startswith("Loading"):
            self._begun = time.thread_time()
        elif what.startswith("Encoding"):
            self.loading = time.thread_time() - self._begun
            self.loaded, self.wall = everything(), time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Not noted."""


def everything() -> float:
    """CPU seconds of this process and of its children, also of those that still run."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = time.process_time()
    for kind in (resource.RUSAGE_CHILDREN,):
        used = resource.getrusage(kind)
        total += used.ru_utime + used.ru_stime
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def scan(folder: Path) -> dict[str, float]:
    """CPU and wall seconds of a scan into an empty index."""
    start_of_process = everything()
    wall = time.monotonic()
    from dedupe.index.scan import update_index

    marks = Marks()
    with TemporaryDirectory() as temporary:
        report = update_index([folder], index=Path(temporary) / "index.db", progress=marks)
        end, end_wall = everything(), time.monotonic()
    assert report.encoded == report.photos, "each photo is new"
    return {
        "photos": report.photos,
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "all": end - start_of_process,
        "start": marks.loading,
        "wall": end_wall - wall,
        "busy": end - marks.loaded,
        "busy wall": end_wall - marks.wall,
        "cores": float(len(os.sched_getaffinity(0))),
    }


if __name__ == "__main__":
    main()
