"""How long a scan takes that finds nothing new, beside a bare look at the same files.

    python benchmarks/rescan.py                     # 200,000 files in 400 folders, 1 GB of disk
    python benchmarks/rescan.py --files 5000        # to try it
    python benchmarks/rescan.py --profile           # and where the time goes

Bare is what no scan can do without: a fresh Python that calls os.scandir and DirEntry.stat
for every file, its start not counted. The scan is the whole process `dedupe scan`, from the
start of Python to its end. Both in turns, so that a noisy machine is noisy for both.

The files are copies of five small photos, so that the first scan has little to encode. With
--distinct no two are equal: the index is as large as that of so many photos, and the first
scan encodes them all, which takes an hour for 200,000.
"""

import argparse
import io
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

FOLDERS = 400
CONTENTS = 5
HEAVY = ("torch", "torchvision", "sklearn", "scipy", "numpy", "PIL")
FORBIDDEN = ("torch", "torchvision", "sklearn", "scipy")

BARE = """
import os, sys, time
wall, cpu = time.perf_counter(), time.process_time()
folders, files = [sys.argv[1]], 0
while folders:
    with os.scandir(folders.pop()) as listing:
        for entry in listing:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                entry.stat(follow_symlinks=False)
                files += 1
print(time.process_time() - cpu, time.perf_counter() - wall, files)
"""
SCAN = "import sys; from dedupe.cli import main; sys.argv = ['dedupe', *sys.argv[1:]]; main()"
LOADED = f"""
import sys
from dedupe.cli import main
sys.argv = ['dedupe', *sys.argv[1:]]
try:
    main()
finally:
    print(*[each for each in {HEAVY!r} if each in sys.modules], file=sys.stderr)
"""
PROFILE = """
import cProfile, pstats, sys
from dedupe.cli import main
sys.argv = ['dedupe', *sys.argv[1:]]
profile = cProfile.Profile()
try:
    profile.runcall(main)
except SystemExit:
    pass
pstats.Stats(profile).sort_stats('tottime').print_stats(25)
"""


class Times(NamedTuple):
    """CPU and wall-clock time of one run, in seconds."""

    cpu: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--distinct", action="store_true", help="no two files are equal")
    parser.add_argument("--folder", type=Path, help="where to make the files; kept for next time")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dedupe-rescan-") as made:
        place = (options.folder or Path(made)).absolute()
        make_tree(place / "photos", options.files, options.distinct)
        measure(place, options.files, options.repeats)
        if options.profile:
            print(run(PROFILE, place).stdout)


def measure(place: Path, files: int, repeats: int) -> None:
    """Scan the tree once, and print the table of the second scan."""
    first = timed(place)
    again = run(LOADED, place)
    if f"{files:,} unchanged" not in again.stdout:
        raise SystemExit(f"the second scan found something new:\n{again.stdout}")
    loaded = again.stderr.split()
    if found := set(loaded) & set(FORBIDDEN):
        raise SystemExit(f"a scan that finds nothing new imported {', '.join(sorted(found))}")
    bare, scan = [], []
    for _ in range(repeats):
        bare.append(look(place))
        scan.append(timed(place))
    print(f"{files:,} files in {FOLDERS} folders, {repeats} times in turns; {machine()}")
    print(f"first scan: {first.cpu:.1f} s CPU; imported by the second: {' '.join(loaded) or '-'}")
    print("| | CPU s, median (min) | wall s, median (min) |")
    print("|---|---|---|")
    print_row("scandir + stat", bare)
    print_row("`dedupe scan` again", scan)
    ratios = [Times(s.cpu / b.cpu, s.wall / b.wall) for b, s in zip(bare, scan, strict=True)]
    print_row("ratio of each pair", ratios)


def make_tree(root: Path, files: int, distinct: bool) -> None:
    """Copies of a few small JPEGs, `distinct` by some bytes behind the picture."""
    contents = []
    for number in range(CONTENTS):
        noise = Image.effect_noise((48, 36), 20 + 15 * number)
        written = io.BytesIO()
        noise.save(written, "JPEG")
        contents.append(written.getvalue())
    for folder in range(FOLDERS):
        inside = root / f"{2005 + folder // 20}" / f"{folder:03} a day out"
        inside.mkdir(parents=True, exist_ok=True)
        for number in range(folder, files, FOLDERS):
            path = inside / f"IMG_{number:06}.jpg"
            if not path.exists():
                behind = f"{number:09}".encode() if distinct else b""
                path.write_bytes(contents[number % CONTENTS] + behind)


def arguments(place: Path) -> list[str]:
    index = place / "index" / "index.db"
    return ["scan", str(place / "photos"), "--index", str(index)]


def run(script: str, place: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments(place)]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment(place)
    )


def environment(place: Path) -> dict[str, str]:
    """As a user has it: compiled modules are kept from one start of Python to the next."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(place / "bytecode")}


def timed(place: Path) -> Times:
    """The whole process of a scan, with those it starts."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", SCAN, *arguments(place)],
        stdout=subprocess.DEVNULL,
        env=environment(place),
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"dedupe scan ended with {process.returncode}")
    return Times(used.ru_utime + used.ru_stime, time.perf_counter() - began)


def look(place: Path) -> Times:
    """The bare look, by its own clock."""
    command = [sys.executable, "-c", BARE, str(place / "photos")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return Times(float(said[0]), float(said[1]))


def print_row(name: str, times: Sequence[Times]) -> None:
    cells = []
    for column in zip(*times, strict=True):
        cells.append(f"{statistics.median(column):.2f} ({min(column):.2f})")
    print(f"| {name} | {' | '.join(cells)} |")


def machine() -> str:
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}"


if __name__ == "__main__":
    main()
