"""Finds out by trial what a folder's file system can do. For probe.py alone.

All is tried in a folder of our own with a name that nobody else knows, on empty files.
"""

import errno
import os
import stat
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dedupe.organize.files import checks
from dedupe.organize.files.place import TEMP_PREFIX, NoFolder, Place, Refused, held
from dedupe.organize.files.renaming import NEW_FILE, unlink
from dedupe.organize.files.system import exclusive_rename

_FIRST, _OTHER, _FREE, _LINK = "a", "b", "c", "link"
_COMPOSED, _DECOMPOSED = "\u00e9", "e\u0301"
# An odd second with all digits, so that every clock that is not exact shows.
_TIME_NS = 1_500_000_001_987_654_321
_CLOCKS_NS = (100, 1_000, 1_000_000, *checks.CLOCKS_NS)  # NTFS has 100 ns
_MODE = 0o640  # as no mount gives it to all its files
# How a file system says that it has no symbolic links; 1314 is how Windows says that this
# user may not make any.
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
_MAY_NOT_LINK = 1314
# What is said of a name that cannot be: of a disk that fails it is something else.
_NO_NAME = {errno.EINVAL, errno.ENOENT, errno.EILSEQ, errno.ENAMETOOLONG, errno.EPERM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a file system was seen to do.

    Attributes:
        links: it holds symbolic links.
        no_links: otherwise, what the system says of them.
        hard_links: a file may have two names.
        refuses_taken: a rename to a taken name can be refused by the file system itself.
        one_case: names in upper and lower case are one.
        one_form: names in the two forms of Unicode are one.
        clock_ns: the step of its clock in nanoseconds; 1 where times are kept as they are.
        modes: permissions are kept.
        attributes: so are extended attributes; also True where Python does not know.
        impossible: of the names that were asked for, those that it does not take as they are.
    """

    links: bool
    no_links: str
    hard_links: bool
    refuses_taken: bool
    one_case: bool
    one_form: bool
    clock_ns: int
    modes: bool
    attributes: bool
    impossible: frozenset[str]


def try_out(path: Path, names: Collection[str] = ()) -> Abilities:
    """Make a folder at `path`, try everything in it, and take it away again.

    Args:
        path: of the folder; its name begins with TEMP_PREFIX and is new.
        names: names to be tried, too.

    Raises:
        Refused: a link is on the way.
        OSError: the system does not allow it, or the disk failed. Then it cannot be told.
    """
    with held(path) as top:
        os.mkdir(top.name, dir_fd=top.folder)
        try:
            with held(path / _FIRST) as first:
                try:
                    return _tried(first, names)
                finally:
                    _empty(first)
        finally:
            os.rmdir(top.name, dir_fd=top.folder)


def clear(path: Path) -> None:
    """Take away what a kill left of `try_out`, if anything.

    Raises:
        Refused: there is something in it that is not ours, or a link on the way.
        OSError: the system does not allow it.
    """
    if not path.name.startswith(TEMP_PREFIX):
        raise ValueError(f"{path} is no folder of ours")
    with suppress(NoFolder), held(path) as top, suppress(FileNotFoundError):
        with held(path / _FIRST) as first:
            _empty(first)
        try:
            os.rmdir(top.name, dir_fd=top.folder)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            raise Refused(path, "stays, as there is something else in it") from error


def _tried(first: Place, names: Collection[str]) -> Abilities:
    _make(first)
    other, link = first.beside(_OTHER), first.beside(_LINK)
    no_links = _refusal_of_links(link)
    return Abilities(
        links=no_links is None,
        no_links=no_links or "",
        hard_links=_links_hard(first, other),
        refuses_taken=_refuses_taken(first, other),
        one_case=first.beside(_FIRST.upper()).exists(),
        one_form=_is_made(first.beside(_COMPOSED)) and first.beside(_DECOMPOSED).exists(),
        clock_ns=_clock_ns(first),
        modes=_keeps_modes(first),
        attributes=_keeps_attributes(first),
        impossible=frozenset(name for name in names if not _takes(first.beside(name))),
    )


def _make(place: Place) -> None:
    os.close(os.open(place.name, NEW_FILE, 0o600, dir_fd=place.folder))


def _is_made(place: Place) -> bool:
    """Whether a file of that name could be made, or one counts as that."""
    try:
        _make(place)
    except FileExistsError:
        return True
    except OSError as error:
        if error.errno not in _NO_NAME:
            raise
        return False
    return True


def _takes(place: Place) -> bool:
    """Whether a name is taken as it is: some file systems drop a full stop at the end."""
    return _is_made(place) and Path(place.name).name in _listed(place)


def _refusal_of_links(link: Place) -> str | None:
    try:
        os.symlink(_FIRST, link.name, dir_fd=link.folder)
    except OSError as error:
        if error.errno in _NO_LINKS or getattr(error, "winerror", None) == _MAY_NOT_LINK:
            return checks.said(error)
        raise
    return None


def _links_hard(first: Place, other: Place) -> bool:
    try:
        os.link(first.name, other.name, src_dir_fd=first.folder, dst_dir_fd=other.folder)
    except OSError:
        _make(other)
        return False
    unlink(other)
    _make(other)
    return True


def _refuses_taken(first: Place, other: Place) -> bool:
    rename = exclusive_rename()
    if rename is None:
        return False
    try:
        rename(first, other)
    except FileExistsError:
        return _renames(rename, other, first.beside(_FREE))
    except OSError:
        return False
    _make(first)  # it went over the other one
    return False


def _renames(rename: Callable[[Place, Place], None], old: Place, new: Place) -> bool:
    # a taken name is seen by the system before it asks exFAT, which then refuses a free one
    try:
        rename(old, new)
    except OSError:
        return False
    return True


def _clock_ns(place: Place) -> int:
    os.utime(place.name, ns=(_TIME_NS, _TIME_NS), dir_fd=place.folder)
    kept = place.lstat().st_mtime_ns
    if kept == _TIME_NS:
        return 1
    fits = (step for step in _CLOCKS_NS if abs(kept - _TIME_NS) < step and kept % step == 0)
    return next(fits, _CLOCKS_NS[-1])


def _keeps_modes(place: Place) -> bool:
    try:
        os.chmod(place.name, _MODE, dir_fd=place.folder)
    except OSError:
        return False
    return stat.S_IMODE(place.lstat().st_mode) == _MODE


def _keeps_attributes(place: Place) -> bool:
    if not hasattr(os, "setxattr"):
        return True
    fd = os.open(place.name, checks.READ, dir_fd=place.folder)
    try:
        os.setxattr(fd, "user.dedupe", b"1")
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def _empty(place: Place) -> None:
    """Remove what is ours in the folder of a place: empty files, and a link to one."""
    for name in _listed(place):
        each = place.beside(name)
        if checks.is_empty_file(each) or checks.link_text(each) == _FIRST:
            unlink(each)


def _listed(place: Place) -> list[str]:
    folder = place.beside(".")
    if folder.folder is None:
        return [each.name for each in Path(folder.name).iterdir()]
    fd = os.open(folder.name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder.folder)
    try:
        return os.listdir(fd)
    finally:
        os.close(fd)
