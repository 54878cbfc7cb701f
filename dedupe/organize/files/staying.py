"""What must hold of the photo that stays, and of another one that goes because it does.

Looks, and changes nothing. Of every set one photo stays where it is. So right before another one
of the set goes, both are looked at once more, and whole: size and time do not tell of an edit
that put the time back.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.place import NoFolder, Place, Refused, held
from dedupe.organize.steps import Kept, Step
from dedupe.photos.photo import PhotoFile

_CHUNK = 1 << 20


def kept_of(step: Step) -> Kept:
    """The photo that stays for the sake of which that of a step may go.

    Raises:
        Refused: there is none, and nothing may go.
    """
    if step.kept is None:
        raise Refused(step.source, "stays, as no photo of its set does")
    return step.kept


@contextmanager
def held_kept(step: Step) -> Iterator[Place]:
    """Hold the folder of the photo that stays.

    Raises:
        Refused: as `kept_of`, or its folder is not there or not the one that it was; told of
            the photo that was to go.
    """
    kept = kept_of(step)
    try:
        with held(kept.file.path) as place:
            yield place
    except Refused as error:
        if error.path != kept.file.path:
            raise
        reason = "is gone" if isinstance(error, NoFolder) else error.reason
        raise Refused(step.source, stays_as(kept, reason)) from error


def refuse_unless_kept(step: Step, stays: Place, *, whole: bool = True) -> None:
    """Refuse to go on where the photo that stays is not there, or not as it was.

    Args:
        step: what is to be done, in the set of that photo.
        stays: its place.
        whole: whether to read it; else its size, time and number on the disk must do.

    Raises:
        Refused: nothing may go on its account.
        OSError: it cannot be read.
    """
    kept = kept_of(step)
    reason = checks.difference(stays, kept.file, kept.content)
    if reason is None and whole and checks.content_of(stays) != kept.content:
        reason = "changed since: its bytes are others"
    if reason is not None:
        raise Refused(step.source, stays_as(kept, reason))


def refuse_if_it_stays(step: Step, place: Place, stays: Place) -> None:
    """Refuse to move the very file that is to stay, by whatever name: a Mac has many for one.

    Raises:
        Refused: it is one file, and has no other name that would stay.
        OSError: one of them cannot be looked at.
    """
    try:
        here = place.lstat()
    except FileNotFoundError:
        return  # whoever moves it will say so
    if os.path.samestat(here, stays.lstat()) and here.st_nlink == 1:
        raise Refused(step.source, f"is the very file that stays as {safe(stays.path)}")


def refuse_if_changed(step: Step, place: Place) -> PhotoFile:
    """The photo that is to go as it is right now, every byte as it was scanned.

    Raises:
        Refused: it is another one by now.
        OSError: it cannot be read.
    """
    if reason := checks.difference(place, step.file, step.content):
        raise Refused(step.source, reason)
    now = checks.seen(place)
    if checks.content_of(place) != step.content:
        raise Refused(step.source, "changed since: its bytes are others, its size and time are not")
    if reason := checks.difference(place, now, step.content):
        raise Refused(step.source, reason)
    return now


def obstacle(verb: str, place: Place, stays: Place) -> str | None:
    """Why a photo cannot go although another one of its set stays, or None.

    Args:
        verb: of its step.
        place: where it is.
        stays: where the other one is.

    Raises:
        OSError: one of them cannot be looked at.
    """
    here, there = place.lstat(), stays.lstat()
    name = safe(stays.path)
    if os.path.samestat(here, there):
        return f"is the very file that stays as {name}"
    if here.st_nlink > 1:
        return "has other names (hard links), so that nothing would be freed"
    if verb == "trash":
        return None
    if (here.st_uid, here.st_gid) != (there.st_uid, there.st_gid):
        return f"belongs to another user or group than {name}"
    if verb == "hardlink" and here.st_dev != there.st_dev:
        return f"is on another drive than {name}, and hard links do not lead there"
    return None


def same_contents(one: Place, other: Place) -> bool:
    """Whether two files hold the same bytes: compared one by one, by no hash.

    Raises:
        OSError: one of them cannot be read, or is a link.
    """
    first = os.open(one.name, checks.READ, dir_fd=one.folder)
    try:
        second = os.open(other.name, checks.READ, dir_fd=other.folder)
        try:
            return _same_contents(first, second)
        finally:
            os.close(second)
    finally:
        os.close(first)


def _same_contents(first: int, second: int) -> bool:
    if os.fstat(first).st_size != os.fstat(second).st_size:
        return False
    while chunk := os.read(first, _CHUNK):
        rest = memoryview(chunk)
        while rest:  # one may be read in smaller parts than the other
            part = os.read(second, len(rest))
            if not part or rest[: len(part)] != part:
                return False
            rest = rest[len(part) :]
    return not os.read(second, 1)


def stays_as(kept: Kept, reason: str) -> str:
    """Why a photo stays: for a reason that is one of the photo it would go for."""
    return f"stays, as {safe(kept.file.path)}, the one to keep, {reason}"
