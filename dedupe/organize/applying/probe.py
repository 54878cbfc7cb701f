"""What is different where photos are to go: tried there, and said before the first step."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.changes import restore_folder_times
from dedupe.organize.files.place import Refused, random_temp_name
from dedupe.organize.files.trying import Abilities, clear, try_out
from dedupe.organize.journal.journal import Journal
from dedupe.organize.journal.mounts import is_mounted, mount_of
from dedupe.organize.journal.records import FolderTimes
from dedupe.organize.plans.aside import AsidePlan, bare_links
from dedupe.organize.plans.freeing import FreeingPlan
from dedupe.organize.plans.plan import ALONE, Plan
from dedupe.organize.steps import Refusal, Step

# What some file system does not take: FAT, exFAT and NTFS these and what no terminal shows.
_DOUBTFUL = frozenset('<>:"\\|?*')
_WORTH_SAYING_NS = 1_000_000  # nobody misses the last digits of a time, as on NTFS


@dataclass(frozen=True, slots=True)
class Probed:
    """A plan, and what is to be known before it is done.

    Attributes:
        plan: less what cannot be done there, with a refusal for each.
        notes: sentences: what will be different there.
    """

    plan: Plan
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Drive:
    """A file system that something is to be put on."""

    folder: Path
    device: int
    steps: list[Step] = field(default_factory=list)


def probe(plan: Plan, book: Journal) -> Probed:
    """Try what the file systems can do that photos are to go to; whoever calls holds the journal.

    A folder of ours is made for a moment in the one for the photos, or in the nearest that there
    is, and is noted in the journal, so that none is left by a kill. Where it cannot be made,
    the steps will say why.

    Raises:
        UsageError: links are what the plan is for, and cannot be; nothing was changed.
    """
    if isinstance(plan, FreeingPlan):
        return Probed(plan, ())  # nothing is put anywhere but where it, or the trash, is
    notes: list[str] = []
    refusals: dict[int, Refusal] = {}
    unshown: set[int] = set()
    drives = _drives(plan.placed)
    for drive in drives:
        where = safe(plan.into if len(drives) == 1 else drive.folder)
        able = _tried(drive, plan.into, book)
        if able is None:
            continue
        links = {id(step) for step in drive.steps if step.verb == "symlink"}
        if links and not able.links:
            if not isinstance(plan, AsidePlan):
                raise UsageError(
                    f"{where} cannot hold symbolic links: {able.no_links}",
                    "nothing was changed; use another folder, or copy or move instead",
                )
            notes.append(f"{where}: no symbolic links, so the photos that stay are not shown there")
            unshown |= links
        notes += (f"{where}: {each}" for each in _notes(drive, able))
        for step in drive.steps:
            if not able.impossible.isdisjoint(_samples(step, plan.into)):
                reason = f"stays, as the drive there cannot hold the name {safe(step.target)}"
                refusals[id(step)] = Refusal(step.source, reason)
    return Probed(_without(plan, refusals, unshown), tuple(notes))


def clear_up(book: Journal) -> list[Refusal]:
    """Take away what a kill left of a probe.

    Returns:
        What is left: its drive is not there, or somebody put something in.
    """
    left = []
    for name, folder, mount in book.probes():
        try:
            if not folder.path.exists() or (mount and not is_mounted(mount)):
                continue  # its drive is away: another time
            clear(folder.path / name)
            if not book.gives_back(folder):
                _restore(folder)
        except Refused as refused:
            left.append(Refusal(refused.path, refused.reason))
        except OSError as error:
            left.append(Refusal(folder.path / name, f"could not be removed: {checks.said(error)}"))
            continue
        book.end_probe(name)
    return left


def _drives(steps: Iterable[Step]) -> list[_Drive]:
    """The file systems that something is put on, each with the first folder there is."""
    found: dict[int, _Drive] = {}
    known: dict[Path, tuple[Path, int]] = {}
    for step in steps:
        parent = step.target.parent
        if parent not in known:
            with suppress(OSError, StopIteration):
                folder = next(path for path in step.target.parents if path.is_dir())
                known[parent] = folder, _device_of(folder)
        if parent in known:
            folder, device = known[parent]
            found.setdefault(device, _Drive(folder, device)).steps.append(step)
    return list(found.values())


def _device_of(folder: Path) -> int:
    return folder.stat().st_dev


def _tried(drive: _Drive, into: Path, book: Journal) -> Abilities | None:
    """What the file system can do, or None where that cannot be told."""
    folder, name = drive.folder, random_temp_name()
    samples = set().union(*(_samples(step, into) for step in drive.steps))
    try:
        found, mount = folder.stat(), mount_of(folder)
    except OSError:
        return None
    times = FolderTimes(folder, found.st_mode & 0o7777, found.st_atime_ns, found.st_mtime_ns)
    book.begin_probe(name, times, mount)
    able = None
    with suppress(OSError, Refused):
        able = try_out(folder / name, sorted(samples))
    clear_up(book)
    return able


def _restore(folder: FolderTimes) -> None:
    with suppress(Refused, FileNotFoundError):
        restore_folder_times(
            folder.path, atime_ns=folder.atime_ns, mtime_ns=folder.mtime_ns, mode=folder.mode
        )


def _samples(step: Step, into: Path) -> set[str]:
    """What is doubtful in the names that a step needs: of the file, and of folders of a tree."""
    return set(filter(None, map(_sample, step.target.relative_to(into).parts)))


def _sample(name: str) -> str | None:
    """A short name with what is doubtful in a name, or None: it can be anywhere."""
    doubtful = {each for each in name if each in _DOUBTFUL or not each.isprintable()}
    end = name[-1:] if name.endswith((".", " ")) else ""
    return f"x{''.join(sorted(doubtful))}x{end}" if doubtful or end else None


def _notes(drive: _Drive, able: Abilities) -> Iterator[str]:
    comes_from_elsewhere = any(
        step.verb != "symlink" and step.device != drive.device for step in drive.steps
    )
    if comes_from_elsewhere:
        lost = list(_lost(able))
        if lost:
            back = "; undo gives the exact ones back"
            moved = any(step.moves for step in drive.steps)
            yield f"{', '.join(lost)}{back if moved else ''}"
    if able.one_case or able.one_form:
        what = "upper and lower case" if able.one_case else "the two forms of accented letters"
        yield f"{what} are one: names that differ in nothing else get a number"
    if not able.refuses_taken and not able.hard_links:
        yield "a taken name is not refused by the system: let nothing else write there meanwhile"


def _lost(able: Abilities) -> Iterator[str]:
    if able.clock_ns >= _WORTH_SAYING_NS:
        yield f"times are kept to {_duration(able.clock_ns)}"
    kinds = [("permissions", able.modes), ("extended attributes", able.attributes)]
    names = [name for name, kept in kinds if not kept]
    if names:
        yield f"{' and '.join(names)} are not kept"


def _duration(ns: int) -> str:
    if ns < 10**9:
        return f"{ns // 10**6} ms"
    seconds = ns // 10**9
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def _without(plan: Plan, refusals: dict[int, Refusal], unshown: set[int]) -> Plan:
    """The plan without some files and links, without what that leaves alone, and their folders."""
    refusals = {each: why for each, why in refusals.items() if each not in unshown}
    if not refusals and not unshown:
        return plan
    made = {step.target for step in plan.steps if step.verb == "mkdir"}
    sets: dict[Path, list[Step]] = {}
    for step in plan.photos:
        if step.kept is None:  # else one of its set stays in its place
            sets.setdefault(step.target.parent, []).append(step)
    for folder, steps in sets.items():
        left = [step for step in steps if id(step) not in refusals]
        if len(left) == 1 < len(steps) and folder in made:
            refusals[id(left[0])] = Refusal(left[0].source, ALONE)
    without = {step.target for step in plan.photos if id(step) in refusals}
    for step in plan.along:
        if step.photo in without:
            refusals[id(step)] = Refusal(step.source, "stays with its photo")
    gone = refusals.keys() | unshown
    if isinstance(plan, AsidePlan):
        bare = bare_links(step for step in plan.steps if id(step) not in gone)
        gone |= {id(step) for step in plan.placed if step.target in bare}
    return replace(
        plan,
        steps=tuple(_still_needed(plan.steps, gone)),
        refusals=(*plan.refusals, *refusals.values()),
    )


def _still_needed(steps: Sequence[Step], gone: set[int]) -> Iterator[Step]:
    placed = [step for step in steps if step.is_photo or step.goes_along]
    left = {step.target for step in placed if id(step) not in gone}
    unmoved = {step.target for step in placed if id(step) in gone}
    needed = {folder for target in left for folder in target.parents}
    for step in steps:
        if step.verb == "mkdir" and step.target not in needed:
            continue
        if step.verb == "relink" and step.leads_to in unmoved:
            continue
        if id(step) not in gone:
            yield step
