"""How many processors there are for this process."""

import os


def cores() -> int:
    """The cores this process may run on: a container or `taskset` may leave it fewer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
