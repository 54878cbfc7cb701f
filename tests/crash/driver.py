"""Strikes an action, its undo and its recovery at every change they make, and judges the rest.

A program of its own: it forks for each point, which pytest with its threads must not.
"""

import argparse
import gc
import itertools
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import filelock  # noqa: F401 - not once in each fork

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
import judge
from cases import CASES, CONTROLS, PLANS, Case, small_plan
from strikes import DRIVES, FAULTS, Drive, Strike

from dedupe.errors import DedupeError

RECOVERY = ("recover", "back")
PHASES = ("apply", "undo", *RECOVERY)
ENDED, BROKE, STRUCK, REFUSED, RAISED, KILLED = 0, 1, 2, 3, 4, 137


@dataclass
class Result:
    """What came of it.

    Attributes:
        points: by phase and fault: how many.
        broken: likewise those at which something was found.
        found: what it was.
        aside: points at which what was being removed had its other name.
    """

    points: dict[str, dict[str, int]] = field(default_factory=dict)
    broken: dict[str, dict[str, int]] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    aside: int = 0

    def add(self, phase: str, fault: str, at: int, found: list[str]) -> None:
        counts = self.points.setdefault(phase, {})
        counts[fault] = counts.get(fault, 0) + 1
        broken = self.broken.setdefault(phase, {})
        broken[fault] = broken.get(fault, 0) + bool(found)
        self.found += [f"{phase}, {fault} at {at}: {what}" for what in found]


def in_child(work: Callable[[], None], strike: Strike) -> tuple[int, str]:
    """Do it in a fork: how it ended, and the error if it broke."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = BROKE
        # as in a shell: whatever started us may ignore Ctrl-C, as one does in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            with strike.installed():
                work()
            code = STRUCK if strike.struck else ENDED
        except DedupeError:
            code = REFUSED
        except (OSError, KeyboardInterrupt):
            code = RAISED
            os.write(writer, traceback.format_exc().encode("utf-8", "replace")[-2000:])
        except BaseException:  # noqa: BLE001 - whatever it is, it is told
            os.write(writer, traceback.format_exc().encode("utf-8", "replace")[-2000:])
        finally:
            os._exit(code)
    os.close(writer)
    with open(reader, encoding="utf-8") as said:  # noqa: PTH123
        words = said.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return (KILLED if os.WTERMSIG(status) in {signal.SIGKILL, signal.SIGTERM} else BROKE), words
    return os.WEXITSTATUS(status), words


def here(work: Callable[[], object], drive: Drive) -> str:
    """Do it in this process, undisturbed; "" or what went wrong."""
    try:
        with Strike(drive).installed():
            work()
    except (DedupeError, OSError, AssertionError) as error:
        return repr(error)
    return ""


@dataclass(frozen=True)
class Point:
    """Where a case is struck.

    Attributes:
        phase: in PHASES.
        fault: in FAULTS.
        at: which change, counted from 1.
        half: for recovery: the change at which the action was cut off before.
        back: whether recovery then takes back; None leaves all to undo.
    """

    phase: str
    fault: str
    at: int
    half: int = 0
    back: bool | None = None


def undisturbed(case: Case, drive: Drive) -> dict[str, object]:
    """What the action makes of the tree where nothing strikes."""
    case.prepare()
    problem = here(case.apply, drive)
    assert not problem, problem
    return case.snapshot(times=False)


def struck(
    case: Case, drive: Drive, point: Point, finished: dict[str, object]
) -> tuple[bool, list[str], bool]:
    """Strike there, in a fresh tree, and judge all that follows.

    Args:
        case: that is struck.
        drive: that it is on.
        point: where, and by what.
        finished: see `undisturbed`.

    Returns:
        Whether the run came that far, what was found, and whether what was being removed had
        its other name for the moment.
    """
    fault = FAULTS[point.fault]
    before = case.prepare()
    if point.phase == "undo":
        problem = here(case.apply, drive)
        assert not problem, problem
        case.meddle()
    elif point.phase in RECOVERY:
        in_child(case.apply, Strike(drive, FAULTS["kill before"], point.half))
    ends = [finished, case.snapshot(times=False)]
    code, words = in_child(getattr(case, point.phase), Strike(drive, fault, point.at))
    found = [f"BROKE {words}"] if code in {BROKE, RAISED} else []
    # recovery begins where a kill has struck
    cut_short = fault.kills or fault.lasting or point.phase in RECOVERY
    reserved = cut_short and not drive.links
    found += judge.after_strike(case, reserved=reserved, swapped=drive.exclusive)
    aside = any(each.endswith("-old") for each in case.contents())
    if point.back is not None:
        found += goes_on(case, drive, point, before, ends)
    if problem := here(case.undo_all, drive):
        found.append(f"UNDO {problem}")
    return code != ENDED, found + judge.undone(case, before), aside


def goes_on(
    case: Case,
    drive: Drive,
    point: Point,
    before: dict[str, object],
    ends: list[dict[str, object]],
) -> list[str]:
    """Recovery leaves no litter, and ends where an undisturbed run ends, forwards or back.

    What was not cut off has not begun, or had ended: then the tree is as it was when the run
    began, or as the run leaves it (`ends`, without times). A saved plan is applied once more
    instead of going forwards. What has failed is no longer to be finished.
    """
    back = point.back or point.phase in {"undo", "back"}
    again = case.name == "saved" and not back
    was_cut_off = case.is_cut_off()
    problem = here(case.apply if again else lambda: case.recover_all(back=back), drive)
    found = [f"RECOVER {problem}"] if problem else []
    found += judge.litter(case) + judge.after_strike(case)
    if FAULTS[point.fault].stops:
        if was_cut_off or again:
            is_whole = case.snapshot(times=back) == (before if back else ends[0])
        else:
            is_whole = case.snapshot() == before or case.snapshot(times=False) in ends
        found += [] if is_whole else ["RECOVER did not end"]
    return found


def half_way(case: Case, drive: Drive) -> list[int]:
    """Two changes of the action, in the midst of it, at which recovery finds it cut off."""
    case.prepare()
    strike = Strike(drive, FAULTS["kill before"], 10**9)
    with strike.installed():
        case.apply()
    return [strike.count // 2, strike.count * 4 // 5]


def check(case: Case, drive: Drive, *, phases: list[str], faults: list[str], stride: int) -> Result:
    """All faults at all points of all phases; with a stride at each STRIDE-th one."""
    result = Result()
    finished = undisturbed(case, drive)
    for phase in phases:
        for number, fault in enumerate(faults):
            every = 1 if FAULTS[fault].short else stride  # there are few writes
            # the two kills from the same change on, so that with a stride of 2 every moment
            # between two changes is struck
            first = 1 + number // 2 % every
            for half in half_way(case, drive) if phase in RECOVERY else [0]:
                for turn in itertools.count():
                    at, back = first + turn * every, [False, True, None][(turn + number) % 3]
                    point = Point(phase, fault, at, half, back)
                    came, found, aside = struck(case, drive, point, finished)
                    if not came:
                        break
                    result.add(phase, fault, at, found)
                    result.aside += aside
    return result


def control(folder: Path, program: str, plan: str, faults: list[str]) -> Result:
    """The same faults on a naive program, between two drives."""
    result = Result()
    drive = DRIVES["two drives" if program == "shutil.move" else "one drive"]
    case = Case(folder, "copy", PLANS[plan])  # it leaves none in its place: judged by less
    case.prepare()
    CONTROLS[program](case)
    if found := judge.after_strike(case):
        result.add("naive", "no fault", 0, found)
        return result
    for name in faults:
        at = 1
        while True:
            case.prepare()
            work = lambda: CONTROLS[program](case)  # noqa: E731
            code, _ = in_child(work, Strike(drive, FAULTS[name], at))
            if code == ENDED:
                break
            result.add("naive", name, at, judge.after_strike(case))
            at += 1
    return result


if __name__ == "__main__":
    gc.freeze()  # else each fork copies what it never uses
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("case", choices=[*CASES, *CONTROLS])
    parser.add_argument("--drive", choices=DRIVES, default="one drive")
    parser.add_argument("--plan", choices=PLANS)
    parser.add_argument("--phase", choices=PHASES, action="append")
    parser.add_argument("--fault", choices=FAULTS, action="append")
    parser.add_argument("--stride", type=int, default=1, help="only each STRIDE-th point")
    parser.add_argument("--second", type=Path, help="a folder on another drive, for out/")
    asked = parser.parse_args()
    faults = asked.fault or list(FAULTS)
    if asked.case in CONTROLS:
        result = control(asked.folder, asked.case, asked.plan or "twelve photos", faults)
    else:
        case = Case(
            asked.folder, asked.case, PLANS[asked.plan or small_plan(asked.case)], asked.second
        )
        phases = asked.phase or list(PHASES)
        result = check(case, DRIVES[asked.drive], phases=phases, faults=faults, stride=asked.stride)
    sys.stdout.write(json.dumps(vars(result)))
