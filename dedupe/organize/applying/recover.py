"""After a crash: goes on with what was cut off, by what the journal says."""

from dataclasses import dataclass
from pathlib import Path

from dedupe.organize.applying.apply import carry_out
from dedupe.organize.applying.passes import Pass, settle_interrupted
from dedupe.organize.applying.signals import held_back
from dedupe.organize.applying.undo import take_back
from dedupe.organize.journal.journal import Journal
from dedupe.organize.journal.mounts import away, drive_for, waits
from dedupe.organize.journal.records import Record
from dedupe.organize.plans.freeing import FREEING
from dedupe.organize.steps import Receipt, Refusal, Step
from dedupe.progress import Progress, Silent


@dataclass(frozen=True, slots=True)
class CutOff:
    """An action that was cut off, in either direction.

    Attributes:
        record: of the action.
        ahead: the photos, and what goes along with them, that are still to be linked, moved or
            copied; of an undo, those that are still to be taken back. Links that only show what
            stays are none of them.
    """

    record: Record
    ahead: tuple[Step, ...]

    @property
    def takes_away(self) -> bool:
        """Whether to finish it takes photos away from where a person has them now."""
        taking = any(step.moves or step.verb in FREEING for step in self.ahead)
        return self.record.state == "running" and taking


def cut_off(journal: Path) -> list[CutOff]:
    """What was cut off and not begun again since, oldest first. Changes nothing.

    Raises:
        JournalProblem: the journal is damaged or newer.
    """
    if not journal.exists():
        return []
    with Journal(journal) as book:
        return [
            CutOff(record, _ahead(book, record)) for record in book.records() if record.unfinished
        ]


def _ahead(book: Journal, record: Record) -> tuple[Step, ...]:
    states = {"intent", "planned" if record.state == "running" else "done"}
    return tuple(
        entry.step
        for entry in book.entries(record.id)
        if (entry.step.verb == record.action or entry.step.goes_along) and entry.state in states
    )


def recover(
    *, journal: Path, back: bool = False, progress: Progress | None = None
) -> list[Receipt]:
    """Go on with every action that was cut off, and with every undo.

    What was cut off in the middle of a file is put right first: each photo is whole under one
    name, and no unfinished copy is left. Then the action is finished, or an undo that was cut
    off. Where nothing was cut off, nothing is done; so it may be called as often as one likes.

    Args:
        journal: where `apply` wrote it down.
        back: take actions back instead of finishing them.
        progress: told of every step.

    Returns:
        What was done of each, oldest first. An action of which some photo cannot be found, as
        its drive is not there, stays as it is; these photos are in a receipt of number 0.

    Raises:
        UsageError, JournalProblem, ActionStopped, Interrupted: as `apply` and `undo`.
    """
    if not journal.exists():
        return []
    receipts = []
    with held_back() as asked, Journal(journal) as book, book.alone():
        unclear = settle_interrupted(book)
        for record in book.records():
            if not record.unfinished or book.is_unclear(record.id):
                continue  # its drive is away: to go on would give up what is on it
            taking_back = back or record.state == "undoing"
            if waiting := _waiting(book, record, back=taking_back):
                unclear.append(waiting)
                continue
            told = progress or Silent()
            if taking_back:
                receipts.append(take_back(book, record, asked, told, []))
            else:
                work = Pass(book=book, record=record, asked=asked)
                receipts.append(carry_out(work, told))
    if unclear:
        nothing = Receipt(journal=journal, action=0, name="", into=Path(), left=tuple(unclear))
        receipts.append(nothing)
    return receipts


def _waiting(book: Journal, record: Record, *, back: bool) -> Refusal | None:
    """Why an action stays as it is: a drive that it needs is not there. None where all are."""
    entries = book.entries(record.id)
    gone = away(book.mounts(record.id), entries)
    for entry in entries:
        needed = entry.state == "done" or not back  # what is done lies on a drive that is synced
        if needed and (top := drive_for(entry.step, gone, back=back)):
            return Refusal(entry.step.target, waits(top))
    return None
