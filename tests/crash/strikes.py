"""What may strike at a system call, and drives that cannot do all of them.

The strikes are put around the functions of `os`, the renames of `organize/files/system.py` and
the commits of the journal from here; the product knows nothing of them. Whatever goes through
`os` is seen, in whichever module it is called.
"""

import errno
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dedupe.organize.files import substitutes, system
from dedupe.organize.files.place import Place
from dedupe.organize.journal import journal


@dataclass(frozen=True)
class Fault:
    """One kind of strike.

    Attributes:
        signal: that is sent; 0 for none.
        after: sent once the call is done, else before it or in the middle of what it writes.
        errno: that is raised; 0 for none.
        lasting: from then on every call fails.
        short: a write takes half of what it is given.
    """

    signal: int = 0
    after: bool = False
    errno: int = 0
    lasting: bool = False
    short: bool = False

    @property
    def kills(self) -> bool:
        """Nothing runs afterwards."""
        return self.signal == signal.SIGKILL

    @property
    def stops(self) -> bool:
        """The run ends early, and nothing in it has failed."""
        return self.signal != 0

    def concerns(self, call: str) -> bool:
        """Whether it can strike there."""
        if self.short:
            return call in {"write", "sendfile", "copy_file_range"}
        if call in READING:
            return self.errno in {errno.EIO, errno.EACCES, errno.EMFILE}
        if call == "commit":  # what else a disk may say there SQLite's own tests see to
            return self.signal != 0 or self.errno in {errno.EIO, errno.ENOSPC, errno.EROFS}
        return True


FAULTS: dict[str, Fault] = {
    "kill before": Fault(signal=signal.SIGKILL),
    "kill after": Fault(signal=signal.SIGKILL, after=True),
    "SIGINT": Fault(signal=signal.SIGINT),
    "SIGTERM": Fault(signal=signal.SIGTERM),
    **{
        name: Fault(errno=getattr(errno, name))
        for name in ("EIO", "ENOSPC", "EACCES", "EPERM", "EROFS", "EXDEV", "EMFILE")
    },
    "EIO on": Fault(errno=errno.EIO, lasting=True),
    "ENOSPC on": Fault(errno=errno.ENOSPC, lasting=True),
    "short write": Fault(short=True),
}

CHANGING = (
    "mkdir rmdir symlink link unlink remove replace rename write pwrite sendfile copy_file_range"
    " posix_fallocate truncate ftruncate fsync fdatasync chown fchown lchown fchmod chmod"
    " setxattr removexattr utime mknod"
).split()
READING = ("read", "open to read")
_NEW = os.O_CREAT | os.O_WRONLY | os.O_RDWR | os.O_TRUNC


@dataclass(frozen=True)
class Drive:
    """What the folders of a case are on.

    Attributes:
        across: `out/` is on another drive than the rest.
        exclusive: it knows a rename that refuses a taken name.
        links: it knows hard links.
        symlinks: it knows symbolic links.
    """

    across: bool = False
    exclusive: bool = True
    links: bool = True
    symlinks: bool = True


DRIVES: dict[str, Drive] = {
    "one drive": Drive(),
    "no exclusive rename": Drive(exclusive=False),
    "no hard links either": Drive(exclusive=False, links=False),
    "no symbolic links": Drive(symlinks=False),
    "two drives": Drive(across=True),
    "two, no hard links": Drive(across=True, exclusive=False, links=False),
}


class Strike:
    """Counts the calls that change something; at the one with the number `at` it strikes.

    Args:
        drive: what the calls find.
        fault: None never strikes.
        at: counted from 1.
    """

    def __init__(self, drive: Drive, fault: Fault | None = None, at: int = 0) -> None:
        self.drive, self.fault, self.at = drive, fault, at
        self.count = 0

    @property
    def struck(self) -> bool:
        """Whether the run came that far."""
        return self.fault is not None and self.count >= self.at

    @contextmanager
    def installed(self) -> Iterator[None]:
        """While this is open, `os` is not what it seems."""
        known = ("supports_dir_fd", "supports_fd", "supports_follow_symlinks")
        instead: dict[tuple[Any, str], Any] = {(os, name): set(getattr(os, name)) for name in known}
        for name in [name for name in CHANGING if hasattr(os, name)]:
            native = getattr(os, name)
            struck = self._around(name, native)
            if name in {"link", "rename", "replace"}:
                # what a drive cannot do is asked before the change is counted
                struck = self._on_drive(name, struck)
            if name == "symlink":
                struck = self._where_links_are(struck)
            for able in known:
                if native in instead[os, able]:
                    instead[os, able].add(struck)
            instead[os, name] = struck
        instead[os, "read"] = self._around("read", os.read)
        instead[os, "open"] = self._opened(os.open)
        instead[substitutes, "share_contents"] = self._around("ioctl", _share)
        instead[system, "_called"] = self._renames(system._called)
        instead[journal, "transaction"] = self._commits(journal.transaction)
        was = {(module, name): getattr(module, name) for module, name in instead}
        _set(instead)
        try:
            yield
        finally:
            _set(was)

    def _opened(self, native: Callable[..., int]) -> Callable[..., int]:
        new, old = self._around("open", native), self._around("open to read", native)

        def opened(path: Any, flags: int, *rest: Any, **options: Any) -> int:
            if flags & _NEW:
                return int(new(path, flags, *rest, **options))
            if flags & (os.O_DIRECTORY | getattr(os, "O_PATH", 0)):
                return native(path, flags, *rest, **options)
            return int(old(path, flags, *rest, **options))

        return opened

    def _renames(self, native: Callable[..., Any]) -> Callable[..., Any]:
        def called(call: Any, flag: int) -> Callable[..., None]:
            return self._on_drive("flagged rename", self._around("rename", native(call, flag)))

        return called

    def _on_drive(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def asked(old: Any, new: Any, **options: Any) -> Any:
            was = whole_path(old, options.get("src_dir_fd"))
            becomes = whole_path(new, options.get("dst_dir_fd"))
            if self.drive.across and ("/out/" in was) != ("/out/" in becomes):
                raise OSError(errno.EXDEV, "other drive", becomes)
            if name == "flagged rename" and not self.drive.exclusive:
                raise OSError(errno.EINVAL, "unknown flag", becomes)
            if name == "link" and not self.drive.links:
                raise OSError(errno.EPERM, "no hard links", becomes)
            return call(old, new, **options)

        return asked

    def _where_links_are(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def asked(text: str, name: Any, **options: Any) -> Any:
            path = whole_path(name, options.get("dir_fd"))
            if "/out/" in path and not self.drive.symlinks:
                raise OSError(errno.EPERM, "no symbolic links", path)
            return call(text, name, **options)

        return asked

    def _around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def struck(*arguments: Any, **options: Any) -> Any:
            if not self._is_now(name):
                return call(*arguments, **options)
            assert self.fault is not None
            if self.fault.after:
                with suppress(OSError):  # a taken name is refused, and then the kill strikes
                    call(*arguments, **options)
            if name in {"write", "sendfile"} and not self.fault.after and not _asks(self.fault):
                taken = _half(name, call, arguments)
                if self.fault.short:
                    return taken
            if self.fault.errno:
                raise OSError(self.fault.errno, os.strerror(self.fault.errno))
            os.kill(os.getpid(), self.fault.signal)
            return call(*arguments, **options)

        return struck

    def _commits(self, native: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def transaction(db: sqlite3.Connection) -> Iterator[None]:
            now = self._is_now("commit")
            if now and self.fault is not None and self.fault.errno:
                raise sqlite3.OperationalError(os.strerror(self.fault.errno))
            if now and self.fault is not None and not self.fault.after:
                os.kill(os.getpid(), self.fault.signal)
            with native(db):
                yield
            if now and self.fault is not None and self.fault.after:
                os.kill(os.getpid(), self.fault.signal)

        return transaction

    def _is_now(self, call: str) -> bool:
        if self.fault is None or not self.fault.concerns(call):
            return False
        self.count += 1
        return self.count == self.at or (self.fault.lasting and self.count > self.at)


def _share(source: int, target: int, write: Callable[[int, bytes], int] = os.write) -> None:
    """What a drive with reflinks does, as far as it can be seen."""
    write(target, os.pread(source, 1 << 20, 0))


def _set(attributes: dict[tuple[Any, str], Any]) -> None:
    for (module, name), value in attributes.items():
        setattr(module, name, value)
    for call in vars(system).values():
        if hasattr(call, "cache_clear"):  # it was made of what is no longer there
            call.cache_clear()


def whole_path(name: Place | Path | str, folder: int | None) -> str:
    """The path of a name in an open folder."""
    if isinstance(name, Place):
        return str(name.path)
    return str(name) if folder is None else str(Path(f"/proc/self/fd/{folder}").readlink() / name)


def _asks(fault: Fault) -> bool:
    """Whether it only asks the program to stop, and the call goes on."""
    return fault.signal in {signal.SIGINT, signal.SIGTERM}


def _half(name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """As a kill, a full disk and a pulled cable find it: a part is written."""
    if name == "write":
        data = bytes(arguments[1])
        return call(arguments[0], data[: max(1, len(data) // 2)])
    return call(*arguments[:3], 5)
