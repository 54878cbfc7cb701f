"""The tree that the tests of apply and undo start from, and what each action makes of it."""

import os
from collections.abc import Mapping
from pathlib import Path

from trees import Content, Link, group

from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.plans.plan import Plan
from dedupe.organize.saved.aside_recheck import recheck_aside
from dedupe.organize.saved.recheck import recheck
from dedupe.organize.steps import Receipt

ODD = os.fsdecode(b"-rf \xff\n\x1b[2J.jpg")
TREE: dict[str, Content] = {
    "a/IMG.jpg": b"one",
    "b/IMG.jpg": b"two!",
    f"b/c/{ODD}": b"three",
    "d/e.png": b"",
    "d/f.heic": b"six six",
    "d/g.heic": b"the largest",
    "d/notes.txt": b"not a photo",
    "d/to a": Link("../a/IMG.jpg"),
}


def plan_for(tree: Path, action: str, journal: Path | None = None, into: str = "out") -> Plan:
    groups = [
        group(tree / "a/IMG.jpg", tree / "b/IMG.jpg", tree / "b/c" / ODD),
        group(tree / "d/e.png", tree / "d/f.heic", tree / "d/g.heic"),
    ]
    ours = {}
    if journal is not None:
        with Journal(journal) as book:
            ours = book.links_under(tree / into)
    return make_plan(groups, action=action, into=tree / into, ours=ours)


def reasons(receipt: Receipt) -> dict[str, str]:
    return {refusal.path.name: refusal.reason for refusal in receipt.left}


def rechecked(plan: Plan, ours: Mapping[Path, str]) -> Plan:
    """A saved plan of any action, as it can be done now."""
    return recheck_aside(plan, ours) if isinstance(plan, AsidePlan) else recheck(plan, ours)


_LINKS: dict[str, Content] = {
    "out/001 IMG/1 " + ODD: Link("../../b/c/" + ODD),
    "out/002 g/1 g.heic": Link("../../d/g.heic"),
}
EXPECTED: dict[str, dict[str, Content]] = {
    "symlink": {
        **TREE,
        **_LINKS,
        "out/001 IMG/2 IMG.jpg": Link("../../b/IMG.jpg"),
        "out/001 IMG/3 IMG.jpg": Link("../../a/IMG.jpg"),
        "out/002 g/2 f.heic": Link("../../d/f.heic"),
        "out/002 g/3 e.png": Link("../../d/e.png"),
    },
    "move": {
        **_LINKS,
        "out/001 IMG/2 IMG.jpg": b"two!",
        "out/001 IMG/3 IMG.jpg": b"one",
        "out/002 g/2 f.heic": b"six six",
        "out/002 g/3 e.png": b"",
        f"b/c/{ODD}": b"three",
        "d/g.heic": b"the largest",
        "d/notes.txt": b"not a photo",
        "d/to a": Link("../a/IMG.jpg"),
    },
}
EXPECTED["copy"] = {
    **EXPECTED["move"],
    **TREE,
    "out/001 IMG/1 " + ODD: b"three",
    "out/002 g/1 g.heic": b"the largest",
}
for expected in EXPECTED.values():  # the best of the first group is the odd one
    for name in [name for name in expected if "001 IMG" in name]:
        expected[name.replace("001 IMG", "001 -rf [2J")] = expected.pop(name)

# How many photos each action is done to: the best of each set is not moved.
DONE = {"symlink": 6, "copy": 6, "move": 4}
