"""Replaces a photo by a link to another one of the same bytes, and back.

At any moment the name has the photo, or what took its place: the two are swapped in one go.
Where the system cannot swap, the photo first gets a name of ours, and for a moment its own name
has nothing; its bytes are also those of the photo that stays.

A step has three names of its own beside the photo, made of the one for its unfinished copy:

| name     | what it holds                                                        |
|----------|----------------------------------------------------------------------|
| `temp`   | what is not finished; it may always go                               |
| `-new`   | what is to take the photo's name; after the swap, what had that name |
| `-old`   | what had the photo's name, where the two could not be swapped        |
"""

import os
import stat
from collections.abc import Callable
from contextlib import suppress

from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place, Refused, aside_name, held, look
from dedupe.organize.files.renaming import (
    exchange,
    give_back,
    rename_to_free_name,
    set_aside,
    sync,
    unlink,
)
from dedupe.organize.files.staying import (
    held_kept,
    kept_of,
    obstacle,
    refuse_if_changed,
    refuse_unless_kept,
    same_contents,
)
from dedupe.organize.files.substitutes import dress, make_copy, make_substitute
from dedupe.organize.steps import Step
from dedupe.photos.photo import PhotoFile


def new_name(temp: str) -> str:
    """What is called so that is to take a photo's name."""
    return f"{temp}-new"


def replace(step: Step, temp: str) -> PhotoFile | None:
    """Replace a photo by a link to the one that stays, or let it share that one's contents.

    Their bytes are compared one by one before, and once more when the photo has lost its name:
    whoever saved another file under that name in between gets it back.

    Args:
        step: hardlink, reflink or symlink-same.
        temp: name for what is not finished.

    Returns:
        What has the photo's name now; None for a symbolic link.

    Raises:
        Refused: one of the two is not as it was, or they differ; nothing was changed.
        Unable: the file system has no such links; nothing was changed.
        OSError: the system does not allow it. `settle` says what stands.
    """
    with held(step.target) as place, held_kept(step) as stays:
        new = place.beside(new_name(temp))
        refuse_unless_kept(step, stays)
        now = refuse_if_changed(step, place)
        if reason := obstacle(step.verb, place, stays):
            raise Refused(step.source, reason)
        try:
            make_substitute(step, place, stays, place.beside(temp))
            rename_to_free_name(place.beside(temp), new, unlink)
            # of a link, what it leads to; else what will have the name
            same = stays if step.verb == "symlink-same" else new
            if not same_contents(place, same):
                raise Refused(step.source, f"has other bytes than {safe(stays.path)}")
        except (OSError, Refused):
            _drop(place.beside(temp), new)
            raise

        def wrong(gone: Place) -> str | None:
            if reason := checks.difference(gone, now, step.content):
                return reason
            refuse_unless_kept(step, stays, whole=False)
            same = stays if step.verb == "symlink-same" else place
            return None if same_contents(gone, same) else "changed since: its bytes are others"

        _put(step, temp, place, wrong)
        return None if step.verb == "symlink-same" else checks.seen(place)


def put_back(step: Step, temp: str) -> None:
    """Give a photo that was replaced back as a file of its own, with its time and permissions.

    Its bytes are copied, written through to the disk, read back and compared before what took
    its place goes.

    Args:
        step: as it was done.
        temp: name for the unfinished copy.

    Raises:
        Refused: what took its place was edited or replaced, or its bytes are not there any
            more; nothing was changed.
        OSError: the system does not allow it. `settle` says what stands.
    """
    with held(step.target) as place:
        if not place.exists():
            raise Refused(step.target, "is gone")
        if not _is_replaced(step, place):
            if not checks.same_bytes(place, step.file, step.content):
                raise Refused(step.target, "is no longer what it was replaced by")
            dress(step, place)  # a kill struck when it had its name again
            return
        unfinished, new = place.beside(temp), place.beside(new_name(temp))
        found = place.lstat()
        try:
            if step.verb == "symlink-same":
                with held_kept(step) as stays:
                    make_copy(step, stays, unfinished)
            else:
                make_copy(step, place, unfinished)
            dress(step, unfinished)
            rename_to_free_name(unfinished, new, unlink)
        except (OSError, Refused):
            _drop(unfinished, new)
            raise

        def wrong(gone: Place) -> str | None:
            at = gone.lstat()
            same = os.path.samestat(at, found) and at.st_mtime_ns == found.st_mtime_ns
            return None if same else "is no longer what it was replaced by"

        _put(step, temp, place, wrong)


def settle(step: Step, temp: str) -> bool:
    """Clear away what a change that was cut off left, in either direction.

    Returns:
        Whether the photo is replaced now.

    Raises:
        Refused: it cannot be told, or its folder is not there.
        OSError: it cannot be read.
    """
    with held(step.target) as place:
        _drop(place.beside(temp))
        for name in (aside_name(temp), new_name(temp)):
            spare = place.beside(name)
            if not spare.exists():
                continue
            if not place.exists():
                give_back(spare, place)
            elif _may_go(step, spare) and _has_bytes(step, place):
                unlink(spare)
            elif _may_go(step, place):
                # what somebody has saved at the last moment had the name
                _change_places(step, temp, spare, place)
            else:
                taken = f"is another file; what had its name before is called {safe(spare.path)}"
                raise Refused(place.path, taken)
        return place.exists() and _is_replaced(step, place)


def is_replaced(step: Step) -> bool:
    """Whether a photo is replaced already, so that no step is needed; a reflink never is."""
    return step.verb != "reflink" and look(step.target, lambda place: _is_replaced(step, place))


# Giving it the photo's name


def _put(step: Step, temp: str, place: Place, wrong: Callable[[Place], str | None]) -> None:
    """Give what is new the photo's name, and remove what had it if nothing is wrong with that."""
    new = place.beside(new_name(temp))
    try:
        old = new if exchange(new, place) else _change_in_turn(new, place, aside_name(temp))
    except (OSError, Refused) as error:
        _drop(new)
        if isinstance(error, FileNotFoundError) and not place.exists():
            raise Refused(step.source, "is gone") from error
        raise
    try:
        reason = wrong(old)
    except Refused as error:
        reason = error.reason
    if reason is not None:
        _change_places(step, temp, old, place)
        raise Refused(step.source, reason)
    sync(place.beside("."))  # what is new survives a power cut before the old one goes
    unlink(old)


def _change_in_turn(new: Place, place: Place, aside: str) -> Place:
    old = place.beside(aside)
    set_aside(place, old)
    try:
        rename_to_free_name(new, place, unlink)
    except OSError:
        if checks.one_file(new, place):  # a link that could not be brought to the disk
            unlink(place)
        give_back(old, place)
        raise
    return old


def _change_places(step: Step, temp: str, old: Place, place: Place) -> None:
    """Give what had a name that name back, and drop what took its place.

    Raises:
        Refused: by now somebody else has saved yet another file there.
    """
    if place.exists():
        if exchange(old, place):
            ours, swapped = old, True
        else:
            names = {new_name(temp), aside_name(temp)} - {old.path.name}
            ours, swapped = place.beside(names.pop()), False
            set_aside(place, ours)
        if not _may_go(step, ours):
            if swapped:
                exchange(old, place)
            else:
                give_back(ours, place)
            taken = f"is another file; what had its name before is called {safe(old.path)}"
            raise Refused(place.path, taken)
        unlink(ours)
        if swapped:
            return
    give_back(old, place)


def _drop(*places: Place) -> None:
    """Remove what is of no use to anybody, under names that nobody else knows."""
    for place in places:
        with suppress(FileNotFoundError):
            unlink(place)


# What has a name


def _is_replaced(step: Step, place: Place) -> bool:
    if step.verb == "symlink-same":
        return checks.link_text(place) == step.link
    found = place.lstat() if place.exists() else None
    if found is None or not stat.S_ISREG(found.st_mode):
        return False
    if step.verb == "hardlink":
        return found.st_ino == kept_of(step).file.inode
    return found.st_ino != step.inode and checks.content_of(place) == step.content


def _may_go(step: Step, place: Place) -> bool:
    """Whether what is there is nobody's but ours: a link, or a file of the photo's bytes."""
    if (text := checks.link_text(place)) is not None:
        return text == step.link
    found = place.lstat()
    if not stat.S_ISREG(found.st_mode):
        return False
    if step.verb == "hardlink" and _names_of_kept(step, place):
        return True
    return checks.content_of(place) == step.content


def _names_of_kept(step: Step, place: Place) -> bool:
    return look(kept_of(step).file.path, lambda stays: checks.one_file(stays, place))


def _has_bytes(step: Step, place: Place) -> bool:
    """Whether the photo's bytes are there under its own name, or where its link leads."""
    if checks.link_text(place) is None:
        return checks.same_bytes(place, step.file, step.content)
    return look(
        kept_of(step).file.path,
        lambda stays: checks.same_bytes(stays, kept_of(step).file, step.content),
    )
