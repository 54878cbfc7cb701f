"""Freeing space, as a person meets it: asked first, one photo of each set stays, all comes back."""

import json
import os
import sys
from pathlib import Path

import pytest
from cli.conftest import CHOSEN
from cli.running import Run, dedupe, on_terminal
from reports.odd_names import plain
from trees import contents, read_tree

from dedupe.organize.plans.freeing import FREEING

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the trash of freedesktop.org")

# of the first set of the sample photos: the one to keep, the same file, the same pixels
KEPT, SAME_FILE, SAME_PIXELS = CHOSEN[1], CHOSEN[0], CHOSEN[2]


@pytest.fixture(autouse=True)
def _trash_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()


def act(action: str, *more: str | Path) -> Run:
    return dedupe("group", f"--{action}", "--yes", "--no-clusters", *more)


def test_the_trash_takes_same_files_and_same_pixels_and_undo_gives_them_back(
    photos: Path, tmp_path: Path
) -> None:
    before = read_tree(photos)
    shown = dedupe("group", "--no-clusters").out
    run = act("trash", "--relation", "same-pixels")
    assert run.code == 0
    assert run.err.splitlines() == [
        "2 photos (459 kB) put into the trash",
        "dedupe undo takes it back (action 1)",
    ]
    assert set(before) - set(read_tree(photos)) == {SAME_FILE, SAME_PIXELS}
    assert len(list((tmp_path / "home/Trash/files").iterdir())) == 2
    assert "trashed 2 photos (459 kB)" in dedupe("history").out
    run = dedupe("undo")
    assert run.out == "action 1 taken back: 2 photos taken out of the trash, 3 folders removed\n"
    assert read_tree(photos) == before
    assert dedupe("group", "--no-clusters").out == shown  # without a scan


def test_what_is_weaker_is_named_and_stays_whatever_yes_says(photos: Path) -> None:
    run = act("trash")
    assert run.code == 0
    assert {CHOSEN[4], CHOSEN[6]} <= set(contents(photos))
    assert run.err.splitlines()[-2:] == [
        "2 photos may differ from what stays, and stay: 2 the same picture",
        "dedupe trash PHOTO... trashes what you name; --save-plan FILE writes a plan to confirm "
        "one by one",
    ]


def test_a_review_file_trashes_what_a_person_confirms_in_it(photos: Path, tmp_path: Path) -> None:
    before = read_tree(photos)
    run = dedupe("group", "--trash", "--save-plan", "review.json")
    assert "2 more photos may differ from what stays" in run.err
    assert read_tree(photos) == before
    document = json.loads((tmp_path / "review.json").read_text())
    doubts = [step for each in document["sets"] for step in each["steps"] if "confirmed" in step]
    assert [step["confirmed"] for step in doubts] == [False, False]
    doubts[0]["confirmed"] = True
    (tmp_path / "review.json").write_text(json.dumps(document))
    run = dedupe("apply", "review.json", "--yes")
    assert run.code == 0
    assert run.err.splitlines()[-1] == "1 photo stays, as it is not confirmed in the plan"
    gone = set(before) - set(read_tree(photos))
    named = str(Path(doubts[0]["source"]).relative_to(photos))
    assert gone == {SAME_FILE, SAME_PIXELS, named}
    dedupe("undo")
    assert read_tree(photos) == before


def test_a_photo_goes_by_its_name_where_another_of_its_set_stays(photos: Path) -> None:
    run = dedupe("trash", photos / CHOSEN[6], photos / "nowhere.jpg", "--yes")
    assert run.code == 3
    assert "1 photo (" in run.err
    assert "nowhere.jpg is in no set, so that nothing of it would stay" in run.err
    assert not (photos / CHOSEN[6]).exists()
    run = dedupe("trash", photos / CHOSEN[3], photos / CHOSEN[4], "--yes")
    assert run.code == 3
    assert run.err.count("every photo of its set was named, and one stays") == 2
    assert (photos / CHOSEN[3]).exists()


@pytest.mark.parametrize("action", ["hardlink", "symlink-same"])
def test_same_files_are_replaced_and_given_back(photos: Path, action: str) -> None:
    before = read_tree(photos)
    run = act(action, "--relation", "same-file")
    assert (run.code, run.err.splitlines()[0]) == (
        0,
        f"1 photo (57 kB) {FREEING[action].done}",
    )
    assert (photos / SAME_FILE).samefile(photos / KEPT)
    assert dedupe("undo").out == "action 1 taken back: 1 photo given back\n"
    assert read_tree(photos) == before
    assert os.lstat(photos / SAME_FILE).st_nlink == 1


def test_what_is_not_replaced_is_counted(photos: Path) -> None:
    run = act("hardlink", "--relation", "same-pixels")
    assert run.code == 0
    assert run.err.splitlines()[-1] == "1 photo in these sets has other bytes: left as before"


@pytest.mark.parametrize("action", FREEING)
def test_a_dry_run_shows_what_would_go_and_changes_nothing(
    photos: Path, tmp_path: Path, action: str
) -> None:
    before = read_tree(tmp_path)
    run = dedupe("group", f"--{action}", "--relation", "same-pixels", "--dry-run")
    assert read_tree(tmp_path) == before
    assert f"{photos / KEPT}  stays\n    {photos / SAME_FILE}  same file\n" in run.out


@pytest.mark.parametrize("command", [("group", "--trash"), ("group", "--hardlink"), ("trash", "x")])
def test_in_a_pipe_nothing_goes_without_a_yes(photos: Path, command: tuple[str, ...]) -> None:
    before = read_tree(photos)
    run = dedupe(*command)
    assert run.code == 2
    assert "without a yes, and there is nobody to ask here" in run.err
    assert read_tree(photos) == before


def test_a_person_is_asked_with_the_count_and_the_bytes(photos: Path) -> None:
    before = read_tree(photos)
    run = on_terminal("group", "--trash", "--relation", "same-pixels", typed="n\n")
    assert run.code == 1
    question = "2 photos (459 kB) to be put into the trash: go on? [y/N] "
    assert plain(run.out).endswith(question + "nothing was put into the trash\n")
    assert read_tree(photos) == before
