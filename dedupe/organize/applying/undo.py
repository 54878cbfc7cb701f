"""Takes an action back, newest step first, as far as nobody has touched its files since."""

import errno
from collections.abc import Collection, Iterator
from pathlib import Path

from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.applying.passes import Pass, settle_interrupted
from dedupe.organize.applying.signals import Asked, held_back
from dedupe.organize.files import changes, checks
from dedupe.organize.files.place import NoFolder, Refused
from dedupe.organize.journal.journal import Journal
from dedupe.organize.journal.mounts import away, drive_for, is_below, waits
from dedupe.organize.journal.records import Entry, Record
from dedupe.organize.steps import Receipt, Refusal
from dedupe.progress import Progress, Silent

# What another try may mend, when the time of a folder could not be given back.
_PASSING = {errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


def undo(*, journal: Path, action: int | None = None, progress: Progress | None = None) -> Receipt:
    """Take back the last action that is not yet taken back, or the one with that number.

    Finished or cut off makes no difference. Names, bytes and times of files, links and folders
    are as before, except where somebody has changed or replaced one since: that one is left as
    it is and listed, all others are taken back. A photo that was only moved on, or renamed, is
    looked for below the folder of the action, and known by its content. Calling it again takes
    back the action before; calling it again after it was cut off goes on.

    Args:
        journal: where `apply` wrote it down.
        action: number of the action; 0, the number of an action that had nothing to do, is
            nothing to take back. One that was taken back already is tried again for what was
            left then.
        progress: told of every step.

    Returns:
        What was taken back; `action` is 0 where there was nothing.

    Raises:
        UsageError: the journal has no action of that number, or the drive is not there.
        JournalProblem: the journal is in use, damaged or newer.
        ActionStopped: the disk is full, broken or gone.
        Interrupted: somebody asked to stop; the current file was finished.
    """
    if action == 0 or not journal.exists():
        return _nothing(journal)
    with held_back() as asked, Journal(journal) as book, book.alone():
        unclear = settle_interrupted(book, again=action)
        for record in _chosen(book, action):
            taken = take_back(book, record, asked, progress or Silent(), unclear)
            if taken.done or taken.along or taken.folders or taken.left or action is not None:
                return taken
    return _nothing(journal)


def history(journal: Path) -> list[Record]:
    """All actions that were ever begun, oldest first.

    Raises:
        JournalProblem: the journal is damaged or newer.
    """
    if not journal.exists():
        return []
    with Journal(journal) as book:
        return book.records()


def take_back(
    book: Journal, record: Record, asked: Asked, progress: Progress, unclear: list[Refusal]
) -> Receipt:
    """Take one action back; whoever calls holds the journal alone.

    Args:
        book: the journal, with nothing cut off in it.
        record: the action.
        asked: whether a signal asked to stop.
        progress: told of every step.
        unclear: what is left anyway.
    """
    entries = book.entries(record.id)
    gone = away(book.mounts(record.id), entries)
    _refuse_if_away(record, entries, gone)
    book.begin_undo(record.id, gone)
    done = [entry for entry in entries if entry.state == "done"]
    standing = [entry for entry in done if drive_for(entry.step, gone, back=True) is None]
    progress.start("taking back", len(standing))
    work = Pass(book=book, record=record, asked=asked, progress=progress, left=list(unclear))
    work.left += _waiting(done, gone)
    # links last: one says again what it said where the photo is back, and only there
    links = [entry for entry in standing if entry.step.verb == "relink"]
    others = [entry for entry in standing if entry.step.verb != "relink"]
    work.backwards([*_photos_first(others), *reversed(links)])
    work.sync()
    again = False
    for folder in book.folders(record.id):
        if is_below(folder.path, gone):
            continue
        try:
            changes.restore_folder_times(
                folder.path, atime_ns=folder.atime_ns, mtime_ns=folder.mtime_ns, mode=folder.mode
            )
        except (NoFolder, FileNotFoundError):
            pass  # somebody removed it: no time to restore
        except Refused as refused:
            work.left.append(Refusal(refused.path, f"keeps its time, as it {refused.reason}"))
        except OSError as error:
            passing = error.errno in _PASSING
            again |= passing
            then = "; `dedupe recover` tries again" if passing else ""
            why = f"keeps its new time: {checks.said(error)}{then}"
            work.left.append(Refusal(folder.path, why))
    # what is on a drive that is away is tried again when it is back
    waiting = again or len(standing) < len(done) or book.is_unclear(record.id)
    book.mark(record.id, [], state="undoing" if waiting else "undone")
    return receipt(book, record, work.passed, tuple(work.left))


def receipt(
    book: Journal, record: Record, passed: list[Entry], left: tuple[Refusal, ...]
) -> Receipt:
    """What a pass over an action came to."""
    photos = [entry.step for entry in passed if entry.step.verb == record.action]
    return Receipt(
        journal=book.path,
        action=record.id,
        name=record.action,
        into=record.into,
        done=len(photos),
        along=sum(entry.step.goes_along for entry in passed),
        folders=sum(entry.step.verb == "mkdir" for entry in passed),
        links=sum(entry.step.verb == "relink" for entry in passed),
        bytes=sum(step.size for step in photos if step.verb != "symlink"),
        left=left,
    )


def _photos_first(standing: list[Entry]) -> Iterator[Entry]:
    """Newest first, but what went along after its photo: where that stays, it stays."""
    along: list[Entry] = []
    for entry in reversed(standing):
        if entry.step.goes_along:
            along.append(entry)
            continue
        if not entry.step.is_photo:  # their folder must not go before them
            yield from reversed(along)
            along = []
        yield entry
        if along and along[-1].step.photo == entry.step.target:
            yield from reversed(along)
            along = []
    yield from reversed(along)


def _chosen(book: Journal, action: int | None) -> list[Record]:
    """The actions to try, until one has something to take back."""
    records = book.records()
    if action is None:
        return [record for record in reversed(records) if record.state != "undone"]
    if not 1 <= action <= len(records):
        raise UsageError(f"the journal has no action {action}", f"the last one is {len(records)}")
    return [records[action - 1]]


def _refuse_if_away(record: Record, entries: list[Entry], gone: Collection[Path]) -> None:
    """What is on a drive that is not plugged in looks as if it were taken back already."""
    missing = None
    if record.standing and not record.into.parent.exists():
        missing = safe(record.into.parent)
    elif gone:
        standing = [entry.step for entry in entries if entry.state in {"done", "intent"}]
        photos = [step for step in standing if step.verb == record.action or step.goes_along]
        steps = photos or standing
        needed = [drive_for(step, gone, back=True) for step in steps]
        if needed and needed[0] is not None and all(needed):  # else the others are taken back
            missing = f"the drive of {safe(needed[0])}"
    if missing is not None:
        raise UsageError(
            f"{missing} is not there, so action {record.id} cannot be taken back",
            "plug its drive in, or take another one back: `dedupe history` has their numbers",
        )


def _waiting(entries: list[Entry], gone: Collection[Path]) -> Iterator[Refusal]:
    """The files that cannot be taken back before a drive is there again."""
    for entry in entries:
        if entry.step.verb != "mkdir" and (top := drive_for(entry.step, gone, back=True)):
            yield Refusal(entry.step.target, waits(top))


def _nothing(journal: Path) -> Receipt:
    return Receipt(journal=journal, action=0, name="", into=Path())
