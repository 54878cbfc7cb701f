"""Does what a plan says, so that a kill at any moment loses nothing and undo finds its way."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dedupe.errors import ActionStopped, UsageError
from dedupe.names import safe
from dedupe.organize.applying.free_space import refuse_without_room
from dedupe.organize.applying.passes import NoLinks, Pass, settle_interrupted
from dedupe.organize.applying.probe import probe
from dedupe.organize.applying.signals import Asked, held_back
from dedupe.organize.applying.undo import receipt, take_back
from dedupe.organize.applying.verbs import folders_touched
from dedupe.organize.files import checks
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.freeing import FREEING, ready
from dedupe.organize.plans.plan import Plan
from dedupe.organize.steps import Receipt, Step
from dedupe.progress import Progress, Silent

_DOING = {"symlink": "linking", "move": "moving", "copy": "copying", "trash": "trashing"}


def apply(
    plan: Plan,
    *,
    journal: Path,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    probed: bool = False,
) -> Receipt:
    """Do the steps of a plan, each written to the journal before it is done.

    Nothing is ever overwritten, and each photo is looked at once more right before it is
    touched. A file that cannot be handled is left and listed, the others go on. Whatever
    happens, a photo is whole under its old or its new name, and `undo` takes back what was done.

    Args:
        plan: from `make_plan`.
        journal: the file to write to; it is made if it is missing.
        progress: told of every step.
        stop: asked between two files; True ends the action there.
        probed: whether `probe` has looked at the plan right before.

    Returns:
        What was done and what was left; `action` is 0 where the plan had no steps.

    Raises:
        UsageError: the folder cannot hold symbolic links, or its drive has no room for what is
            to be written there; nothing was changed.
        JournalProblem: the journal is in use, damaged, newer, or cannot be written.
        ActionStopped: the disk is full, broken or gone. The message says at which file.
        Interrupted: Ctrl-C, SIGTERM or `stop`; the current file was finished.
    """
    if not plan.steps:
        return _nothing(plan, journal)
    with held_back() as asked, Journal(journal) as book, book.alone():
        settle_interrupted(book)
        refuse_without_room(plan.steps)
        try:
            if not probed:
                plan = probe(plan, book).plan
            plan = ready(plan)
            if not plan.steps:
                return _nothing(plan, journal)
            touched = set().union(*map(folders_touched, plan.steps))
            record = book.record(book.begin(replace(plan, steps=_as_they_are(plan)), touched))
        except OSError as error:
            where = f" ({safe(Path(error.filename))})" if error.filename else ""
            raise ActionStopped(
                f"stopped before the first photo: {checks.said(error)}{where}",
                "no photo was touched; look whether the drive is still there and sound",
            ) from error
        work = Pass(book=book, record=record, asked=asked, left=list(plan.refusals), stop=stop)
        return carry_out(work, progress or Silent())


def _nothing(plan: Plan, journal: Path) -> Receipt:
    return Receipt(journal=journal, action=0, name=plan.action, into=plan.into, left=plan.refusals)


def carry_out(work: Pass, progress: Progress) -> Receipt:
    """Do what is planned and not done yet of an action; whoever calls holds the journal alone.

    Raises:
        UsageError, JournalProblem, ActionStopped, Interrupted: as `apply`.
    """
    book, record = work.book, work.record
    entries = book.entries(record.id)
    planned = [entry for entry in entries if entry.state == "planned"]
    failed = (entry.step for entry in entries if entry.state == "failed")
    work.stayed |= {step.target for step in failed if step.is_photo or step.goes_along}
    progress.start(_DOING.get(record.action, "replacing"), len(planned))
    work.progress = progress
    try:
        work.forwards(planned)
    except NoLinks as problem:
        settle_interrupted(book)
        take_back(book, record, Asked(), Silent(), [])
        raise UsageError(
            f"the file system below {safe(record.into)} has no {FREEING[record.action].links}: "
            f"{problem}",
            "nothing was changed; --trash works on every file system",
        ) from problem
    work.sync()
    if not book.is_unclear(record.id):  # of a drive that is away now; else it stays cut off
        book.finish(record.id)
    return receipt(book, record, work.passed, tuple(work.left))


def _as_they_are(plan: Plan) -> tuple[Step, ...]:
    """The steps of a plan, with what undo must give back and a drive may forget.

    exFAT has neither permissions nor extended attributes, and a hard link those of another photo.
    A photo that is gone keeps its step, which will be refused.
    """
    return tuple(
        replace(step, mode=checks.mode_of(step.source), attributes=checks.attributes(step.source))
        if step.moves or step.verb in FREEING
        else step
        for step in plan.steps
    )
