"""Plan, apply and undo with the journal that belongs to an index."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.errors import IndexProblem, JournalProblem
from dedupe.index.place import default_index, journal_beside
from dedupe.organize import apply as applying
from dedupe.organize import plan as planning
from dedupe.organize import undo as undoing
from dedupe.organize.journal import Journal
from dedupe.organize.keep import DEFAULT_KEEP
from dedupe.organize.plan import Plan
from dedupe.organize.records import Record
from dedupe.organize.steps import Receipt
from dedupe.progress import Progress

if TYPE_CHECKING:
    from dedupe.matching.clusters import Cluster
    from dedupe.matching.groups import Group


def make_plan(
    groups: "Sequence[Group]",
    *,
    keep: Sequence[str] = DEFAULT_KEEP,
    action: str,
    into: Path | str,
    index: Path | None = None,
    clusters: "Sequence[Cluster]" = (),
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

    Returns:
        The plan; `print(plan)` shows it.

    Raises:
        UnknownName: there is no such action or keep rule.
        UsageError: `into` is there and is not a folder, or there are clusters and the action is
            not "symlink".
    """
    journal = journal_beside(index or default_index())
    ours: dict[Path, str] = {}
    if journal.exists():
        with Journal(journal) as book:
            ours = book.links_under(into)
    return planning.make_plan(
        groups, keep=keep, action=action, into=into, ours=ours, clusters=clusters
    )


def apply(plan: Plan, *, index: Path | None = None, progress: Progress | None = None) -> Receipt:
    """Do what a plan says, each step journalled before it happens. Overwrites nothing.

    The index follows photos that were moved.

    Args:
        plan: as `make_plan` gives it.
        index: whose journal is written to; the default index's if None.
        progress: told of every step.

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
        return applying.apply(plan, journal=journal, progress=progress)
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


def _follow(journal: Path, index: Path, touched: Callable[[Record], bool]) -> None:
    """Tell the index where the photos of these actions are now, so that no scan is needed."""
    if not journal.exists() or not index.exists():
        return
    try:
        moves: list[tuple[Path, Path]] = []
        with Journal(journal) as book:
            for record in filter(touched, book.records()):
                for entry in book.entries(record.id):
                    if entry.step.verb == "move" and entry.state in {"done", "undone"}:
                        ends = (entry.step.source, entry.step.target)
                        moves.append(ends if entry.state == "done" else ends[::-1])
        if moves:
            from dedupe.index.store import Index

            with Index(index) as store, store.batch():
                store.follow(moves)
    except (IndexProblem, JournalProblem):
        pass  # the photos are safe, and the next scan recognises them by content
