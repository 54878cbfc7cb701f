"""Python's garbage collector left out where it finds nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector, which looks through all photos of a library over and over.

    For what makes many objects and no cycles of them: of reading 100,000 photos it was a quarter
    of the time, of making 10,000 sets of them 0.4 of 2.8 s.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
