"""Whatever the tree: apply loses nothing and overwrites nothing, undo gives the tree back."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_trees import TREES
from trees import contents, group, make_files, read_tree
from watched import watched

from dedupe.organize.actions import ACTIONS
from dedupe.organize.apply import apply
from dedupe.organize.journal import Journal
from dedupe.organize.plan import make_plan
from dedupe.organize.undo import undo


def read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@contextmanager
def made(tree: dict[str, bytes]) -> Iterator[tuple[Path, list[Path]]]:
    """The tree on disk."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    top = Path(tempfile.mkdtemp(dir=base))
    try:
        (top / "tree").mkdir()
        make_files(top / "tree", {**tree, "out": None})
        yield top, [top / "tree" / name for name in sorted(tree)]
    finally:
        shutil.rmtree(top)


@pytest.mark.parametrize("action", ACTIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES, data=st.data())
def test_apply_then_undo_is_as_if_nothing_had_been_done(
    action: str, tree: dict[str, bytes], data: st.DataObject
) -> None:
    with made(tree) as (top, paths):
        if len(paths) < 2:
            return
        cut = data.draw(st.integers(2, len(paths)))
        shuffled = data.draw(st.permutations(paths))
        parts = [shuffled[:cut], shuffled[cut:]]
        groups = [group(*part) for part in parts if len(part) >= 2]
        before = read_tree(top / "tree")
        bytes_before = Counter(contents(top / "tree").values())
        for into in ["tree/out", "tree/out/new"]:
            journal = top / "journal.db"
            with Journal(journal) as book:
                ours = book.links_under(top / into)
            with watched(top / "tree") as changes:
                plan = make_plan(groups, action=action, into=top / into, ours=ours)
                assert str(plan)
            assert changes == []
            whole = [[read(path) for path in part] for part in parts]
            receipt = apply(plan, journal=journal)
            assert receipt.left == ()
            for part, known in zip(parts, whole, strict=True):
                # a set is never left without a photo in its place, or where the plan has put it
                put = [step.target for step in plan.photos if step.source in part]
                assert not part or set(known) & set(map(read, [*part, *put]))
            left = Counter(contents(top / "tree").values())
            assert bytes_before <= left
            if action == "move":
                assert bytes_before == left
            undo(journal=journal, action=receipt.action)
            assert read_tree(top / "tree") == before
