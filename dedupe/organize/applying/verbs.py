"""The verbs of steps: how each is done, taken back, and put right after a kill."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from dedupe.names import safe
from dedupe.organize.files import changes, checks, replacing, trashing
from dedupe.organize.files.place import NoFolder, Place, Refused, held, look
from dedupe.organize.files.relinking import relink, settle
from dedupe.organize.files.staying import held_kept, refuse_if_it_stays, refuse_unless_kept
from dedupe.organize.files.trash import info_of
from dedupe.organize.plans.actions import led_to
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
    changes.make_folder(step.target, step.mode or 0o777)


def _undo_mkdir(step: Step, made: PhotoFile | None, temp: str) -> None:
    if _stands(step):
        changes.remove_empty_folder(step.target)


def _rmdir(step: Step, temp: str) -> None:
    changes.remove_empty_folder(step.target)


def _undo_rmdir(step: Step, made: PhotoFile | None, temp: str) -> None:
    if not look(step.target, Place.is_folder):
        changes.make_folder(step.target)


def _symlink(step: Step, temp: str) -> None:
    changes.refuse_if_changed(step.file, step.content)
    changes.make_link(step.link, step.target)


def _undo_symlink(step: Step, made: PhotoFile | None, temp: str) -> None:
    if _stands(step):
        changes.remove_link(step.target, step.link, temp)


def _unlink(step: Step, temp: str) -> None:
    changes.remove_link(step.target, step.link, temp)


def _undo_unlink(step: Step, made: PhotoFile | None, temp: str) -> None:
    if not _link_stands(step):
        changes.make_link(step.link, step.target)


def _relink(step: Step, temp: str) -> None:
    if not _is_at(step.leads_to, step):
        raise Refused(step.target, "says what it said, as its photo is not at the new place")
    relink(step.target, step.was, step.link, temp)


def _undo_relink(step: Step, made: PhotoFile | None, temp: str) -> None:
    text = _link_at(step.target)
    if text is None and not _stands(step):  # removed since, as a link may be
        return
    if text == step.was:
        return
    if not _is_at(led_to(step.target, step.was), step):
        raise Refused(step.target, "says what it says, as its photo was not moved back")
    relink(step.target, step.link, step.was, temp)


def _is_at(path: Path, step: Step) -> bool:
    """Whether the photo that a link leads to is there, and not behind a link that is new."""
    try:
        return _holds(path, step)
    except Refused:
        return False


def _move(step: Step, temp: str) -> PhotoFile:
    if step.kept is not None:
        with held(step.source) as place, held_kept(step) as stays:
            # not read: a photo that is moved is whole at its new place, whatever the other one is
            refuse_unless_kept(step, stays, whole=False)
            refuse_if_it_stays(step, place, stays)
    return changes.move(step.file, step.target, step.content, temp)


def _undo_move(step: Step, made: PhotoFile | None, temp: str) -> None:
    if not _stands(step):
        # a power cut may forget a rename that the journal remembers, a kill strike right here
        if not _holds(step.source, step):
            raise Refused(step.target, "is gone")
        _restore(step)
        return
    if look(step.source, Place.exists):
        raise Refused(step.source, "is taken by another file, so the photo stays where it is")
    if made is None:  # cut off before the journal got to know it: the bytes must do
        with held(step.target) as place:
            if not checks.same_bytes(place, step.file, step.content):
                raise Refused(step.target, "was edited after it was moved")
            made = checks.seen(place)
    _make_missing(step.source.parent, step)
    changes.move(made, step.source, step.content, temp)
    _restore(step)


def _restore(step: Step) -> None:
    changes.restore_photo(
        step.source, mtime_ns=step.mtime_ns, mode=step.mode, attributes=step.attributes
    )


def _make_missing(folder: Path, step: Step) -> None:
    """Make the folder of a photo anew, if somebody tidied it away when it was empty."""
    above = [folder, *folder.parents]
    missing = list(takewhile(lambda path: not look(path, Place.exists), above))
    # but not on the drive below, where the one with the photo's folder is not plugged in
    if missing and os.lstat(missing[-1].parent).st_dev != step.device:
        raise Refused(step.target, f"stays, as its old folder {safe(folder)} is not there")
    for path in reversed(missing):
        changes.make_folder(path)


def _copy(step: Step, temp: str) -> PhotoFile:
    return changes.copy(step.file, step.target, step.content, temp)


def _undo_copy(step: Step, made: PhotoFile | None, temp: str) -> None:
    if _stands(step):
        changes.remove_copy(replace(made or step.file, path=step.target), step.content, temp)


def _link_at(path: Path) -> str | None:
    """What the link at a path says, or None where there is none."""
    try:
        with held(path) as place:
            return checks.link_text(place)
    except NoFolder:
        return None


def _undo_trash(step: Step, made: PhotoFile | None, temp: str) -> None:
    if not _stands(step) and not _holds(step.source, step):
        raise Refused(step.source, "is gone: it is not in the trash any more")
    _undo_move(step, made, temp)
    trashing.untell(step, temp)


def _undo_replace(step: Step, made: PhotoFile | None, temp: str) -> None:
    replacing.put_back(step, temp)


def _stands(step: Step) -> bool:
    return look(step.target, Place.exists)


def _link_stands(step: Step) -> bool:
    return look(step.target, lambda place: checks.link_text(place) == step.link)


def _holds(path: Path, step: Step) -> bool:
    """Whether the photo of a step, or a whole copy of it, is at `path`."""
    return look(path, lambda place: checks.same_bytes(place, step.file, step.content))


def _settle_mkdir(step: Step, temp: str) -> bool:
    return _stands(step)


def _settle_rmdir(step: Step, temp: str) -> bool:
    return not _stands(step)


def _settle_symlink(step: Step, temp: str) -> bool:
    _clear_up(step.target, temp)
    return _link_stands(step)


def _settle_unlink(step: Step, temp: str) -> bool:
    _clear_up(step.target, temp)
    return not _link_stands(step)


def _settle_relink(step: Step, temp: str) -> bool:
    settle(step.target, step.was, step.link, temp)
    return _link_stands(step)


def _settle_move(step: Step, temp: str) -> bool:
    """Between old and new name: one of them stays, the old one where both are whole."""
    _clear_up(step.source, temp)
    _clear_up(step.target, temp)
    here, there = _holds(step.source, step), _holds(step.target, step)
    if here and (there or look(step.target, checks.is_empty_file)):
        changes.discard_double(step.target, step.file, step.content, temp)
    elif there and look(step.source, checks.is_empty_file):
        with held(step.target) as place:
            moved = checks.seen(place)
        changes.discard_double(step.source, moved, step.content, temp)
    if not here and not _stands(step):
        # a drive that is not plugged in looks like this; to guess would forget the photo
        raise Refused(step.source, f"is neither there nor at {safe(step.target)}")
    return not here


def _settle_copy(step: Step, temp: str) -> bool:
    _clear_up(step.target, temp)
    if _holds(step.target, step):
        return True
    if look(step.target, checks.is_empty_file):  # a name that was reserved, and not yet renamed to
        unchanged = look(
            step.source, lambda place: not checks.difference(place, step.file, step.content)
        )
        if unchanged:
            changes.discard_double(step.target, step.file, step.content, temp)
    return False


def _settle_trash(step: Step, temp: str) -> bool:
    trashing.clear_up(step, temp)
    stands = _settle_move(step, temp)
    if not stands:
        trashing.untell(step, temp)
    return stands


def _clear_up(path: Path, temp: str) -> None:
    """Clear away what a change that was cut off left beside a name."""
    with suppress(NoFolder):
        changes.put_back(path, temp)
        changes.discard_temp(path.with_name(temp))


_replace = replacing.replace, _undo_replace, replacing.settle
VERBS: dict[str, Verb] = {
    "mkdir": Verb(_mkdir, _undo_mkdir, _settle_mkdir, "made", "removed"),
    "rmdir": Verb(_rmdir, _undo_rmdir, _settle_rmdir, "removed", "made again"),
    "symlink": Verb(_symlink, _undo_symlink, _settle_symlink, "linked", "removed"),
    "unlink": Verb(_unlink, _undo_unlink, _settle_unlink, "removed", "put back"),
    "relink": Verb(_relink, _undo_relink, _settle_relink, "re-pointed", "pointed back"),
    "move": Verb(_move, _undo_move, _settle_move, "moved", "moved back"),
    "copy": Verb(_copy, _undo_copy, _settle_copy, "copied", "removed"),
    # other names, so that a photo is told from what goes along with it
    "move_along": Verb(_move, _undo_move, _settle_move, "moved", "moved back"),
    "copy_along": Verb(_copy, _undo_copy, _settle_copy, "copied", "removed"),
    "trash": Verb(
        trashing.put_into_trash, _undo_trash, _settle_trash, "put into the trash", "taken out of it"
    ),
    "hardlink": Verb(*_replace, "replaced by a hard link", "given back"),
    "reflink": Verb(*_replace, "replaced by a reflink", "given back"),
    "symlink-same": Verb(*_replace, "replaced by a link", "given back"),
}


def folders_touched(step: Step) -> set[Path]:
    """The folders whose time a step changes, in either direction."""
    touched = {step.target.parent}
    if step.moves or step.verb == "trash":
        touched.add(step.source.parent)
    if step.verb == "trash" and step.link:
        touched.add(info_of(step.target).parent)
    if step.verb == "rmdir":
        touched.add(step.target)
    return touched
