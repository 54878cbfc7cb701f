"""What `dedupe scan` costs beside other finders of duplicates, on the same photos in one run.

    python benchmarks/rivals.py FOLDER --home VENVS --rounds 3

VENVS holds a virtual environment for each rival, made with `python -m venv` and pip: imagededup
(with "setuptools<81"), czkawka, fastdup, immaculate (immaculate[sscd]; Python 3.12 or newer)
and imagehash (with pillow-heif). A rival without one is named as missing.

Each tool searches with its own defaults, subfolders too, one tool after the other. All photos
are read once before, so that none waits for the disk, and each tool has run before with a FEW
of them, so that no cache of modules or fonts is made within a time. A second such run tells
what starting costs. CPU time is that of a process and of all that it waited for.
"""

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
OURS = ROOT / ".venv" / "bin"
FEW = 3
SUFFIXES = {".jpg", ".jpeg"}

SCAN_COMPUTES = (
    "1280-d embedding (EfficientNet-Lite0), content hash, pixel hash, 256-bit DCT hash, thumbnail, "
    "metadata, all kept; JPEGs decoded at 1/2, 1/4 or 1/8; no search"
)
GROUP_COMPUTES = "nothing: searches the index of the scan for look-alikes"

# Programs get the folder as their argument, and print what they read as `dedupe scan` does.
HASH = """
import sys
from imagededup.methods import PHash
if __name__ == "__main__":
    found = PHash().find_duplicates(image_dir=sys.argv[1], recursive=True)
    print(f"\\n{len(found):,} photos: read")
"""

# an untrained network computes as long as a trained one
CNN = """
import os, sys, torch, torchvision
if __name__ == "__main__":
    weights = "checkpoints/mobilenet_v3_small-047dcff4.pth"
    if not os.path.exists(os.path.join(torch.hub.get_dir(), weights)):
        build = torchvision.models.mobilenet_v3_small
        torchvision.models.mobilenet_v3_small = lambda weights: build()
        print("note: its network is untrained, as its weights are not in torch's cache: the same "
              "work, but what it finds means nothing")
    from imagededup.methods import CNN
    found = CNN().find_duplicates(image_dir=sys.argv[1], recursive=True)
    print(f"\\n{len(found):,} photos: read")
"""

CZKAWKA = """
import sys
from czkawka import ImageSimilarity
finder = ImageSimilarity()
finder.set_directories([sys.argv[1]])
finder.find_similar()
"""

FASTDUP = """
import sys, tempfile, fastdup
if __name__ == "__main__":
    data = fastdup.create(work_dir=tempfile.mkdtemp(dir="."), input_dir=sys.argv[1])
    data.run()
    data.connected_components()
    print(f"\\n{len(data.annotations()):,} photos: read")
"""

IMMACULATE = """
import sys
from immaculate import find_duplicates
seen = [0]
found = find_duplicates(sys.argv[1], "METHOD", progress=lambda done, total: seen.append(total))
print(f"{seen[-1] - len(found.skipped):,} photos: read")
"""

IMAGEHASH = """
import sys, imagehash, numpy, pillow_heif
from pathlib import Path
from PIL import Image
pillow_heif.register_heif_opener()
hashes = []
for path in sorted(Path(sys.argv[1]).rglob("*")):
    try:
        with Image.open(path) as image:
            hashes.append(imagehash.phash(image).hash.ravel())
    except OSError:
        pass
hashes = numpy.array(hashes)
pairs = [(hashes[n + 1 :] != each).sum(axis=1) <= 8 for n, each in enumerate(hashes)]
print(f"{len(hashes):,} photos: read")
"""


@dataclass(frozen=True)
class Rival:
    """A finder of duplicates.

    Attributes:
        name: how the table names it.
        venv: the folder below VENVS, and the distribution whose version is told.
        computes: what it computes of a photo.
        program: what its Python runs, with the folder as its argument.
    """

    name: str
    venv: str
    computes: str
    program: str


RIVALS = (
    Rival(
        "imagededup PHash",
        "imagededup",
        "64-bit DCT hash; Pillow, JPEGs in full, a process for each core",
        HASH,
    ),
    Rival(
        "imagededup CNN",
        "imagededup",
        "576-d embedding (MobileNet V3 Small); Pillow, JPEGs in full, one after the other",
        CNN,
    ),
    Rival(
        "czkawka core",
        "czkawka",
        "64-bit gradient hash; zune-jpeg in full, a thread for each core",
        CZKAWKA,
    ),
    Rival(
        "fastdup",
        "fastdup",
        "576-d embedding (undisclosed network), size, brightness, contrast, blur; OpenCV, JPEGs "
        "in full",
        FASTDUP,
    ),
    Rival(
        "immaculate PDQ",
        "immaculate",
        "pixels for exact copies, 256-bit PDQ hash for eight orientations; zune-jpeg in full",
        IMMACULATE.replace("METHOD", "pdq"),
    ),
    Rival(
        "immaculate SSCD distilled",
        "immaculate",
        "pixels for exact copies, 512-d embedding (MobileNet V4 Small); zune-jpeg in full",
        IMMACULATE.replace("METHOD", "sscd_distilled"),
    ),
    Rival(
        "immaculate SSCD",
        "immaculate",
        "pixels for exact copies, 512-d embedding (ResNet-50 in 8 bits); zune-jpeg in full",
        IMMACULATE.replace("METHOD", "sscd"),
    ),
    Rival(
        "imagehash",
        "imagehash",
        "64-bit DCT hash; Pillow, JPEGs in full, one after the other (search by a loop of ours)",
        IMAGEHASH,
    ),
)


@dataclass(frozen=True)
class Run:
    """What one run took: CPU and wall seconds, bytes of its largest process, what it printed.

    `together` is the most that all of its processes had at one moment, if that was watched.
    """

    cpu: float
    wall: float
    peak: int
    output: str
    together: int = 0


class Failed(Exception):
    """A tool ended with an error or took too long."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, required=True, help="the rivals' environments")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--limit", type=float, default=3600, help="seconds for one run")
    parser.add_argument("--only", nargs="*", help="parts of the names of tools to run")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = options.folder.resolve()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    size = sum(len(path.read_bytes()) for path in files)
    tools, missing = found_tools(options.home.resolve())
    if options.only:
        tools = [tool for tool in tools if any(part in tool.name for part in options.only)]
    load = os.getloadavg()[0]
    found = f"{len(files)} files, {size / 1e6:.0f} MB"
    print(f"{found}; {os.cpu_count()} cores, load {load:.1f} before", flush=True)
    with TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        few = scratch / "few"
        few.mkdir()
        for path in [path for path in files if path.suffix.lower() in SUFFIXES][:FEW]:
            shutil.copy(path, few)
        notes = measure(tools, folder, few, scratch, options.rounds, options.limit)
    notes += [f"{name}: missing, no environment of that name" for name in missing]
    print("\n" + "\n".join(f"- {note}" for note in notes))


@dataclass(frozen=True)
class Tool:
    """What is run: `{folder}` and `{index}` in its command are filled in."""

    name: str
    version: str
    computes: str
    command: tuple[str, ...]


def found_tools(home: Path) -> tuple[list[Tool], list[str]]:
    """dedupe and the rivals that are installed, and the names of those that are not."""
    ours = str(OURS / "dedupe")
    version = _version(OURS / "python", "dedupe-photos")
    group = ("group", "--no-clusters", "--index", "{index}")
    tools = [
        Tool("dedupe scan", version, SCAN_COMPUTES, (ours, "scan", "{folder}", *group[2:])),
        Tool("dedupe group", version, GROUP_COMPUTES, (ours, *group)),
    ]
    missing = []
    for rival in RIVALS:
        python = home / rival.venv / "bin" / "python"
        try:
            version = _version(python, rival.venv)
        except (OSError, subprocess.CalledProcessError):
            missing.append(rival.name)
            continue
        command = (str(python), "-c", rival.program, "{folder}")
        tools.append(Tool(rival.name, version, rival.computes, command))
    return tools, missing


def _version(python: Path, distribution: str) -> str:
    ask = f"from importlib.metadata import version; print(version({distribution!r}))"
    done = subprocess.run(
        [python, "-c", ask], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return done.stdout.decode().strip()


def measure(
    tools: Sequence[Tool], folder: Path, few: Path, scratch: Path, rounds: int, limit: float
) -> list[str]:
    """Run every tool in turn, as often as asked, and print the table; what is to be noted."""
    starts: dict[str, Run] = {}
    runs: dict[str, list[Run]] = {tool.name: [] for tool in tools}
    notes: list[str] = []
    failed: set[str] = set()
    # the first two are with few photos: of them the second counts
    for number, photos in enumerate([few, few] + [folder] * rounds):
        index = scratch / f"{number}.db"
        for tool in tools:
            if tool.name in failed:
                continue
            try:
                done = run(tool, photos, index, scratch, limit)
            except Failed as failure:
                notes.append(f"{tool.name}: {failure}")
                failed.add(tool.name)
                continue
            print(f"{number} {tool.name}: {done.cpu:.1f} CPU s", file=sys.stderr)
            if number < 2:
                starts[tool.name] = done
            else:
                runs[tool.name].append(done)
    print(
        "\n| tool | version | what it computes of a photo | photos read | CPU s "
        f"| CPU s with {FEW} photos | wall s | peak MB of the largest process |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for tool in tools:
        if each := runs[tool.name]:
            print(_row(tool, starts[tool.name].cpu, each))
            notes += [f"{tool.name}: {note}" for note in _all("note: (.*)", each[0].output)]
    return notes


def run(
    tool: Tool,
    folder: Path,
    index: Path,
    scratch: Path,
    limit: float,
    *,
    answer: Path | None = None,
) -> Run:
    """Run a tool to its end.

    Args:
        tool: what to run.
        folder: fills in `{folder}`.
        index: fills in `{index}`.
        scratch: the working folder, and its home.
        limit: in seconds.
        answer: fills in `{answer}`; of a tool that names no such file, what it prints on stdout
            goes there. The memory of all processes together is then watched too.

    Raises:
        Failed: it ended with an error, or took more than `limit` seconds.
    """
    environment = {
        **os.environ,
        # what a rival remembered of these photos on another day is not there
        "HOME": str(scratch),
        "XDG_CACHE_HOME": str(scratch / "cache"),
        "TORCH_HOME": os.environ.get("TORCH_HOME", str(Path.home() / ".cache" / "torch")),
        "SENTRY_OPT_OUT": "1",  # fastdup reports each run to its makers else
        "PYTHONWARNINGS": "ignore",
    }
    places = {"{folder}": str(folder), "{index}": str(index), "{answer}": str(answer)}
    command = [places.get(part, part) for part in tool.command]
    said = scratch / "said.txt"
    prints = answer is not None and "{answer}" not in tool.command
    with (
        said.open("wb") as output,
        (answer if prints and answer else Path(os.devnull)).open("wb") as result,
        watched(answer is not None) as watch,
    ):
        start = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=scratch,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=result if prints else output,
            stderr=output,
            start_new_session=True,
        )
        watch.root = process.pid
        timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        except (KeyboardInterrupt, SystemExit):
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    text = said.read_text(errors="replace")
    if process.returncode not in (0, 3):  # 3: dedupe could not read some of the photos
        last = " / ".join(text.strip().splitlines()[-3:]) or "it said nothing"
        raise Failed(f"ended with {process.returncode} after {wall:.0f} s: {last[-300:]}")
    # in KiB, but on macOS
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Run(used.ru_utime + used.ru_stime, wall, peak, text, max(peak, watch.most))


@dataclass
class Watch:
    """The most memory that a process and its descendants had together, in bytes."""

    root: int = 0
    most: int = 0


@contextmanager
def watched(wanted: bool) -> Iterator[Watch]:
    """Look at the memory of `root` ten times a second; only Linux tells."""
    watch, over = Watch(), threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            if watch.root:
                watch.most = max(watch.most, _resident(watch.root))

    thread = threading.Thread(target=look)
    if wanted and sys.platform == "linux":
        thread.start()
    try:
        yield watch
    finally:
        over.set()
        if thread.ident:
            thread.join()


def _resident(root: int) -> int:
    """Bytes in memory of a process and all below it; what they share counts for each."""
    children: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            pages[int(entry.name)] = int(fields[21])
    below, total = [root], 0
    while below:
        process = below.pop()
        total += pages.get(process, 0)
        below += children.get(process, [])
    return total * os.sysconf("SC_PAGE_SIZE")


def _row(tool: Tool, start: float, runs: Sequence[Run]) -> str:
    counts = _all(r"^([\d,]+) photos?:", runs[0].output)
    cells = (
        tool.name,
        tool.version,
        tool.computes,
        counts[-1] if counts else "not said" if "{folder}" in tool.command else "none",
        f"{statistics.median(each.cpu for each in runs):.1f}",
        f"{start:.1f}",
        f"{statistics.median(each.wall for each in runs):.1f}",
        f"{max(each.peak for each in runs) / 1e6:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _all(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.MULTILINE)


if __name__ == "__main__":
    main()
