"""Lets a link of the user's say something else. For verbs.py alone.

The link goes by way of a name that nobody else knows, as everything does that is replaced: what
somebody has put in its place meanwhile is found under that name, and gets its own back.
"""

import os
from contextlib import suppress
from pathlib import Path

from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.place import NoFolder, Place, Refused, aside_name, held
from dedupe.organize.files.renaming import exchange, give_back, rename_to_free_name, unlink


def relink(path: Path, old: str, new: str, temp: str) -> None:
    """Let a symbolic link say `new`, if it still says `old`.

    Where the system can exchange two names, there is a link at every moment. Elsewhere the name
    is free for a moment; whoever takes it then keeps it.

    Args:
        path: of the link.
        old: what it says.
        new: what it is to say.
        temp: of the step: a name that nobody else knows.

    Raises:
        Refused: there is something else; nothing was changed.
        FileExistsError: the name was taken at the last moment.
        OSError: the system does not allow it.
    """
    with held(path) as place:
        if reason := _other(place, old):
            raise Refused(path, reason)
        unfinished = place.beside(temp)
        os.symlink(new, unfinished.name, dir_fd=unfinished.folder)
        try:
            _keep_time(place, unfinished)
            if not exchange(unfinished, place):
                _replace(unfinished, place, old, place.beside(aside_name(temp)))
            elif reason := _other(unfinished, old):
                _give_back_exchanged(unfinished, place, new)
                raise Refused(path, reason)
        finally:
            _discard(unfinished, {old, new})


def settle(path: Path, old: str, new: str, temp: str) -> None:
    """Clear away what a kill left of `relink`, in either direction; the link says one of both.

    Raises:
        Refused: what somebody put in place of the link cannot get its name back.
        OSError: the system does not allow it.
    """
    with suppress(NoFolder), held(path) as place:
        aside, unfinished = place.beside(aside_name(temp)), place.beside(temp)
        if aside.exists() and not place.exists():
            give_back(aside, place)
        for spare in (aside, unfinished):
            if _discard(spare, {old, new}) or not spare.exists():
                continue
            if checks.link_text(place) in {old, new} and exchange(spare, place):
                _discard(spare, {old, new})
            else:
                give_back(spare, place)


def _keep_time(old: Place, new: Place) -> None:
    if os.utime in os.supports_follow_symlinks:
        found = old.lstat()
        times = found.st_atime_ns, found.st_mtime_ns
        os.utime(new.name, ns=times, dir_fd=new.folder, follow_symlinks=False)


def _other(place: Place, text: str) -> str | None:
    """Why a link is left as it is, or None."""
    found = checks.link_text(place)
    if found == text:
        return None
    if found is not None:
        return f"leads elsewhere by now, to {safe(found)}"
    return "is no longer a link" if place.exists() else "is gone"


def _give_back_exchanged(found: Place, home: Place, ours: str) -> None:
    """Give what was taken for the link its name back, if our link still has that."""
    if checks.link_text(home) == ours and exchange(found, home):
        if checks.link_text(found) == ours:
            return
        exchange(found, home)  # somebody was faster: his stays, and so does the other one
    give_back(found, home, "is replaced; its name")


def _replace(unfinished: Place, place: Place, old: str, aside: Place) -> None:
    """The same with the name free for a moment."""
    if aside.exists():  # it could not be given back the last time
        why = f"stays, as what had its name before is still called {safe(aside.path)}"
        raise Refused(place.path, why)
    os.replace(place.name, aside.name, src_dir_fd=place.folder, dst_dir_fd=aside.folder)
    if reason := _other(aside, old):
        give_back(aside, place, f"{reason}; its name")
        raise Refused(place.path, reason)
    try:
        rename_to_free_name(unfinished, place, unlink)
    except OSError:
        with suppress(Refused):  # taken: whoever took it keeps it, and the link was only a text
            give_back(aside, place)
        raise
    finally:
        _discard(aside, {old})


def _discard(place: Place, texts: set[str]) -> bool:
    """Remove a link of ours under a name that nobody else knows; False where there is none."""
    if checks.link_text(place) not in texts:
        return False
    unlink(place)
    return True
