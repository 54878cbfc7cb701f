"""Plan, apply, undo and recover with the journal that belongs to an index."""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.errors import IndexProblem, JournalProblem
from dedupe.index.place import default_index, journal_beside
from dedupe.organize.applying import apply as applying
from dedupe.organize.applying import recover as recovering
from dedupe.organize.applying import undo as undoing
from dedupe.organize.applying.probe import Probed, clear_up
from dedupe.organize.applying.probe import probe as probing
from dedupe.organize.applying.recover import CutOff
from dedupe.organize.drafting import freeing, planning
from dedupe.organize.drafting.pointing import with_links, without_linked
from dedupe.organize.journal.journal import Journal
from dedupe.organize.journal.records import Record
from dedupe.organize.keep.ranking import DEFAULT_KEEP
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.plans.freeing import FreeingPlan
from dedupe.organize.plans.plan import Plan
from dedupe.organize.protected import Protected
from dedupe.organize.saved.aside_recheck import recheck_aside
from dedupe.organize.saved.freeing_recheck import recheck_freeing
from dedupe.organize.saved.plan_file import read_plan
from dedupe.organize.saved.recheck import recheck
from dedupe.organize.steps import Receipt
from dedupe.photos.discover import absolute
from dedupe.photos.photo import PhotoFile
from dedupe.progress import Progress

if TYPE_CHECKING:
    from dedupe.matching.sets.clusters import Cluster
    from dedupe.matching.sets.groups import Group


# What is no file of its own any more afterwards, so that the index forgets it until undo.
_TAKES = ("trash", "hardlink", "symlink-same")


def make_plan(
    groups: "Sequence[Group]",
    *,
    keep: Sequence[str] = DEFAULT_KEEP,
    action: str,
    into: Path | str,
    index: Path | None = None,
    clusters: "Sequence[Cluster]" = (),
    protect: Iterable[Path | str] = (),
    tree: Path | str | None = None,
) -> Plan:
    """Plan what to do with the photos of `groups`. Looks at the disk, changes nothing.

    Args:
        groups: as `find_groups` gives them; folders are numbered in their order.
        keep: rules that decide which photo of look-alikes comes first, and the order of the
            others; where photos were verified, the one that they were verified against is first.
        action: "symlink", "copy" or "move".
        into: the folder that gets one folder for each group.
        index: whose journal knows what an earlier run made there; the default index's.
        clusters: as `find_clusters` gives them, to be linked beside the groups.
        protect: folders from which nothing is moved, and into which nothing is put.
        tree: let photos that are moved keep the folders that they are in below this one:
            `tree/2019/IMG.jpg` goes to `into/2019/IMG.jpg`. With and without it, the best photo
            of each group stays in its place; without it, a link shows it in the group's folder.

    Returns:
        The plan; `print(plan)` shows it.

    Raises:
        UnknownName: there is no such action or keep rule.
        UsageError: `into` is there and is not a folder, or is protected, or a protected folder
            is not there, or there are clusters and the action is not "symlink", or a tree and
            it is not "move", or the photos are in `into` themselves.
    """
    protected = Protected(protect)
    plan = planning.make_plan(
        groups,
        keep=keep,
        action=action,
        into=into,
        ours=_ours(into, index, moves=action == "move"),
        clusters=clusters,
        protected=protected,
        tree=tree,
    )
    return with_links(plan, _links(index), protected) if plan.takes_away else plan


def plan_to_free(
    groups: "Sequence[Group]",
    *,
    action: str,
    keep: Sequence[str] = DEFAULT_KEEP,
    index: Path | None = None,
    protect: Iterable[Path | str] = (),
    named: Iterable[Path | str] = (),
) -> FreeingPlan:
    """Plan what goes of each of `groups`, so that one photo stays. Changes nothing.

    A rule trashes what is the same file as the photo to keep, or has the same pixels; what is
    weaker is in `doubts` of the plan. Replaced is what has the same bytes as a photo that stays.

    Args:
        groups: as `find_groups` gives them.
        action: "trash", "hardlink", "reflink" or "symlink-same".
        keep: rules that decide which photo of look-alikes stays.
        index: whose journal knows what is in the trash already; the default index's.
        protect: folders in which nothing is trashed or replaced.
        named: photos to trash, each by its name; then these go, whatever they are to the one
            that stays, and no others. One photo of each set stays.

    Returns:
        The plan; `print(plan)` shows it.

    Raises:
        UnknownName: there is no such action or keep rule.
        UsageError: the system has no trash, or a protected folder is not there.
    """
    plan = freeing.plan_to_free(
        groups,
        action=action,
        keep=keep,
        protected=Protected(protect),
        named=[absolute(Path(each)) for each in named],
        trashed=_trashed(index),
    )
    return _without_linked(plan, index)


def load_plan(path: Path | str, *, index: Path | None = None) -> Plan:
    """Read a plan that `save_plan` has written, and look at every photo in it once more.

    Args:
        path: of the file; steps or whole sets may have been deleted from it.
        index: whose journal knows what was made since; the default index's if None.

    Returns:
        The plan, less what cannot be done any more, with a refusal for each of that.

    Raises:
        PlanRefused: it cannot be read, is damaged, of a newer version, or would do what no
            plan does.
        UsageError: its folder is a file now, or is protected, or a protected folder is gone.
    """
    plan = read_plan(path)
    if isinstance(plan, FreeingPlan):
        return _without_linked(recheck_freeing(plan, _trashed(index)), index)
    if isinstance(plan, AsidePlan):
        return recheck_aside(plan, _ours(plan.into, index))
    return recheck(plan, _ours(plan.into, index, moves=False))


def probe(plan: Plan, *, index: Path | None = None) -> Probed:
    """Try what the file system can do that a plan puts photos on, before anybody is asked.

    For a moment a folder with empty files is made there. `apply` does it by itself where it was
    not done.

    Args:
        plan: as `make_plan` gives it.
        index: in whose journal the folder is noted; the default index's if None.

    Returns:
        The plan less what cannot be done there, and what will be different, in sentences.

    Raises:
        UsageError: the folder cannot hold symbolic links; nothing was changed.
        JournalProblem: the journal is in use, damaged, newer, or cannot be written.
    """
    if not plan.placed:
        return Probed(plan, ())
    with Journal(journal_beside(index or default_index())) as book, book.alone():
        clear_up(book)
        return probing(plan, book)


def apply(
    plan: Plan,
    *,
    index: Path | None = None,
    progress: Progress | None = None,
    probed: bool = False,
) -> Receipt:
    """Do what a plan says, each step journalled before it happens. Overwrites nothing.

    The index follows photos that were moved.

    Args:
        plan: as `make_plan` gives it.
        index: whose journal is written to; the default index's if None.
        progress: told of every step.
        probed: whether the plan comes from `probe`, right before.

    Returns:
        What was done and what was left alone; `undo` takes it back.

    Raises:
        UsageError: the folder cannot hold symbolic links; nothing was changed.
        ActionStopped: the disk is full, broken or gone; the message says where it stopped.
        Interrupted: Ctrl-C or SIGTERM; the current file was finished.
    """
    index = index or default_index()
    journal = journal_beside(index)
    earlier = {record.id for record in undoing.history(journal)}
    try:
        return applying.apply(plan, journal=journal, progress=progress, probed=probed)
    finally:  # also after Ctrl-C or a full disk: what was moved is moved
        _follow(journal, index, lambda record: record.id not in earlier)


def undo(
    receipt: Receipt | None = None,
    *,
    action: int | None = None,
    index: Path | None = None,
    progress: Progress | None = None,
) -> Receipt:
    """Take an action back, newest step first: names, bytes and times as before.

    Args:
        receipt: of the action; the last one that still stands if None.
        action: its number, instead of a receipt.
        index: whose journal is read; the default index's if None.
        progress: told of every step.

    Returns:
        What was taken back, and what was left alone because somebody changed it since.

    Raises:
        UsageError: there is no action of that number, or its drive is not there.
        ActionStopped: the disk is full, broken or gone.
        Interrupted: Ctrl-C or SIGTERM; the current file was finished.
    """
    index = index or default_index()
    journal = journal_beside(index)
    if receipt is not None:
        journal, action = receipt.journal, receipt.action
    earlier = {record.id: record.state for record in undoing.history(journal)}
    try:
        return undoing.undo(journal=journal, action=action, progress=progress)
    finally:
        _follow(journal, index, lambda record: record.state != earlier.get(record.id))


def recover(
    *, back: bool = False, index: Path | None = None, progress: Progress | None = None
) -> list[Receipt]:
    """Go on with every action that was cut off: finish it, or what `undo` was taking back.

    What was cut off in the middle of a file is put right first, so that no unfinished copy is
    left. The index follows photos that were moved.

    Args:
        back: take actions back instead of finishing them.
        index: whose journal is read; the default index's if None.
        progress: told of every step.

    Returns:
        What was done of each, oldest first; none where nothing was cut off.

    Raises:
        UsageError: the drive of one is not there.
        ActionStopped: the disk is full, broken or gone.
        Interrupted: Ctrl-C or SIGTERM; the current file was finished.
    """
    index = index or default_index()
    journal = journal_beside(index)
    unfinished = {record.id for record in undoing.history(journal) if record.unfinished}
    try:
        return recovering.recover(journal=journal, back=back, progress=progress)
    finally:
        _follow(journal, index, lambda record: record.id in unfinished)


def history(*, index: Path | None = None) -> list[Record]:
    """All actions that were ever begun on the photos of an index, oldest first.

    Args:
        index: whose journal is read; the default index's if None.

    Returns:
        What is known of each: when it was, how many photos, whether it stands.

    Raises:
        JournalProblem: the journal is damaged or newer.
    """
    return undoing.history(journal_beside(index or default_index()))


def cut_off(*, index: Path | None = None) -> list[CutOff]:
    """What `recover` would go on with. Args and errors are those of `history`."""
    return recovering.cut_off(journal_beside(index or default_index()))


def _trashed(index: Path | None) -> set[Path]:
    """Where the journal knows that photos were which are in the trash now."""
    journal = journal_beside(index or default_index())
    if not journal.exists():
        return set()
    with Journal(journal) as book:
        return book.gone_from()


def _ours(into: Path | str, index: Path | None, *, moves: bool = True) -> dict[Path, str]:
    """What the journal says was made below a folder; args as for `Journal.links_under`."""
    journal = journal_beside(index or default_index())
    if not journal.exists():
        return {}
    with Journal(journal) as book:
        return book.links_under(into, moves=moves)


def _without_linked(plan: FreeingPlan, index: Path | None) -> FreeingPlan:
    return without_linked(plan, _links(index)) if plan.action == "trash" else plan


def _links(index: Path | None) -> set[Path]:
    """Where links were seen by the last scans, and where dedupe has made some itself."""
    index = index or default_index()
    found = {path for path, text in _ours(Path(index.anchor or "/"), index).items() if text}
    if index.exists():
        from dedupe.index.store import Index
        from dedupe.photos.walk import IS_LINK

        with Index(index) as store:
            found |= {skip.path for skip in store.skips(()) if skip.reason == IS_LINK}
    return found


def _follow(journal: Path, index: Path, touched: Callable[[Record], bool]) -> None:
    """Tell the index where the photos of these actions are now, so that no scan is needed."""
    if not journal.exists() or not index.exists():
        return
    try:
        moves: list[tuple[Path, Path]] = []
        gone: list[bytes] = []
        back: list[tuple[PhotoFile, bytes]] = []
        with Journal(journal) as book:
            for record in filter(touched, book.records()):
                for entry in book.entries(record.id):
                    if entry.step.moves and entry.state in {"done", "undone"}:
                        ends = (entry.step.source, entry.step.target)
                        moves.append(ends if entry.state == "done" else ends[::-1])
                    elif entry.step.verb in _TAKES and entry.state == "done":
                        gone.append(os.fsencode(entry.step.source))
                    elif entry.step.verb in _TAKES and entry.state == "undone":
                        with suppress(OSError):
                            found = os.lstat(entry.step.source)
                            file = PhotoFile.seen(entry.step.source, found)
                            back.append((file, entry.step.content))
        if moves or gone or back:
            from dedupe.index.store import Index

            with Index(index) as store, store.batch():
                store.follow(moves)
                store.forget(gone, ())
                store.bring_back(back)
    except (IndexProblem, JournalProblem):
        pass  # the photos are safe, and the next scan recognises them by content
