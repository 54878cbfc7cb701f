import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from scene import DONE, EXPECTED, TREE, plan_for, reasons
from trees import Content, Link, contents, group, make_files, read_tree

from dedupe.errors import UsageError
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.recover import recover
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.files import changes
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.actions import ACTIONS


@pytest.mark.parametrize("action", ACTIONS)
def test_undo_restores_names_bytes_modes_and_times_of_files_and_folders(
    full: Path, journal: Path, action: str
) -> None:
    (full / "b/IMG.jpg").chmod(0o640)
    before = read_tree(full)
    receipt = apply(plan_for(full, action, into="new/deep/out"), journal=journal)
    assert read_tree(full) != before
    taken = undo(journal=journal)
    assert read_tree(full) == before
    assert (taken.action, taken.done, taken.left) == (receipt.action, DONE[action], ())


@pytest.mark.parametrize("action", ACTIONS)
def test_what_was_in_the_folder_before_stays_through_apply_and_undo(
    full: Path, journal: Path, action: str
) -> None:
    foreign: dict[str, Content] = {
        "out/001 -RF [2j/1 keep me.jpg": b"foreign",
        "out/002 G": Link("nowhere"),
        "out/003 old": None,
    }
    make_files(full, foreign)
    before = read_tree(full)
    apply(plan_for(full, action), journal=journal)
    assert foreign.items() <= {**contents(full), "out/003 old": None}.items()
    assert (full / "out/003 old").is_dir()
    undo(journal=journal)
    assert read_tree(full) == before


def test_a_second_symlink_run_removes_the_folders_it_empties_and_undo_brings_them_back(
    full: Path, journal: Path
) -> None:
    before = read_tree(full)
    apply(plan_for(full, "symlink"), journal=journal)
    (full / "out/002 g").chmod(0o750)
    first = read_tree(full)
    with Journal(journal) as book:
        ours = book.links_under(full / "out")
    pair = group(full / "a/IMG.jpg", full / "d/f.heic")
    apply(make_plan([pair], action="symlink", into=full / "out", ours=ours), journal=journal)
    assert [path.name for path in (full / "out").iterdir()] == ["001 f"]
    undo(journal=journal)
    assert read_tree(full) == first
    undo(journal=journal)
    assert read_tree(full) == before


@pytest.mark.parametrize("action", ["move", "copy"])
def test_photos_take_the_place_of_our_links_and_undo_brings_the_links_back(
    full: Path, journal: Path, action: str
) -> None:
    apply(plan_for(full, "symlink"), journal=journal)
    linked = read_tree(full)
    apply(plan_for(full, action, journal), journal=journal)
    assert contents(full) == EXPECTED[action]
    undo(journal=journal)
    assert read_tree(full) == linked


@pytest.mark.parametrize("action", ACTIONS)
def test_repeated_undo_takes_back_the_action_before_and_then_nothing(
    full: Path, journal: Path, action: str
) -> None:
    before = read_tree(full)
    apply(plan_for(full, "symlink", into="links"), journal=journal)
    between = read_tree(full)
    apply(plan_for(full, action), journal=journal)
    undo(journal=journal)
    assert read_tree(full) == between
    undo(journal=journal)
    assert read_tree(full) == before
    assert undo(journal=journal).action == 0
    assert read_tree(full) == before


def test_undo_of_an_action_by_number_leaves_the_later_one(full: Path, journal: Path) -> None:
    first = apply(plan_for(full, "symlink", into="links"), journal=journal)
    apply(plan_for(full, "copy"), journal=journal)
    undo(journal=journal, action=first.action)
    assert contents(full) == EXPECTED["copy"]
    with pytest.raises(UsageError, match="has no action 7"):
        undo(journal=journal, action=7)


def test_undo_without_a_journal_or_of_nothing_does_nothing(full: Path, journal: Path) -> None:
    assert undo(journal=journal).action == 0
    assert not journal.exists()
    assert history(journal) == []
    apply(plan_for(full, "copy"), journal=journal)
    assert undo(journal=journal, action=0).action == 0
    assert contents(full) == EXPECTED["copy"]


def _edit(full: Path) -> None:
    (full / "out/002 g/2 f.heic").write_bytes(b"edited!")


def _occupy(full: Path) -> None:
    (full / "d/f.heic").write_bytes(b"somebody else's")


def _remove(full: Path) -> None:
    (full / "out/002 g/2 f.heic").unlink()


@pytest.mark.parametrize(
    ("meddle", "reason"),
    [
        (_edit, "changed since: its time is another one"),
        (_occupy, "is taken by another file, so the photo stays where it is"),
        (_remove, "is gone; it was looked for below "),
    ],
)
def test_undo_refuses_what_somebody_changed_and_takes_back_the_rest(
    full: Path, journal: Path, meddle: Callable[[Path], None], reason: str
) -> None:
    apply(plan_for(full, "move"), journal=journal)
    meddle(full)
    touched = contents(full)
    receipt = undo(journal=journal)
    said = reasons(receipt)["f.heic" if meddle is _occupy else "2 f.heic"]
    assert said.startswith(reason)
    assert receipt.done == 3
    meddled = {name: touched[name] for name in touched if name.endswith("f.heic")}
    others = {name: TREE[name] for name in TREE if name != "d/f.heic"}
    assert contents(full) == {**others, **meddled}


def test_a_refused_step_can_be_taken_back_once_the_way_is_free(full: Path, journal: Path) -> None:
    receipt = apply(plan_for(full, "move"), journal=journal)
    _occupy(full)
    undo(journal=journal)
    (full / "d/f.heic").unlink()
    undo(journal=journal, action=receipt.action)
    assert contents(full) == TREE


def test_undo_of_a_copy_leaves_a_copy_that_was_edited_even_with_its_old_time(
    full: Path, journal: Path
) -> None:
    apply(plan_for(full, "copy"), journal=journal)
    copy = full / "out/002 g/2 f.heic"
    old = copy.stat()
    copy.write_bytes(b"SIX SIX")
    os.utime(copy, ns=(old.st_atime_ns, old.st_mtime_ns))
    receipt = undo(journal=journal)
    assert reasons(receipt)["2 f.heic"] == "was edited after it was copied"
    assert contents(full) == {**TREE, "out/002 g/2 f.heic": b"SIX SIX"}


def test_undo_keeps_a_folder_that_somebody_put_something_into(full: Path, journal: Path) -> None:
    apply(plan_for(full, "move"), journal=journal)
    (full / "out/002 g/mine.txt").write_bytes(b"mine")
    receipt = undo(journal=journal)
    assert reasons(receipt) == dict.fromkeys(
        ["002 g", "out"], "stays, as there is something else in it"
    )
    assert contents(full) == {**TREE, "out/002 g/mine.txt": b"mine"}


def test_undo_does_not_hide_that_somebody_changed_a_folder(full: Path, journal: Path) -> None:
    before = read_tree(full)
    apply(plan_for(full, "move"), journal=journal)
    (full / "d/new.txt").write_bytes(b"new")
    undo(journal=journal)
    after = read_tree(full)
    assert after.pop("d") != before.pop("d")
    after.pop("d/new.txt")
    assert after == before


def test_undo_makes_a_folder_again_that_was_tidied_away_when_it_was_empty(
    full: Path, journal: Path
) -> None:
    apply(plan_for(full, "move"), journal=journal)
    (full / "a").rmdir()
    assert undo(journal=journal).left == ()
    assert contents(full) == TREE


def test_one_name_of_a_hard_linked_photo_moves_and_comes_back(full: Path, journal: Path) -> None:
    os.link(full / "a/IMG.jpg", full / "d/second name.jpg")
    before = read_tree(full)
    apply(plan_for(full, "move"), journal=journal)
    assert (full / "d/second name.jpg").read_bytes() == b"one"
    undo(journal=journal)
    assert read_tree(full) == before
    assert (full / "a/IMG.jpg").samefile(full / "d/second name.jpg")


@pytest.mark.parametrize(("number", "passes"), [(errno.EIO, True), (errno.EPERM, False)])
def test_the_time_of_a_folder_that_could_not_be_given_back_is_tried_again(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, number: int, passes: bool
) -> None:
    before = read_tree(full)
    apply(plan_for(full, "move"), journal=journal)
    real = changes.restore_folder_times

    def failing(path: Path, **times: int) -> None:
        if path == full / "a":
            raise OSError(number, os.strerror(number))
        real(path, **times)

    with monkeypatch.context() as patch:
        patch.setattr(changes, "restore_folder_times", failing)
        taken = undo(journal=journal)
    [left] = taken.left
    assert left.path == full / "a"
    assert ("`dedupe recover` tries again" in left.reason) == passes
    again = recover(journal=journal)
    assert (len(again) == 1) == passes
    assert (read_tree(full) == before) == passes
    assert history(journal)[-1].state == "undone"
