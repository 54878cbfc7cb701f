"""Processors: how many there are for this process, and how it leaves them to others."""

import os


def cores() -> int:
    """The cores this process may run on: a container or `taskset` may leave it fewer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share_cores() -> None:
    """Let threads that wait for each other sleep: call it before numpy and torch are imported.

    The threads of an OpenMP product otherwise go round in a loop where one of them is late, and
    take the core that it needs: beside one other busy program on two cores small products took 1.8
    to 2.9 times as long (benchmarks/busy.py), and `group` 1.5 times. With the cores to itself it is
    as fast either way. Those of OpenBLAS, which numpy and scipy use, do so for 25 ms after each
    product. What the user set is left as it is.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # 2^4 cycles before they sleep, the fewest that it takes, and not 2^26
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
