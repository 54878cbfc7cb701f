"""The verbs of steps: how each is done, taken back, and put right after a kill."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dedupe.names import safe
from dedupe.organize import checks, files
from dedupe.organize.steps import Step
from dedupe.photos.photo import PhotoFile


@dataclass(frozen=True, slots=True)
class Verb:
    """One kind of change.

    Attributes:
        do: makes the change; gets the step and the name of the unfinished copy it may write,
            returns the photo at its new place, if there is one.
        undo: takes the change back; gets the step, the photo that `do` returned (None if that
            is not known) and the name of the unfinished copy. Nothing to take back is fine.
        settle: looks at a change that was cut off in either direction, clears away its traces,
            and says whether the change stands now.
        done: follows "could not be": "moved".
        undone: likewise: "moved back".
    """

    do: Callable[[Step, str], PhotoFile | None]
    undo: Callable[[Step, PhotoFile | None, str], None]
    settle: Callable[[Step, str], bool]
    done: str
    undone: str


def _mkdir(step: Step, temp: str) -> None:
    files.make_folder(step.target)


def _undo_mkdir(step: Step, made: PhotoFile | None, temp: str) -> None:
    if not os.path.lexists(step.target):
        return
    if step.target.is_symlink() or not step.target.is_dir():
        raise files.Refused(step.target, "is no longer the folder that was made")
    if any(step.target.iterdir()):
        raise files.Refused(step.target, "stays, as there is something else in it")
    files.remove_empty_folder(step.target)


def _rmdir(step: Step, temp: str) -> None:
    files.remove_empty_folder(step.target)


def _undo_rmdir(step: Step, made: PhotoFile | None, temp: str) -> None:
    if not step.target.is_dir():
        files.make_folder(step.target)


def _symlink(step: Step, temp: str) -> None:
    files.make_link(step.link, step.target)


def _undo_symlink(step: Step, made: PhotoFile | None, temp: str) -> None:
    if os.path.lexists(step.target):
        files.remove_link(step.target, step.link)


def _unlink(step: Step, temp: str) -> None:
    files.remove_link(step.target, step.link)


def _undo_unlink(step: Step, made: PhotoFile | None, temp: str) -> None:
    if not _link_stands(step, temp):
        files.make_link(step.link, step.target)


def _move(step: Step, temp: str) -> PhotoFile:
    return files.move(step.file, step.target, step.content, temp)


def _undo_move(step: Step, made: PhotoFile | None, temp: str) -> None:
    if not os.path.lexists(step.target):
        # a power cut may forget a rename that the journal remembers, a kill strike right here
        if not checks.same_bytes(step.source, step.file, step.content):
            raise files.Refused(step.target, "is gone")
        _restore(step)
        return
    if os.path.lexists(step.source):
        raise files.Refused(step.source, "is taken by another file, so the photo stays where it is")
    if made is None:  # cut off before the journal got to know it: the bytes must do
        if not checks.same_bytes(step.target, step.file, step.content):
            raise files.Refused(step.target, "was edited after it was moved")
        made = checks.seen(step.target)
    _make_missing(step.source.parent, step)
    files.move(made, step.source, step.content, temp)
    _restore(step)


def _restore(step: Step) -> None:
    files.restore_photo(
        step.source, mtime_ns=step.mtime_ns, mode=step.mode, attributes=step.attributes
    )


def _make_missing(folder: Path, step: Step) -> None:
    """Make the folder of a photo anew, if somebody tidied it away when it was empty."""
    above = [folder, *folder.parents]
    missing = [path for path in above if not os.path.lexists(path)]
    # but not on the drive below, where the one with the photo's folder is not plugged in
    if missing and missing[-1].parent.stat().st_dev != step.device:
        raise files.Refused(step.target, f"stays, as its old folder {safe(folder)} is not there")
    for path in reversed(missing):
        files.make_folder(path)


def _copy(step: Step, temp: str) -> PhotoFile:
    return files.copy(step.file, step.target, step.content, temp)


def _undo_copy(step: Step, made: PhotoFile | None, temp: str) -> None:
    if os.path.lexists(step.target):
        files.remove_copy(replace(made or step.file, path=step.target), step.content)


def _stands(step: Step, temp: str) -> bool:
    return os.path.lexists(step.target)


def _is_gone(step: Step, temp: str) -> bool:
    return not os.path.lexists(step.target)


def _link_stands(step: Step, temp: str) -> bool:
    return checks.link_text(step.target) == step.link


def _link_is_gone(step: Step, temp: str) -> bool:
    return not _link_stands(step, temp)


def _settle_move(step: Step, temp: str) -> bool:
    """Between old and new name: one of them stays, the old one where both are whole."""
    _discard_temps(step, temp)
    here = checks.same_bytes(step.source, step.file, step.content)
    there = checks.same_bytes(step.target, step.file, step.content)
    if here and (there or checks.is_empty_file(step.target)):
        files.discard_double(step.target, step.file, step.content)
    elif there and checks.is_empty_file(step.source):
        files.discard_double(step.source, checks.seen(step.target), step.content)
    if not here and not os.path.lexists(step.target):
        # a drive that is not plugged in looks like this; to guess would forget the photo
        raise files.Refused(step.source, f"is neither there nor at {safe(step.target)}")
    return not here


def _settle_copy(step: Step, temp: str) -> bool:
    _discard_temps(step, temp)
    if checks.same_bytes(step.target, step.file, step.content):
        return True
    if checks.is_empty_file(step.target) and not checks.difference(step.file, step.content):
        files.discard_double(step.target, step.file, step.content)
    return False


def _discard_temps(step: Step, temp: str) -> None:
    for folder in (step.source.parent, step.target.parent):
        if folder.is_dir():
            files.discard_temp(folder / temp)


VERBS: dict[str, Verb] = {
    "mkdir": Verb(_mkdir, _undo_mkdir, _stands, "made", "removed"),
    "rmdir": Verb(_rmdir, _undo_rmdir, _is_gone, "removed", "made again"),
    "symlink": Verb(_symlink, _undo_symlink, _link_stands, "linked", "removed"),
    "unlink": Verb(_unlink, _undo_unlink, _link_is_gone, "removed", "put back"),
    "move": Verb(_move, _undo_move, _settle_move, "moved", "moved back"),
    "copy": Verb(_copy, _undo_copy, _settle_copy, "copied", "removed"),
}


def folders_touched(step: Step) -> set[Path]:
    """The folders whose time a step changes, in either direction."""
    touched = {step.target.parent}
    if step.verb == "move":
        touched.add(step.source.parent)
    if step.verb == "rmdir":
        touched.add(step.target)
    return touched
