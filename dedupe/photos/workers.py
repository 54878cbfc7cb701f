"""Photos read ahead by several processes, each of which may crash, hang or run out of memory."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Container, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO

from dedupe.cores import cores
from dedupe.errors import DedupeError
from dedupe.photos.decode import Reading, Wants
from dedupe.photos.photo import PhotoFile, Skip
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import read_photo
from dedupe.photos.worker import COMPUTE_SECONDS, LARGE, READY, Known, Task

# Once the bytes of a photo are read, its decoder has this long by the clock. It computes for
# COMPUTE_SECONDS at most; the rest is for a machine where ten others compute too.
CLOCK_SECONDS = 10 * COMPUTE_SECONDS

# Readings that wait to be encoded: 170 kB each at 224 x 224, so 22 MB. With 256 a scan took as
# long and 1.08 x the CPU time (medians of three runs). At first there are more, 33 MB, for the
# seconds in which one core imports torch: 92 % of two cores were busy then, 90 % with 128.
_AHEAD = 128
_AHEAD_AT_FIRST = 192

_CHILD = """
import sys
sys.path[:] = {path!r}
from dedupe.photos.worker import main
main()
"""

# What glibc gives back to the system after each photo it must ask for again at the next, a
# page at a time: decoding in full takes 1.2 to 1.5 x the CPU time. Up to these it is kept.
ENVIRONMENT = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
    # every core has a worker already
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class Closed(Exception):
    """The reading was called off while a photo was being read."""


class Worker:
    """One process that reads photos, one at a time, started when it is needed.

    Args:
        task: what they are read for.
        alone: held while a very large picture is unfolded, by all workers together.
    """

    def __init__(self, task: Task, alone: threading.Lock) -> None:
        self._task = task
        self._alone = alone
        self._process: subprocess.Popen[bytes] | None = None
        self._deadline = 0.0
        self._late = False
        self._closed = False

    def read(self, file: PhotoFile, known: Container[bytes]) -> Reading | Skip:
        """Read one photo as `read_photo` does; what breaks the process becomes a Skip.

        A process that the system killed, perhaps for want of memory, or that crashed, is
        started anew and the photo tried once more.

        Raises:
            Closed: `close` was called meanwhile.
            DedupeError: no process can be started.
        """
        for last_try in (False, True):
            answer = self._try(file, known)
            if not isinstance(answer, int):
                return answer
            if last_try or self._timed_out(answer):
                return self._post_mortem(file, answer)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the process, at once: it only ever reads. Whoever waits for it gets Closed."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()

    def end_if_late(self) -> None:
        """End the process if its photo takes longer than CLOCK_SECONDS."""
        if 0 < self._deadline < time.monotonic() and self._process is not None:
            self._process.kill()

    def _try(self, file: PhotoFile, known: Container[bytes]) -> Reading | Skip | int:
        """The answer, or what the process ended with instead."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        waited = False
        try:
            _send(process.stdin, file)
            while True:
                message = pickle.load(process.stdout)
                if isinstance(message, Known):
                    _send(process.stdin, message.content in known)
                    self._deadline = time.monotonic() + CLOCK_SECONDS
                elif message == LARGE:
                    self._deadline = 0.0
                    waited = self._alone.acquire()
                    self._deadline = time.monotonic() + CLOCK_SECONDS
                    _send(process.stdin, True)
                else:
                    assert isinstance(message, Reading | Skip)
                    return message
        except (EOFError, OSError, pickle.UnpicklingError):
            return self._end()
        finally:
            self._deadline, late = 0.0, self._deadline
            self._late = 0 < late < time.monotonic()
            if waited:
                self._alone.release()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise Closed
        try:
            process = subprocess.Popen(
                # the modules that are used here, however they were found
                [sys.executable, "-c", _CHILD.format(path=sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**ENVIRONMENT, **os.environ},
                start_new_session=True,  # Ctrl-C is for us: we end it
            )
        except OSError as error:
            raise _not_started(error.strerror or str(error)) from error
        self._process = process
        if self._closed:  # meanwhile, and too early to see this process
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        _widen(process.stdout)
        try:
            _send(process.stdin, self._task)
            if pickle.load(process.stdout) == READY:
                return process
        except (EOFError, OSError, pickle.UnpicklingError):
            pass
        raise _not_started(f"it ended with {self._end()}")

    def _end(self) -> int:
        """Make sure that the process is over; what it ended with.

        Raises:
            Closed: it was ended by `close`.
        """
        code = self.reap()
        if self._closed:
            raise Closed
        return code

    def reap(self) -> int:
        """Wait for the end of the process, which comes now if it has not come by itself."""
        process, self._process = self._process, None
        if process is None:
            return 0
        # after the end of its output it has ended, or never will
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.0 if self._closed else 1.0)
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        return process.wait()

    def _timed_out(self, code: int) -> bool:
        return self._late or code == -getattr(signal, "SIGXCPU", 0)

    def _post_mortem(self, file: PhotoFile, code: int) -> Skip:
        if self._timed_out(code):
            reason = f"keeps its decoder busy for more than {COMPUTE_SECONDS} s; it was stopped"
            return Skip(file.path, reason, True)
        if code == -getattr(signal, "SIGKILL", 0):
            reason = "was given up: the system ended its decoder, perhaps for want of memory"
            return Skip(file.path, reason, True, passing=True)
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Skip(file.path, f"makes its decoder crash ({name})", True)


class Readers:
    """Photos read ahead, in order, by processes or by threads. Use it as a context manager.

    Args:
        wants: size and shape of the pixels.
        workers: how many processes read and decode; 0 for none: threads of this process do,
            as many as cores, and a decoder's crash is its crash.
        thumbnails: whether a small JPEG of each photo is made.
    """

    def __init__(self, wants: Wants, *, workers: int, thumbnails: bool) -> None:
        self._wants = wants
        self._thumbnails = thumbnails
        self._alone = threading.Lock()
        task = Task(wants, thumbnails)
        self._workers = [Worker(task, self._alone) for _ in range(workers)]
        self._free = deque(self._workers)
        self._threads = ThreadPoolExecutor(workers or cores(), thread_name_prefix="read")
        self._ahead: deque[Future[Reading | Skip]] = deque()
        self._over = threading.Event()
        self._quiet = quiet_pillow()

    def __enter__(self) -> "Readers":
        self._quiet.__enter__()
        if self._workers:
            threading.Thread(target=self._watch, name="watch", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.close()
        self._threads.shutdown(wait=True)
        for worker in self._workers:
            worker.reap()
        self._quiet.__exit__(None, None, None)

    def read(
        self, files: Iterable[PhotoFile], known: Container[bytes] = frozenset()
    ) -> Generator[Reading | Skip]:
        """Read photos, 128 ahead of what was taken, 192 at first; the answers come in their order.

        It begins when this is called, not when the first answer is asked for.

        Args:
            files: as `discover` found them.
            known: content hashes whose pixels nobody needs. It may grow meanwhile.

        Returns:
            A Reading or a Skip for each.
        """
        upcoming = iter(files)
        ahead = self._ahead

        def fill(most: int) -> None:
            while len(ahead) < most and (file := next(upcoming, None)) is not None:
                ahead.append(self._threads.submit(self._read, file, known))

        def answers() -> Generator[Reading | Skip]:
            while ahead:
                answer = ahead.popleft().result()
                fill(_AHEAD)
                yield answer

        fill(_AHEAD_AT_FIRST)
        return answers()

    def spare_cores(self) -> int:
        """How many cores are not busy with reading, 0 while all are."""
        unread = 0
        for each in reversed(self._ahead):  # the first are read first
            if each.done():
                break
            unread += 1
        return max(0, cores() - unread)

    def _read(self, file: PhotoFile, known: Container[bytes]) -> Reading | Skip:
        if not self._workers:
            return read_photo(
                file, self._wants, known, thumbnail=self._thumbnails, alone=self._alone
            )
        worker = self._free.popleft()  # as many as there are threads
        try:
            return worker.read(file, known)
        finally:
            self._free.append(worker)

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            for worker in self._workers:
                worker.end_if_late()


def _send(pipe: IO[bytes], message: object) -> None:
    pickle.dump(message, pipe, protocol=5)
    pipe.flush()


def _widen(pipe: IO[bytes]) -> None:
    """Room for a whole answer, so that the worker goes on while we are busy (Linux)."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 18)


def _not_started(why: str) -> DedupeError:
    return DedupeError(
        f"the process that decodes photos cannot be started: {why}",
        "--workers 0 decodes without one",
    )
