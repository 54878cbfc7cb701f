"""A scan of large photos beside the sum of its stages, and how busy it keeps the cores.

    python benchmarks/scan.py FOLDER --count 300    # FOLDER as for camera_photos.py
    python benchmarks/scan.py --photos FOLDER       # photos that lie there are taken as they are

The stages run alone, one after the other, over the same photos, before and after the scan; what
both pay for (starting Python, importing torch, loading the encoder) is measured and named apart.
All times but the last column are CPU time of all processes of the run. Let the machine be idle.
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
from tempfile import TemporaryDirectory

from camera_photos import make_photos

from dedupe.photos.workers import ENVIRONMENT

STAGES = ("read and hash", "decode", "encode", "store")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--alone", choices=("stages", "scan"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps({"stages": stages, "scan": scan}[options.alone](options.photos)))
        return
    with TemporaryDirectory() as made:
        photos = options.photos or Path(made)
        if options.photos is None:
            make_photos(options.folder, photos, options.count)
        runs = [_run(each, photos) for each in ("stages", "scan", "stages")]
    report(runs[0], runs[1], runs[2])


def _run(what: str, photos: Path) -> dict[str, float]:
    # the allocator's settings are those of the processes that decode in a scan
    done = subprocess.run(
        [sys.executable, __file__, "--alone", what, "--photos", photos],
        env={**os.environ, **(ENVIRONMENT if what == "stages" else {})},
        check=True,
        stdout=subprocess.PIPE,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def report(before: dict[str, float], scan: dict[str, float], after: dict[str, float]) -> None:
    """Print the table and the two ratios."""
    count = scan["photos"]
    print(f"{count:.0f} photos, {scan['bytes'] / 1e6 / count:.1f} MB each\n")
    print("| stage, alone | CPU ms a photo (before, after the scan) | share |\n|---|---|---|")
    alone = {name: (before[name] + after[name]) / 2 for name in STAGES}
    total = sum(alone.values())
    for name in STAGES:
        each = f"{before[name] / count * 1000:.1f}, {after[name] / count * 1000:.1f}"
        print(f"| {name} | {each} | {alone[name] / total:.1%} |")
    print(f"| sum | {total / count * 1000:.1f} | |")
    work = scan["all"] - scan["start"]
    print(f"\nscan: {work / count * 1000:.1f} CPU ms a photo: {work / total:.3f} x the sum")
    print(f"besides, once: {scan['start']:.1f} CPU s to import torch and load the encoder")
    cores = scan["cores"]
    for name, seconds, wall in (
        ("with the start", scan["all"], scan["wall"]),
        ("from the loaded encoder on", scan["busy"], scan["busy wall"]),
    ):
        print(f"busy {name}: {seconds / wall / cores:.1%} of {cores:.0f} cores ({wall:.1f} s)")


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
    from dedupe.photos.decode import Reading, Wants, decode, quiet_pillow
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
