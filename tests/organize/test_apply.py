from pathlib import Path

import pytest
from scene import DONE, EXPECTED, ODD, TREE, plan_for, reasons
from trees import Link, contents, group, make_files, read_tree

from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.files import place
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.actions import ACTIONS


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_does_just_what_it_says(full: Path, journal: Path, action: str) -> None:
    receipt = apply(plan_for(full, action), journal=journal)
    assert contents(full) == EXPECTED[action]
    assert (receipt.done, receipt.folders, receipt.left) == (DONE[action], 3, ())
    assert receipt.bytes == {"symlink": 0, "copy": 30, "move": 14}[action]


@pytest.mark.parametrize("action", ACTIONS)
def test_systems_that_cannot_hold_folders_open_go_by_paths(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.setattr(place, "_HANDLES", False)
    before = read_tree(full)
    apply(plan_for(full, action), journal=journal)
    assert contents(full) == EXPECTED[action]
    undo(journal=journal)
    assert read_tree(full) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_a_name_taken_after_planning_is_refused_and_the_others_go_on(
    full: Path, journal: Path, action: str
) -> None:
    plan = plan_for(full, action)
    (full / "out/002 g").mkdir(parents=True)
    (full / "out/002 g/2 f.heic").write_bytes(b"faster")
    receipt = apply(plan, journal=journal)
    assert contents(full)["out/002 g/2 f.heic"] == b"faster"
    assert contents(full)["d/f.heic"] == b"six six"
    assert "is taken by another file" in reasons(receipt).values()
    undo(journal=journal)
    assert contents(full) == {**TREE, "out/002 g/2 f.heic": b"faster"}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_photo_that_changed_after_planning_is_left_and_said(
    full: Path, journal: Path, action: str
) -> None:
    plan = plan_for(full, action)
    (full / "a/IMG.jpg").write_bytes(b"edited since")
    (full / "d/e.png").unlink()
    (full / "d/e.png").symlink_to("notes.txt")
    receipt = apply(plan, journal=journal)
    assert reasons(receipt) == {
        "IMG.jpg": "changed since: it had 3 bytes, it has 12",
        "e.png": "has been replaced by a link",
    }
    assert receipt.done == DONE[action] - 2
    assert contents(full)["a/IMG.jpg"] == b"edited since"


@pytest.mark.parametrize("action", ["symlink", "copy"])
def test_a_second_run_changes_nothing_and_writes_no_action(
    full: Path, journal: Path, action: str
) -> None:
    apply(plan_for(full, action), journal=journal)
    after = read_tree(full)
    again = plan_for(full, action, journal)
    assert (again.steps, again.standing) == ((), 6)
    assert apply(again, journal=journal).action == 0
    assert read_tree(full) == after
    assert len(history(journal)) == 1


def test_moving_again_what_was_moved_finds_it_in_place(full: Path, journal: Path) -> None:
    apply(plan_for(full, "move"), journal=journal)
    after = read_tree(full)
    with Journal(journal) as book:
        ours = book.links_under(full / "out")
    folders = {"out/001 -rf [2J": full / "b/c" / ODD, "out/002 g": full / "d/g.heic"}
    sets = [
        group(kept, *(path for path in (full / folder).iterdir() if not path.is_symlink()))
        for folder, kept in folders.items()
    ]
    again = make_plan(sets, action="move", into=full / "out", ours=ours)
    assert (again.steps, again.standing, again.refusals) == ((), 4, ())
    assert apply(again, journal=journal).action == 0
    assert read_tree(full) == after


def test_a_second_symlink_run_removes_only_our_own_unwanted_links(
    full: Path, journal: Path
) -> None:
    apply(plan_for(full, "symlink"), journal=journal)
    make_files(
        full,
        {
            "out/001 -rf [2J/mine.jpg": Link("../../a/IMG.jpg"),
            "out/002 g/3 e.png.bak": b"mine",
        },
    )
    (full / "out/002 g/2 f.heic").unlink()
    (full / "out/002 g/2 f.heic").symlink_to("../../d/notes.txt")  # no longer what we wrote
    before = read_tree(full)

    with Journal(journal) as book:
        ours = book.links_under(full / "out")
    pair = group(full / "a/IMG.jpg", full / "d/f.heic")
    apply(make_plan([pair], action="symlink", into=full / "out", ours=ours), journal=journal)
    assert contents(full) == {
        **TREE,
        "out/001 -rf [2J/mine.jpg": Link("../../a/IMG.jpg"),
        "out/002 g/3 e.png.bak": b"mine",
        "out/002 g/2 f.heic": Link("../../d/notes.txt"),
        "out/001 f/1 f.heic": Link("../../d/f.heic"),
        "out/001 f/2 IMG.jpg": Link("../../a/IMG.jpg"),
    }
    undo(journal=journal)
    assert read_tree(full) == before
