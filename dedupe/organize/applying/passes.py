"""One pass over the steps of an action, forwards or back: the journal first, then the change."""

import errno
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from dedupe.errors import ActionStopped, Interrupted
from dedupe.names import safe
from dedupe.organize.applying.probe import clear_up
from dedupe.organize.applying.signals import Asked
from dedupe.organize.applying.strays import Strays
from dedupe.organize.applying.verbs import VERBS
from dedupe.organize.files import checks
from dedupe.organize.files.changes import sync_folders
from dedupe.organize.files.place import Place, Refused, look, temp_name
from dedupe.organize.files.substitutes import Unable
from dedupe.organize.journal.journal import Journal
from dedupe.organize.journal.mounts import away, drive_for, waits
from dedupe.organize.journal.records import Entry, Mark, Record
from dedupe.organize.steps import Refusal, Step
from dedupe.photos.photo import PhotoFile
from dedupe.progress import Progress, Silent

# After one of these the next file will fare no better: the disk is full, broken or gone, or
# this process is out of something. All others (rights, names) concern one file.
_HOPELESS = {
    getattr(errno, name)
    for name in "ENOSPC EDQUOT EIO ENODEV ENXIO ESTALE ENOTCONN EMFILE ENFILE ENOMEM".split()
    if hasattr(errno, name)
}
RESUME_HINT = "`dedupe recover` goes on from here, `dedupe undo` takes back what was done"


class NoLinks(Exception):
    """The very first photo could not be replaced: the file system has no such links."""


@dataclass(slots=True)
class Pass:
    """Works off steps and keeps count.

    Attributes:
        book: the journal.
        record: the action.
        asked: whether a signal asked to stop.
        progress: who wants to know.
        stop: asked between steps, like a signal.
        passed: the steps that were done, or taken back.
        left: those that were not, and why.
        stayed: where those would be: what belongs to such a photo stays with it.
    """

    book: Journal
    record: Record
    asked: Asked
    progress: Progress = field(default_factory=Silent)
    stop: Callable[[], bool] | None = None
    passed: list[Entry] = field(default_factory=list)
    left: list[Refusal] = field(default_factory=list)
    stayed: set[Path] = field(default_factory=set)
    _strays: Strays | None = None

    def forwards(self, entries: Iterable[Entry]) -> None:
        """Do steps; those that fail are left, the others go on.

        Raises:
            ActionStopped: the disk is full, broken or gone.
            Interrupted: somebody asked to stop; the current file was finished.
            JournalProblem: the journal cannot be written.
            NoLinks: the very first photo could not be replaced.
        """
        self._work(entries, _FORWARDS)

    def backwards(self, entries: Iterable[Entry]) -> None:
        """Take steps back; raises as `forwards` does."""
        self._work(entries, _BACKWARDS)

    def sync(self) -> None:
        """Make the names in all folders of the action survive a power cut.

        Raises:
            ActionStopped: the disk is full, broken or gone.
        """
        try:
            sync_folders(folder.path for folder in self.book.folders(self.record.id))
        except OSError as error:
            raise ActionStopped(
                f"stopped at the end: {checks.said(error)}; {self._counted()}", RESUME_HINT
            ) from error

    def _work(self, entries: Iterable[Entry], way: "_Way") -> None:
        marks: list[Mark] = []  # what became of the step before, in one commit with the next
        unmade: set[Path] = set()
        try:
            for entry in entries:
                self._check_stop()
                step = entry.step
                if step.target.parent in unmade:
                    marks.append(self._leave(entry, way, step.source, "has no folder to go to"))
                elif step.goes_along and step.photo in self.stayed:
                    path = step.source if way.stands else step.target
                    marks.append(self._leave(entry, way, path, "stays with its photo"))
                else:
                    self.book.mark(self.record.id, [*marks, Mark(seq=entry.seq, state="intent")])
                    marks = []  # if the next line raises, the step stays an intent
                    marks = [self._outcome(entry, way)]
                if step.verb == "mkdir" and marks[-1].state == "failed":
                    unmade.add(step.target)
                if (step.is_photo or step.goes_along) and marks[-1].state == way.failure:
                    self.stayed.add(step.target)
                self.progress.advance()
        finally:
            if marks:
                self.book.mark(self.record.id, marks)

    def _outcome(self, entry: Entry, way: "_Way") -> Mark:
        """Make one change and say what became of it."""
        try:
            if entry.step.moves and not way.stands and _is_astray(entry):
                entry = self._found(entry)
            made = way.act(self, entry)
        except Refused as refused:
            return self._leave(entry, way, refused.path, refused.reason)
        except FileExistsError:
            taken = entry.step.target if way.stands else entry.step.source
            return self._leave(entry, way, taken, "is taken by another file")
        except OSError as error:
            mark = self._failed(entry, way, error)
            if error.errno in _HOPELESS:
                self.book.mark(self.record.id, [mark])
                raise self._stopped(entry, error) from error
            return mark
        self.passed.append(entry)
        return Mark(seq=entry.seq, state=way.success, made=made)

    def _failed(self, entry: Entry, way: "_Way", error: OSError) -> Mark:
        if self._settled(entry, error) == way.stands:
            self.passed.append(entry)
            return Mark(seq=entry.seq, state=way.success)
        verb = VERBS[entry.step.verb]
        path = entry.step.source if way.stands else entry.step.target
        past = verb.done if way.stands else verb.undone
        return self._leave(entry, way, path, f"could not be {past}: {checks.said(error)}")

    def _do(self, entry: Entry) -> PhotoFile | None:
        step = entry.step
        try:
            return VERBS[step.verb].do(step, temp_name(self.record.token, entry.seq))
        except Unable as error:
            # the first one is the probe: one made only for that could be left by a kill
            if not any(passed.step.verb == step.verb for passed in self.passed):
                raise NoLinks(checks.said(error)) from error
            raise

    def _undo(self, entry: Entry) -> None:
        temp = temp_name(self.record.token, entry.seq)
        VERBS[entry.step.verb].undo(entry.step, entry.made, temp)

    def _found(self, entry: Entry) -> Entry:
        """The step of a photo that is not in its place, with the place where it is."""
        if self._strays is None:
            self._strays = Strays(self.record.into, self.book.in_place())
        photo = self._strays.find(entry)
        if photo is not None:
            # written down first: a kill now must not leave a step that nobody can settle
            self.book.found(self.record.id, entry.seq, photo)
            return replace(entry, step=replace(entry.step, target=photo.path), made=photo)
        target = entry.step.target
        if os.path.lexists(target):
            return entry  # what is there now will be refused with its reason
        if (later := self.book.moved_on_by(target)) > self.record.id:
            raise Refused(target, f"was moved on by action {later}: take that back first")
        raise Refused(target, f"is gone{self._strays.where(entry)}")

    def _settled(self, entry: Entry, error: OSError) -> bool:
        """Whether a step that failed stands all the same: fsync may fail after the rename."""
        try:
            return VERBS[entry.step.verb].settle(
                entry.step, temp_name(self.record.token, entry.seq)
            )
        except (OSError, Refused):  # cannot be told now: it stays an intent, for undo to look at
            raise self._stopped(entry, error) from error

    def _leave(self, entry: Entry, way: "_Way", path: Path, reason: str) -> Mark:
        self.left.append(Refusal(path, reason))
        return Mark(seq=entry.seq, state=way.failure, reason=reason)

    def _check_stop(self) -> None:
        if self.asked.by or (self.stop is not None and self.stop()):
            raise Interrupted(
                f"stopped as asked, between two files: {self._counted()}",
                RESUME_HINT,
                exit_code=self.asked.exit_code if self.asked.by else 130,
            )

    def _stopped(self, entry: Entry, error: OSError) -> ActionStopped:
        return ActionStopped(
            f"stopped at {safe(entry.step.source)}: {checks.said(error)} "
            f"({safe(entry.step.target)}); {self._counted()}",
            RESUME_HINT,
        )

    def _counted(self) -> str:
        photos = sum(entry.step.verb == self.record.action for entry in self.passed)
        return f"{photos:,} photo{'' if photos == 1 else 's'} done, each of them whole"


@dataclass(frozen=True, slots=True)
class _Way:
    """One of the two directions: what is done, and what a step is called after it."""

    act: Callable[[Pass, Entry], PhotoFile | None]
    success: str
    failure: str
    stands: bool


_FORWARDS = _Way(Pass._do, success="done", failure="failed", stands=True)
_BACKWARDS = _Way(Pass._undo, success="undone", failure="done", stands=False)


def _is_astray(entry: Entry) -> bool:
    """Whether a moved photo is neither where it was put nor back at its old place."""
    step, made = entry.step, entry.made

    def changed(place: Place) -> bool:
        return made is not None and bool(checks.difference(place, made, step.content))

    if look(step.target, Place.exists):
        return look(step.target, changed)
    return not look(step.source, lambda it: checks.same_bytes(it, step.file, step.content))


def _is_gone(step: Step) -> bool:
    """Whether a photo is under neither name although both drives are there."""
    try:
        device = step.source.parent.stat().st_dev
    except OSError:
        return False
    names = (step.source, step.target)
    there = device == step.device and step.target.parent.is_dir()
    gone = step.moves or step.verb == "trash"
    return there and gone and not any(map(os.path.lexists, names))


def settle_interrupted(book: Journal, again: int | None = None) -> list[Refusal]:
    """Put right what a kill has cut off in the middle of a file, in all actions.

    Afterwards each step is done or not done, and no unfinished copy is left. Nothing is
    finished or taken back by this.

    Args:
        book: the journal.
        again: number of an action that has ended: what could not be told then may be now.

    Returns:
        The files of which it cannot be told: their drive is not there, or cannot be read, or
        a folder on the way is a link now.
    """
    unclear = clear_up(book)
    for record in book.records():
        if record.state not in {"running", "undoing"} and record.id != again:
            continue
        # a change that was being taken back is taken back once more: it may lack the last touch
        idle = "planned" if record.state == "running" else "done"
        entries = book.entries(record.id)
        gone = away(book.mounts(record.id), entries)
        for entry in entries:
            if entry.state != "intent":
                continue
            if top := drive_for(entry.step, gone, back=False):
                unclear.append(Refusal(entry.step.target, waits(top)))
                continue
            temp = temp_name(record.token, entry.seq)
            try:
                stands = VERBS[entry.step.verb].settle(entry.step, temp)
            except Refused as refused:
                if _is_gone(entry.step):  # going on will say so
                    book.mark(record.id, [Mark(seq=entry.seq, state=idle)])
                else:
                    unclear.append(Refusal(refused.path, refused.reason))
            except OSError as error:
                unclear.append(Refusal(entry.step.target, f"cannot be read: {checks.said(error)}"))
            else:
                book.mark(record.id, [Mark(seq=entry.seq, state="done" if stands else idle)])
    return unclear
