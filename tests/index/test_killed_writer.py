"""kill -9 while the index is written: it opens, is whole, and holds a prefix of the batches."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killed_writer import STEPS, step, steps_done
from remembered import everything

from dedupe.errors import IndexProblem
from dedupe.index.store import Index

HERE = Path(__file__).resolve().parent
KILLS = 30


@pytest.fixture(scope="module")
def truths(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """What is in an index after 1, 2, ... steps that nobody interrupts."""
    index = tmp_path_factory.mktemp("unbroken") / "index.db"
    found = []
    for number in range(STEPS):
        with Index(index, create=True, lock=True) as store:
            step(store, number)
        found.append(everything(index))
    return found


def run_and_kill(index: Path, steps: int, seconds: float) -> int:
    """Kill a writer so long after so many steps; the last that it said."""
    path = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    with subprocess.Popen(
        [sys.executable, HERE / "killed_writer.py", index],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(1 + steps)]
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read().splitlines(keepends=True)
    numbers = [int(line) for line in said[1:] if line.endswith(b"\n")]
    return max(numbers, default=0)


def test_a_writer_killed_30_times_leaves_a_prefix_of_its_batches_each_time(
    tmp_path: Path, truths: list[dict[str, object]]
) -> None:
    rng = random.Random(11)
    index = tmp_path / "0" / "index.db"
    reached = set()
    before = 0
    for number in range(KILLS):
        index.parent.mkdir(exist_ok=True)
        said = run_and_kill(index, rng.randrange(6), rng.uniform(0, 0.03))
        try:
            with Index(index, lock=True) as store:  # as the next scan does; removes leftovers
                done = steps_done(store)
                rows = store.encoders()
                current = {store.vector_file(row).path for row in rows}
        except IndexProblem as problem:
            # killed before its first transaction: no file yet, one without a byte, or one
            # that only says that it will have a write-ahead log
            nothing = "there is no index" in str(problem) or "is empty" in str(problem)
            if said or before or not nothing:
                raise
            continue
        assert done >= max(said, before)
        if done:
            assert everything(index) == truths[done - 1]
        assert set(index.parent.glob("*.vectors")) <= current
        reached.add(done)
        before = done
        if done == STEPS:
            index = tmp_path / f"{number + 1}" / "index.db"
            before = 0
    assert len(reached) > 5
