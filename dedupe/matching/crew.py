"""Who does the work of verifying: threads for a few pairs, processes for many."""

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from typing import TypeVar

from dedupe.cores import cores
from dedupe.encoders.allocator import keep_freed_memory

# Pairs from which on processes pay: each takes a second to start. Threads wait for Python's lock
# most of the time: on two cores they kept 1.1 busy.
_MANY = 2_000

# Processes, at most: 90 MB each.
_MOST = 16

# Items that are handed to a process at once: a third of a second of work.
_AT_ONCE = 16

_Item = TypeVar("_Item")
_Done = TypeVar("_Done")


class Crew:
    """Applies a function to many items, on all cores. To be used in a `with`.

    Each item is one thread's, and BLAS has none of its own meanwhile: after its part of a small
    product such a thread waits for more on a core that another item needs. The features of 120
    photos took 5.5 s of two cores with them, and 3.8 without.
    """

    def __init__(self, pairs: int) -> None:
        """Nothing is started yet.

        Args:
            pairs: how many there are to verify, more or less; 0 where threads are enough for any.
        """
        count = min(cores(), _MOST)
        self._processes = count if pairs >= _MANY and count > 1 else 0
        self._threads = None if self._processes else ThreadPoolExecutor(count)
        self._limits, self._is_limited = ExitStack(), False

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads is not None:
            # after Ctrl-C nobody waits for what was handed out
            self._threads.shutdown(cancel_futures=True)
            self._limits.close()
        else:
            _end_processes()

    def map(self, work: Callable[[_Item], _Done], items: Sequence[_Item]) -> Iterator[_Done]:
        """What becomes of each item, in their order.

        Args:
            work: a function of a module, or any for threads: it and the items are sent to other
                processes.
            items: what is the same object in several of them is sent once for some 16.
        """
        if self._threads is not None:
            if items and not self._is_limited:
                self._limit_blas()
            return self._threads.map(work, items)
        from joblib import Parallel, delayed

        parallel = Parallel(
            n_jobs=self._processes,
            backend="loky",
            return_as="generator",
            batch_size=1,
            initializer=_begin,
        )
        parts = (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))
        done: Iterable[list[_Done]] = parallel(delayed(_each)(work, part) for part in parts)
        return chain.from_iterable(done)

    def _limit_blas(self) -> None:
        """Its calls stay in the thread that makes them; of other processes joblib sees to that."""
        from threadpoolctl import threadpool_limits

        self._limits.enter_context(threadpool_limits(1, user_api="blas"))
        self._is_limited = True


def alone(work: Callable[..., _Done], *parts: object) -> _Done:
    """What a function returns, called in a process of its own, which ends with it.

    Args:
        work: a function of a module.
        parts: what it is called with; sent to the process.
    """
    from joblib.externals.loky import get_reusable_executor

    try:
        done: _Done = get_reusable_executor(1, initializer=_begin).submit(work, *parts).result()
        return done
    finally:
        _end_processes()


def _end_processes() -> None:
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(kill_workers=True)


def _each(work: Callable[[_Item], _Done], items: Sequence[_Item]) -> list[_Done]:
    return [work(item) for item in items]


def _begin() -> None:
    """Ctrl-C is for the process that a person started; it ends the others.

    The memory that a pair needed is kept for the next: 500 pages a pair went back to the kernel
    and came again, 7 % of the time.
    """
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
