"""The full run, `make crash`: every action, drive and fault, and the table of what came of it.

Usage: full.py TABLE [PROCESSES [COARSE]]. Ends with 1 if anything is broken, or if a fault breaks
no naive program. With COARSE only each so manieth of the points is struck, on a slow machine. The
table has no date and no duration: the same code gives the same one.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
from cases import CASES, CONTROLS, PASTS, PLANNERS, small_plan
from strikes import DRIVES, FAULTS

from dedupe.organize.plans.actions import ACTIONS

HERE = Path(__file__).parent
STOPS = tuple(name for name, fault in FAULTS.items() if fault.stops)
FAILS = tuple(name for name, fault in FAULTS.items() if not fault.stops)
EXAMPLES = 1000


@dataclass(frozen=True)
class Job:
    """One call of the driver; the arguments are its own.

    Attributes:
        second: whether `out/` is on another real drive, where there is one.
    """

    case: str
    drive: str = "one drive"
    plan: str = "twelve photos"
    phases: tuple[str, ...] = ("apply", "undo")
    faults: tuple[str, ...] = tuple(FAULTS)
    stride: int = 1
    second: bool = False


def jobs() -> Iterator[Job]:
    """All of it: what takes photos away at every change, the rest where it differs."""
    for action in ACTIONS:
        yield Job(action)
        if ACTIONS[action].takes_away:
            yield Job(action, "two drives", faults=STOPS)
            yield Job(action, "two drives", faults=FAILS, stride=3)
    both, four = ("apply", "undo", "recover", "back"), "four photos"
    for action in PLANNERS:
        yield Job(action, plan="twelve same")
        yield Job(action, "no exclusive rename", small_plan(action), both, STOPS, stride=2)
        yield Job(action, "no exclusive rename", small_plan(action), both, FAILS, stride=5)
    for case in CASES:
        phases = both if case in PASTS else both[2:]
        yield Job(case, plan=small_plan(case), phases=phases, faults=STOPS)
        yield Job(case, plan=small_plan(case), phases=phases, faults=FAILS, stride=3)
    for action in [*(name for name in ACTIONS if ACTIONS[name].takes_away), "tree"]:
        for drive in list(DRIVES)[1:]:
            phases = both[2:] if drive == "two drives" and action in ACTIONS else both
            yield Job(action, drive, four, phases, STOPS, stride=2)
            yield Job(action, drive, four, phases, FAILS, stride=5)
        yield Job(action, plan=four, faults=STOPS, second=True)


def drives() -> tuple[Path, Path | None]:
    """A folder in memory where there is one, and one on another drive than that."""
    disk, memory = Path(tempfile.gettempdir()), Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        return disk, None
    return memory, disk if disk.stat().st_dev != memory.stat().st_dev else None


def driven(job: Job | str, coarse: int) -> dict[str, Any]:
    """What the driver says."""
    base, other = drives()
    folder = tempfile.mkdtemp(prefix="dedupe-crash-", dir=base)
    second = tempfile.mkdtemp(prefix="dedupe-crash-", dir=other) if other else None
    command = [sys.executable, str(HERE / "driver.py"), f"{folder}/case"]
    if isinstance(job, str):
        command.append(job)
    else:
        command += [
            job.case,
            "--drive",
            job.drive,
            "--plan",
            job.plan,
            "--stride",
            str(job.stride * coarse),
        ]
        for phase in job.phases:
            command += ["--phase", phase]
        for fault in job.faults:
            command += ["--fault", fault]
        if job.second:
            command += ["--second", f"{second}/second"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(error.stderr.decode())
        raise
    finally:
        for made in filter(None, (folder, second)):
            shutil.rmtree(made, ignore_errors=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def random_strikes(count: int) -> str:
    """How many of the random examples were struck; the program fails where one is broken."""
    with tempfile.TemporaryDirectory(prefix="dedupe-crash-", dir=drives()[0]) as folder:
        command = [sys.executable, str(HERE / "random_strikes.py"), f"{folder}/case", str(count)]
        done = subprocess.run(command, capture_output=True, check=False)
    sys.stderr.write(done.stderr.decode())
    return done.stdout.decode().split(" ")[0] if done.returncode == 0 else ""


Row = tuple[str, str, str]


def table(
    points: dict[Row, Counter[str]],
    broken: Counter[Row],
    naive: dict[str, Any],
    random: str,
    coarse: int,
) -> Iterator[str]:
    """The lines of the page."""
    every = sum(sum(counts.values()) for counts in points.values())
    yield from f"""# Acting under faults: every change is struck

Written by `make crash`; [Safety](../docs/safety.md) says what is promised. A point is a fresh tree,
one strike at one change, and a judge after it, after recovery, and after undo:
**{every:,} points, {sum(broken.values())} broken.**

`apply` and `undo` of twelve photos are struck at every change: on one drive by every fault, across
drives by kills and signals. In the other rows are four photos, and other faults strike every third
or fifth change. What frees space has sets of the same bytes, of twelve photos or five. "EIO on": so
fails every later call. "Two real drives" are two file systems, all other drives are simulated.
""".splitlines()
    if coarse > 1:
        yield ""
        yield f"This was a coarse run: it has one of {coarse} of these points."
    yield ""
    yield "| action | drives | run | " + " | ".join(FAULTS) + " | broken |"
    yield "|---" * 3 + "|---:" * (len(FAULTS) + 1) + "|"
    for row, counts in points.items():
        cells = [f"{counts[fault]:,}" for fault in FAULTS]
        yield f"| {' | '.join(row)} | {' | '.join(cells)} | {broken[row]} |"
    yield ""
    yield "The same faults on naive programs, broken of struck:"
    yield ""
    yield "| program | " + " | ".join(FAULTS) + " |"
    yield "|---" + "|---:" * len(FAULTS) + "|"
    for program, result in naive.items():
        counts, bad = result["points"]["naive"], result["broken"]["naive"]
        cells = [f"{bad.get(name, 0)} of {counts.get(name, 0)}" for name in FAULTS]
        words = " (without any fault: photos lost)" if "no fault" in counts else ""
        yield f"| {program}{words} | {' | '.join(cells)} |"
    yield ""
    told = f"{random} of them struck, none broken" if random else "broken: see the output"
    count = f"{EXAMPLES // coarse:,}"
    yield f"Random trees, plans and interruptions, drawn by hypothesis: {count}, {told}."


def main(page: Path, processes: int, coarse: int) -> int:
    """Do it all and write the table."""
    todo: list[Job | str] = [*CONTROLS, *jobs()]
    points: dict[Row, Counter[str]] = {}
    broken: Counter[Row] = Counter()
    naive: dict[str, Any] = {}
    with ThreadPoolExecutor(processes) as pool:
        random = pool.submit(random_strikes, EXAMPLES // coarse)
        for job, result in zip(todo, pool.map(driven, todo, [coarse] * len(todo)), strict=True):
            if isinstance(job, str):
                naive[job] = result
                continue
            for found in result["found"]:
                print(f"{job.case}, {job.drive}: {found}", file=sys.stderr)
            on = "two real drives" if job.second else job.drive
            for phase in result["points"]:
                row = (job.case, on, "recover --back" if phase == "back" else phase)
                points.setdefault(row, Counter()).update(result["points"][phase])
                broken[row] += sum(result["broken"][phase].values())
            print(f"{job.case}, {job.drive}: {result['points']}", file=sys.stderr)
        struck = random.result()
    order = {name: number for number, name in enumerate(CASES)}
    rows = sorted(points, key=lambda row: order[row[0]])
    lines = list(table({row: points[row] for row in rows}, broken, naive, struck, coarse))
    page.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))
    shown = Counter(
        fault for each in naive.values() for fault, bad in each["broken"]["naive"].items() if bad
    )
    unproved = [fault for fault in FAULTS if not shown[fault]]
    if unproved:
        print(f"no naive program was broken by {', '.join(unproved)}", file=sys.stderr)
    return 1 if sum(broken.values()) or unproved or not struck else 0


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[2:]]
    processes, coarse = [*numbers, *[os.cpu_count() or 1, 1][len(numbers) :]]
    sys.exit(main(Path(sys.argv[1]), processes, coarse))
