"""Fills INDEX step by step from where it stands, and says each step: made to be killed."""

import sys
from pathlib import Path

from remembered import ENCODERS, add

from dedupe.index.store import Index

STEPS = 60


def step(store: Index, number: int) -> None:
    """Four photos of both encoders; every fifth time the older half of all goes for good."""
    with store.batch():
        for encoder in [store.encoder(*each) for each in ENCODERS]:
            add(store, encoder, range(4 * number, 4 * number + 4))
        if number % 5 == 4:
            paths = sorted(store.files_under([]))
            store.forget(paths[: len(paths) * 2 // 3], [])
            store.drop_unused(at_once=True)
        store.remember_roots([Path(f"/step/{number}")])


def steps_done(store: Index) -> int:
    return sum(root.parent == Path("/step") for root in store.roots())


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    say("ready")
    with Index(Path(sys.argv[1]), create=True, lock=True) as writing:
        for number in range(steps_done(writing), STEPS):
            step(writing, number)
            say(number + 1)
