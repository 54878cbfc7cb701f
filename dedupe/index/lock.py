"""One writer at a time: the lock beside the index, and who holds it."""

import errno
import os
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from dedupe.errors import IndexProblem
from dedupe.names import safe

_TAKEN = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES}


class _Held(Protocol):
    def release(self) -> None: ...


class WriteLock:
    """The right to write to an index, which the system takes back when the process ends.

    It is flock on a file beside the index: a kill -9 frees it, and nobody has to judge
    whether a lock is stale. The holder's words are in the file and are not truncated by
    those who come second. The file stays: to delete it would let two hold it.
    """

    def __init__(self, index: Path) -> None:
        self.index = index
        self._held: _Held | None = None

    def acquire(self, wait: float = 0.0) -> None:
        """Take the lock.

        Args:
            wait: seconds to try for, where another process may be done soon.

        Raises:
            IndexProblem: another process holds it, or the file cannot be made.
        """
        end = time.monotonic() + wait
        path = Path(f"{self.index}.lock")
        while True:
            try:
                self._held = _take(path)
            except OSError as error:
                raise IndexProblem(
                    f"the index {self.index} cannot be locked: {error.strerror or error}",
                    "name another place with --index or DEDUPE_INDEX",
                ) from error
            if self._held is not None:
                return
            if time.monotonic() >= end:
                raise IndexProblem(
                    f"another scan{_holder(path)} is writing to {self.index}",
                    "wait for it, or name another --index",
                )
            time.sleep(0.05)

    def release(self) -> None:
        """Give it back; harmless where it is not held."""
        if self._held is not None:
            self._held.release()
            self._held = None


class _Flock:
    def __init__(self, handle: int) -> None:
        self.handle = handle

    def release(self) -> None:
        with suppress(OSError):
            os.ftruncate(self.handle, 0)
        os.close(self.handle)


def _take(path: Path) -> _Held | None:
    """The lock, or None if another process has it."""
    try:
        import fcntl
    except ImportError:  # Windows; its locked files cannot be read, so nobody is named there
        return _take_on_windows(path)
    # not filelock: importing it takes 0.15 s of CPU, a tenth of looking at 200,000 files.
    # O_NOFOLLOW: what is written must not go where a planted link leads
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    handle = os.open(path, flags, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if error.errno in _TAKEN:
            return None
        raise
    with suppress(OSError):  # a full disk: held all the same, only by nobody with a name
        os.ftruncate(handle, 0)
        words = f"{os.getpid()} {datetime.now():%Y-%m-%dT%H:%M} {os.uname().nodename}\n"
        os.write(handle, words.encode(errors="replace"))
    return _Flock(handle)


def _take_on_windows(path: Path) -> _Held | None:
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock


def _holder(path: Path) -> str:
    """Who holds it: " (process 4711, started 20:14, on nas)", or "" if nobody can tell."""
    try:
        number, began, host = path.read_text("utf-8", errors="replace").split(maxsplit=2)
        process, start = int(number), datetime.fromisoformat(began)
        # only asks: these may be the words of one that was killed a moment ago
        if host.strip() == os.uname().nodename:
            with suppress(PermissionError):  # alive, and another user's
                os.kill(process, 0)
    except (OSError, ValueError, OverflowError):
        return ""
    when = f"{start:%H:%M}" if start.date() == datetime.now().date() else f"{start:%Y-%m-%d %H:%M}"
    return f" (process {process}, started {when}, on {safe(host.strip())})"
