"""Undo finds a photo that somebody moved on after the action, by its content."""

import os
from pathlib import Path

import pytest
from scene import EXPECTED, TREE, plan_for, reasons
from trees import contents, group, make_files, read_tree

from dedupe.organize.applying import strays
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.planning import make_plan


@pytest.fixture
def moved(full: Path, journal: Path) -> Path:
    apply(plan_for(full, "move"), journal=journal)
    assert contents(full) == EXPECTED["move"]
    return full


@pytest.mark.parametrize(
    "place", ["out/002 g/best.heic", "out/best.heic", "out/new/deep/best.heic", "out/001 -rf [2J/x"]
)
def test_a_photo_that_was_moved_on_below_the_folder_is_found_and_taken_back(
    moved: Path, journal: Path, place: str
) -> None:
    (moved / place).parent.mkdir(parents=True, exist_ok=True)
    (moved / "out/002 g/2 f.heic").rename(moved / place)
    receipt = undo(journal=journal)
    assert receipt.done == 4
    assert contents(moved) == TREE


def test_it_gets_its_name_time_and_permissions_back(full: Path, journal: Path) -> None:
    (full / "d/f.heic").chmod(0o640)
    before = read_tree(full)
    apply(plan_for(full, "move"), journal=journal)
    photo = full / "out/002 g/2 f.heic"
    (full / "out/002 g/copied.heic").write_bytes(photo.read_bytes())  # a new file, a new time
    photo.unlink()
    assert undo(journal=journal).left == ()
    assert read_tree(full) == before


def test_it_is_found_in_the_folder_that_it_came_from_if_it_is_the_very_same_file(
    moved: Path, journal: Path
) -> None:
    (moved / "out/002 g/2 f.heic").rename(moved / "d/renamed.heic")
    assert undo(journal=journal).left == ()
    assert contents(moved) == TREE


def test_another_file_there_with_the_same_bytes_is_not_ours_to_move(
    moved: Path, journal: Path
) -> None:
    (moved / "d/twin.heic").write_bytes(TREE["d/f.heic"])  # type: ignore[arg-type]
    (moved / "out/002 g/2 f.heic").unlink()
    receipt = undo(journal=journal)
    assert receipt.done == 3
    assert reasons(receipt)["2 f.heic"] == (
        f"is gone; it was looked for below {moved}/out and in {moved}/d"
    )
    assert (moved / "d/twin.heic").read_bytes() == TREE["d/f.heic"]


def test_what_was_moved_on_and_edited_is_left_alone_and_the_rest_is_taken_back(
    moved: Path, journal: Path
) -> None:
    (moved / "out/002 g/2 f.heic").rename(moved / "out/edited.heic")
    (moved / "out/edited.heic").write_bytes(b"SIX SIX")
    receipt = undo(journal=journal)
    assert receipt.done == 3
    assert reasons(receipt)["2 f.heic"].startswith("is gone; it was looked for below")
    rest = {name: TREE[name] for name in TREE if name != "d/f.heic"}
    assert contents(moved) == {**rest, "out/edited.heic": b"SIX SIX"}


def test_a_photo_whose_place_another_file_took_is_found(moved: Path, journal: Path) -> None:
    (moved / "out/002 g/2 f.heic").rename(moved / "out/mine.heic")
    (moved / "out/002 g/2 f.heic").write_bytes(b"another")
    receipt = undo(journal=journal)
    assert receipt.done == 4
    assert contents(moved) == {**TREE, "out/002 g/2 f.heic": b"another"}


def test_of_two_photos_with_the_same_bytes_each_is_taken_back_once(
    tree: Path, journal: Path
) -> None:
    make_files(tree, {"a/w.jpg": b"same", "a/x.jpg": b"same", "b/y.jpg": b"same"})
    before = read_tree(tree)
    plan = make_plan([group(*tree.rglob("*.jpg"))], action="move", into=tree / "out")
    apply(plan, journal=journal)
    (tree / "out/001 w/2 x.jpg").rename(tree / "out/001 w/mine.jpg")
    assert undo(journal=journal).left == ()
    assert read_tree(tree) == before


def test_a_copy_of_another_action_is_no_stray(full: Path, journal: Path) -> None:
    apply(plan_for(full, "copy", into="out/copies"), journal=journal)
    apply(plan_for(full, "move"), journal=journal)
    (full / "out/002 g/2 f.heic").unlink()
    receipt = undo(journal=journal)
    assert "2 f.heic" in reasons(receipt)
    assert (full / "out/copies/002 g/2 f.heic").read_bytes() == TREE["d/f.heic"]


def test_what_a_later_action_moved_on_is_left_to_that_action(moved: Path, journal: Path) -> None:
    three = group(moved / "d/g.heic", moved / "out/002 g/2 f.heic", moved / "out/002 g/3 e.png")
    apply(make_plan([three], action="move", into=moved / "out/again"), journal=journal)
    receipt = undo(journal=journal, action=1)
    assert reasons(receipt)["2 f.heic"] == "was moved on by action 2: take that back first"
    undo(journal=journal)
    undo(journal=journal, action=1)
    assert contents(moved) == TREE


def test_undo_twice_after_a_stray_changes_nothing_more(moved: Path, journal: Path) -> None:
    (moved / "out/002 g/2 f.heic").rename(moved / "out/002 g/mine.heic")
    undo(journal=journal)
    after = read_tree(moved)
    again = undo(journal=journal, action=1)
    assert (again.done, again.left) == (0, ())
    assert read_tree(moved) == after


def test_it_is_looked_for_among_so_many_files_and_that_is_said(
    moved: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strays, "_MOST", 1)
    make_files(moved, {"out/zzz/f.heic": TREE["d/f.heic"]})
    (moved / "out/002 g/2 f.heic").unlink()
    receipt = undo(journal=journal)
    assert "looked for the first 1 files below" in reasons(receipt)["2 f.heic"]


def test_nothing_is_followed_through_links_while_looking(moved: Path, journal: Path) -> None:
    make_files(moved, {"elsewhere/f.heic": TREE["d/f.heic"]})
    (moved / "out/way").symlink_to("../elsewhere")
    (moved / "out/link.heic").symlink_to("../elsewhere/f.heic")
    (moved / "out/002 g/2 f.heic").unlink()
    assert "2 f.heic" in reasons(undo(journal=journal))
    assert (moved / "elsewhere/f.heic").exists()


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="needs extended attributes")
def test_extended_attributes_that_a_drive_forgot_are_given_back(full: Path, journal: Path) -> None:
    photo = full / "d/f.heic"
    try:
        os.setxattr(photo, "user.tag", b"holiday")
        os.setxattr(photo, "user.stars", b"\x00\xff")
    except OSError:
        pytest.skip("not on this file system")
    apply(plan_for(full, "move"), journal=journal)
    there = full / "out/002 g/2 f.heic"
    assert os.getxattr(there, "user.tag") == b"holiday"
    os.removexattr(there, "user.tag")  # as on a card that has none
    os.setxattr(there, "user.stars", b"5")  # and what a person gave it there is his
    os.setxattr(there, "user.new", b"new")
    undo(journal=journal)
    found = {name: os.getxattr(photo, name) for name in os.listxattr(photo)}
    assert found == {"user.tag": b"holiday", "user.stars": b"5", "user.new": b"new"}
