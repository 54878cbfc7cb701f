"""Random trees, plans and interruptions: whatever they are, the tree is as it was after undo.

A program of its own, as it forks. Usage: random_strikes.py FOLDER COUNT; ends with 1 and the
smallest example if one fails. The same count gives the same examples.
"""

import gc
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
from cases import PLANNERS, Case
from driver import PHASES, Point, struck, undisturbed
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_trees import TREES
from strikes import DRIVES, FAULTS

from dedupe.organize.plans.actions import ACTIONS

FOLDER = Path(sys.argv[1])
COUNT = int(sys.argv[2])
POINTS = st.builds(
    Point,
    phase=st.sampled_from(PHASES),
    fault=st.sampled_from(list(FAULTS)),
    at=st.integers(1, 40),
    half=st.integers(1, 25),
    back=st.sampled_from([False, True, None]),
)
seen = {"struck": 0, "not reached": 0}


@settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def whatever_strikes_nothing_is_lost_and_undo_restores_the_tree(data: st.DataObject) -> None:
    action = data.draw(st.sampled_from([*ACTIONS, *PLANNERS, "tree"]))
    tree = data.draw(TREES)
    if action in PLANNERS:  # many are the same
        tree = {name: bytes([content[0] % 2]) for name, content in tree.items()}
    names = data.draw(st.permutations(sorted(tree)))
    cut = data.draw(st.integers(0, len(names)))
    parts = [part for part in (names[:cut], names[cut:]) if len(part) >= 2]
    sets = tuple({name: tree[name] for name in part} for part in parts)
    others = {name: tree[name] for name in tree if not any(name in each for each in sets)}
    drives = [name for name, each in DRIVES.items() if action not in PLANNERS or each.links]
    if action == "symlink" or action in PLANNERS:
        drives = [name for name in drives if DRIVES[name].symlinks]
    drive = data.draw(st.sampled_from(drives))
    into = data.draw(st.sampled_from(["out", "out/new"]))
    case = Case(FOLDER, action, sets, others=others, into=into)
    finished = undisturbed(case, DRIVES[drive])
    came, found, _ = struck(case, DRIVES[drive], data.draw(POINTS), finished)
    seen["struck" if came else "not reached"] += 1
    assert not found, found


if __name__ == "__main__":
    gc.freeze()
    whatever_strikes_nothing_is_lost_and_undo_restores_the_tree()
    sys.stdout.write(f"{seen['struck']} {seen['not reached']}\n")
