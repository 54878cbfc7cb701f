"""A process that reads photos for another one, so that a decoder's crash costs one photo.

It asks and answers through its standard input and output, in pickles:

    to it       from it
    Task                        what all photos are wanted for, once
                READY
    PhotoFile
                Known(content)  is this content known? bool follows
                LARGE           may I unfold a very large picture? True follows
                Reading or Skip the answer; the next PhotoFile follows
"""

import os
import pickle
import sys
from collections.abc import Container
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Literal

from dedupe.photos.decode import Wants
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import read_photo

READY = "ready"
LARGE = "large"

# A decoder that computes longer than this on one photo is taken for hung: 100 times what the
# slowest honest one took (a 48 MP HEIC 4 s, a 200 MP PNG 6 s on one slow core).
COMPUTE_SECONDS = 60

# What a worker may have in memory, at most. 300 megapixels of RGB are 1.2 GB in Pillow.
MEMORY = 1_450_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """What photos are read for."""

    wants: Wants
    thumbnail: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Asks whether a content is known, and so need not be decoded."""

    content: bytes


class _Line(Container[bytes], AbstractContextManager[None]):
    """The way to the other process: a set of known contents and a lock, as it seems here."""

    def __init__(self, inbox: BinaryIO, outbox: BinaryIO) -> None:
        self._inbox = inbox
        self._outbox = outbox

    def receive(self) -> object:
        return pickle.load(self._inbox)

    def send(self, message: object) -> None:
        pickle.dump(message, self._outbox, protocol=5)
        self._outbox.flush()

    def __contains__(self, content: object) -> bool:
        assert isinstance(content, bytes)
        self.send(Known(content))
        return bool(self.receive())

    def __enter__(self) -> None:
        self.send(LARGE)
        self.receive()

    def __exit__(self, *_: object) -> Literal[False]:
        return False  # the other process lets go when the answer is there


def main() -> None:
    """Read photos until standard input ends."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", 1 << 18)
    # what a C library prints must not get between the pickles
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(null, number)
    line = _Line(inbox, outbox)
    # EOFError, OSError: the other process is gone, or wants no more
    with suppress(EOFError, OSError, KeyboardInterrupt), quiet_pillow():
        task = line.receive()
        assert isinstance(task, Task)
        _limit_memory()
        line.send(READY)
        while True:
            file = line.receive()
            _limit_time()
            line.send(read_photo(file, task.wants, line, thumbnail=task.thumbnail, alone=line))  # type: ignore[arg-type]


def _limit_memory() -> None:
    """MEMORY, where the system can (Linux: of what is written to; macOS and Windows cannot)."""
    if sys.platform == "linux":
        import resource

        for kind, most in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def _limit_time() -> None:
    """COMPUTE_SECONDS more of computing, then the system ends this process with SIGXCPU.

    Of computing, not of the clock: a disk may be slow. A decoder that waits without
    computing is ended by the other process.
    """
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soon = int(used.ru_utime + used.ru_stime) + 1 + COMPUTE_SECONDS
        with suppress(ValueError, OSError):
            resource.setrlimit(
                resource.RLIMIT_CPU, (soon, resource.getrlimit(resource.RLIMIT_CPU)[1])
            )
