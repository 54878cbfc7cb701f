"""`dedupe group --move --tree`: extra copies go aside in their folders, as a person meets it."""

import json
from pathlib import Path

import pytest
from cli.conftest import CHOSEN
from cli.running import dedupe, on_terminal
from reports.odd_names import plain
from trees import contents, make_files, read_tree

from dedupe.index.scan import update_index

STAYS = [CHOSEN[1], CHOSEN[3], CHOSEN[5]]
GOES = [CHOSEN[0], CHOSEN[2], CHOSEN[4], CHOSEN[6]]
TREE = ("group", "--move", "--tree", "--into", "aside")


def test_extra_copies_are_put_aside_in_their_folders_and_undo_brings_them_back(
    photos: Path, tmp_path: Path
) -> None:
    before = read_tree(photos)
    run = dedupe(*TREE, "--yes")
    assert (run.code, run.err.splitlines()) == (
        0,
        [
            "one photo of each set stays where it is, the others keep their folders",
            "4 photos moved into aside",
            "dedupe undo takes it back (action 1)",
        ],
    )
    assert set(contents(tmp_path / "aside")) == set(GOES)
    assert {name for name in CHOSEN if (photos / name).is_file()} == set(CHOSEN) - set(GOES)
    assert dedupe("undo").code == 0
    assert read_tree(photos) == before


def test_a_second_run_after_a_scan_goes_on_in_the_same_tree(photos: Path, tmp_path: Path) -> None:
    dedupe(*TREE, "--yes")
    update_index([photos, tmp_path / "aside"], device="cpu")
    again = dedupe(*TREE, "--yes")
    assert (again.code, again.err) == (0, "0 photos moved into aside, 4 already there\n")
    new = photos / "phone/new.jpg"
    new.write_bytes((photos / STAYS[0]).read_bytes())
    update_index([photos], device="cpu")
    assert dedupe(*TREE, "--yes").code == 0
    assert set(contents(tmp_path / "aside")) == {*GOES, "phone/new.jpg"}


def test_what_was_named_is_what_the_tree_is_relative_to(photos: Path, tmp_path: Path) -> None:
    assert dedupe(*TREE, "--yes", photos / "downloads").code == 0
    assert set(contents(tmp_path / "aside")) == {"portrait (1).jpg"}
    assert dedupe(*TREE, "--yes", photos / "camera", photos / "export").code == 0
    assert "export/album/DSC_0098.JPG" in contents(tmp_path / "aside")


def test_a_dry_run_shows_who_stays_and_why_and_writes_nothing(photos: Path, tmp_path: Path) -> None:
    before = read_tree(tmp_path)
    run = dedupe(*TREE, "--dry-run")
    assert read_tree(tmp_path) == before
    lines = run.out.splitlines()
    assert lines[:3] == [
        "move 4 photos; one photo of each set stays",
        f"  from {photos}",
        f"  to the same folders below {tmp_path}/aside",
    ]
    assert f"  {STAYS[0]}  stays: has its capture time and camera" in lines
    assert {line.strip() for line in lines} >= set(GOES)
    assert lines[-5:].count("    album/  1 photo") == 1
    sets = lines[4 : lines.index(f"folders below {tmp_path}/aside")]
    assert max(map(len, sets)) <= 80


def test_a_person_is_asked_and_a_saved_plan_is_looked_at_again(
    photos: Path, tmp_path: Path
) -> None:
    assert dedupe(*TREE).code == 2
    asked = on_terminal(*TREE, typed="\n")
    assert asked.code == 1
    assert "Move 4 photos" in plain(asked.out)
    run = dedupe(*TREE, "--save-plan", "plan.json")
    assert run.code == 0
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert (plan["dedupe_plan"], plan["tree"]) == (2, str(photos))
    (photos / STAYS[1]).unlink()
    shown = dedupe("apply", "plan.json", "--dry-run")
    assert shown.code == 3
    run = dedupe("apply", "plan.json", "--yes")
    assert run.code == 3
    assert f"stays, as {photos / STAYS[1]}, the one to keep, is gone" in run.err
    assert (photos / GOES[2]).is_file()
    assert len(contents(tmp_path / "aside")) == 3


@pytest.mark.parametrize(
    "options",
    [[], ["--copy"], ["--symlink"], ["--trash"], ["--hardlink"], ["--symlink", "--with-clusters"]],
)
def test_a_tree_is_for_photos_that_are_moved(photos: Path, options: list[str]) -> None:
    run = dedupe("group", "--tree", *options, "--into", "aside", "--yes")
    assert run.code == 2
    assert run.err.startswith("error: a tree is for photos that are moved: one of each set stays")
    assert "dedupe group --move --tree --into ~/Aside" in run.err


@pytest.mark.parametrize("tree", [[], ["--tree"]])
def test_the_photos_must_not_be_in_the_folder_for_those_that_go(
    photos: Path, tree: list[str]
) -> None:
    before = read_tree(photos)
    for into in (photos, photos.parent):
        run = dedupe("group", "--move", *tree, "--into", into, "--yes")
        assert run.code == 2
        assert "the photos are in" in run.err
        assert "name another folder with --into" in run.err
    assert read_tree(photos) == before


def test_a_tree_is_asked_for_each_time(tmp_path: Path, photos: Path) -> None:
    make_files(tmp_path, {"dedupe.toml": b"[group]\ntree = true\n"})
    run = dedupe("--config", "dedupe.toml", "group")
    assert run.code == 2
    assert "'tree' cannot be a setting" in run.err
