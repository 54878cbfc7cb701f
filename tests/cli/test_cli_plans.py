"""Saved plans, history, recover and protected folders, as a person meets them."""

import json
import os
import signal
from pathlib import Path

import pytest
from cli.conftest import CHOSEN
from cli.running import Run, dedupe, on_terminal
from cli.test_cli_act import LINKS, PROMISE
from reports.odd_names import plain
from trees import contents, read_tree

from dedupe.cli.progress import RichProgress


def saved(action: str, *more: str | Path) -> Run:
    return dedupe("group", f"--{action}", "--into", "out", "--save-plan", "plan.json", *more)


@pytest.mark.parametrize("action", ["symlink", "copy", "move"])
def test_a_plan_is_saved_with_nothing_done_and_applied_later(
    photos: Path, tmp_path: Path, action: str
) -> None:
    before = read_tree(photos)
    run = saved(action)
    assert run.code == 0
    what, promise = "7 photos (761 kB)", []
    if action == "move":
        what, promise = "4 photos (566 kB)", [PROMISE]
    assert run.err.splitlines() == [
        f"the plan to {action} {what} is in plan.json; nothing was done yet",
        "next:  dedupe apply plan.json",
    ]
    assert set(tmp_path.iterdir()) == {photos, tmp_path / "plan.json"}
    assert read_tree(photos) == before
    run = dedupe("apply", "plan.json", "--yes")
    assert (run.code, run.data) == (0, b"")
    done = {"symlink": "linked", "copy": "copied", "move": "moved"}[action]
    assert run.err.splitlines() == [
        *promise,
        f"{what[:8]} {done} into out",
        "dedupe undo takes it back (action 1)",
    ]
    assert set(contents(tmp_path / "out")) == set(LINKS)
    run = dedupe("apply", "plan.json", "--yes")
    assert run.err == f"0 photos {done} into out, {what[0]} already there\n"
    assert dedupe("undo").code == 0
    assert read_tree(photos) == before


def test_a_saved_plan_can_be_shown_before_it_is_applied(photos: Path, tmp_path: Path) -> None:
    shown = dedupe("group", "--move", "--into", "out", "--dry-run").out
    assert saved("move", "--dry-run").out == shown
    before = read_tree(tmp_path)
    assert dedupe("apply", "plan.json", "--dry-run").out == shown
    assert read_tree(tmp_path) == before


def test_a_line_that_is_deleted_from_the_plan_is_not_done(photos: Path, tmp_path: Path) -> None:
    saved("move")
    lines = (tmp_path / "plan.json").read_text().splitlines(keepends=True)
    cut = '"verb": "move", "source": "' + str(photos / CHOSEN[2])
    kept = [line.replace("},\n", "}\n") if CHOSEN[0] in line else line for line in lines]
    kept = [line for line in kept if cut not in line]
    assert len(kept) == len(lines) - 1
    (tmp_path / "plan.json").write_text("".join(kept))
    assert "3 photos moved into out\n" in dedupe("apply", "plan.json", "--yes").err
    assert (photos / CHOSEN[2]).exists()


def test_apply_asks_with_counts_and_bytes_before_it_takes_photos_away(
    photos: Path, tmp_path: Path
) -> None:
    saved("move")
    before = read_tree(tmp_path)
    run = on_terminal("apply", "plan.json", typed="\n")
    assert run.code == 1
    question = "Move 4 photos (566 kB) to out? [y/N] nothing was moved\n"
    assert plain(run.out) == f"{PROMISE}\n{question}"
    run = dedupe("apply", "plan.json")
    assert run.code == 2
    assert run.err.startswith("error: photos are not moved without a yes, and there is nobody")
    assert read_tree(tmp_path) == before
    assert on_terminal("apply", "plan.json", typed="y\n").code == 0
    assert set(contents(tmp_path / "out")) == set(LINKS)


def test_what_changed_since_the_plan_was_saved_is_named_and_gives_exit_code_3(
    photos: Path, tmp_path: Path
) -> None:
    saved("move")
    (photos / CHOSEN[2]).write_bytes(b"edited since")
    assert dedupe("apply", "plan.json", "--dry-run").code == 3
    run = dedupe("apply", "plan.json", "--yes")
    assert run.code == 3
    assert f"left alone: photos/{CHOSEN[2]} changed since: it had" in run.err
    assert (photos / CHOSEN[2]).read_bytes() == b"edited since"
    assert len(contents(tmp_path / "out")) == 6


def test_a_damaged_plan_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"dedupe_plan": 1, "sets": [')
    run = dedupe("apply", "plan.json", "--yes")
    assert (run.code, run.data) == (1, b"")
    assert run.err.startswith("error: the plan plan.json is refused: it is no JSON (line 1, ")
    assert len(run.err.splitlines()) == 2
    assert dedupe("apply", "absent.json").code == 1


def test_what_to_type_next_names_the_index_that_was_named(photos: Path, tmp_path: Path) -> None:
    index = tmp_path / "my index.db"
    dedupe("scan", photos, "--index", index)
    run = saved("symlink", "--index", index)
    assert f"next:  dedupe apply plan.json --index '{index}'\n" in run.err


# --- history


def test_history_lists_what_was_done_and_what_was_taken_back(photos: Path) -> None:
    assert dedupe("history").out == "Nothing was linked, copied or moved yet.\n"
    for action in ("symlink", "copy", "move"):
        dedupe("group", f"--{action}", "--into", action, "--yes")
    dedupe("undo", "2")
    run = dedupe("history")
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert [line[:4].strip() for line in lines[::2]] == ["1", "2", "3"]
    assert [line[24:].split("  ")[0] for line in lines[::2]] == [
        "linked 7 photos",
        "copied 7 photos (761 kB)",
        "moved 4 photos (566 kB), re-pointed 4 links",  # those of the first action
    ]
    assert [line.strip() for line in lines[1::2]] == ["symlink", "copy", "move"]
    assert [line.endswith("taken back") for line in lines[::2]] == [False, True, False]
    found = json.loads(dedupe("history", "--format", "json").out)["actions"]
    assert [(each["id"], each["state"], each["standing"]) for each in found] == [
        (1, "done", 7),
        (2, "undone", 0),
        (3, "done", 4),
    ]


# --- recover


@pytest.fixture
def half_moved(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The photos, three of which were moved when somebody pressed Ctrl-C, and two are shown."""
    advance = RichProgress.advance

    def stopped(progress: RichProgress, count: int = 1) -> None:
        advance(progress, count)
        if len(list(tmp_path.glob("out/*/*"))) == 5:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(RichProgress, "advance", stopped)
        assert dedupe("group", "--move", "--into", "out", "--yes").code == 130
    return photos


def test_recover_says_what_is_half_done_and_finishes_it(half_moved: Path, tmp_path: Path) -> None:
    past = dedupe("history")
    assert "cut off, 3 done\n" in past.out
    assert past.err == "dedupe recover finishes what was cut off, --back takes it back\n"
    run = dedupe("recover", "--yes")
    assert run.code == 0
    assert run.err == "action 1 was cut off: 3 of 4 photos moved into out\n"
    assert run.out == "action 1 finished: 1 more photo moved into out\n"
    assert set(contents(tmp_path / "out")) == set(LINKS)
    run = dedupe("recover")
    assert (run.code, run.out, run.err) == (0, "nothing to recover\n", "")
    # the index knows where they are
    assert len(dedupe("group").out.split()) > 0
    assert dedupe("group").err == ""


def test_recover_takes_it_back_if_that_is_asked_for(half_moved: Path, tmp_path: Path) -> None:
    run = dedupe("recover", "--back")
    assert run.code == 0
    assert run.out == "action 1 taken back: 3 photos moved back, 4 folders removed\n"
    assert not (tmp_path / "out").exists()
    assert set(contents(half_moved)) == set(CHOSEN)
    assert dedupe("recover", "--back").out == "nothing to recover\n"


def test_recover_asks_before_it_takes_more_photos_away(half_moved: Path, tmp_path: Path) -> None:
    before = read_tree(tmp_path)
    run = dedupe("recover")
    assert run.code == 2
    assert "there is nobody to ask here" in run.err
    run = on_terminal("recover", typed="n\n")
    assert run.code == 1
    assert "Move 1 photo (" in plain(run.out)
    assert read_tree(tmp_path) == before
    assert on_terminal("recover", typed="y\n").code == 0
    assert set(contents(tmp_path / "out")) == set(LINKS)


def test_with_nothing_cut_off_recover_says_so() -> None:
    run = dedupe("recover")
    assert (run.code, run.out, run.err) == (0, "nothing to recover\n", "")


# --- undo of what was moved on


def test_undo_finds_a_photo_that_was_moved_on(photos: Path, tmp_path: Path) -> None:
    before = read_tree(photos)
    dedupe("group", "--move", "--into", "out", "--yes")
    (tmp_path / "out/003 portrait/2 portrait (1).jpg").rename(tmp_path / "out/the best one.jpg")
    run = dedupe("undo")
    assert (run.code, run.err) == (0, "")
    assert read_tree(photos) == before


# --- protected folders


def test_protected_photos_win_in_their_sets_and_stay_when_the_rest_is_moved(
    photos: Path, tmp_path: Path
) -> None:
    export = read_tree(photos / "export")
    sets = json.loads(dedupe("group", "--protect", "photos/export", "--format", "json").out)["sets"]
    kept = {each["photos"][0]["path"]: each["photos"][0]["reason"] for each in sets}
    assert {str(photos / CHOSEN[2]), str(photos / CHOSEN[4])} < set(kept)
    assert kept[str(photos / CHOSEN[4])] == "is in a protected folder"
    run = dedupe("group", "--move", "--into", "out", "--yes", "--protect", "photos/export")
    assert run.code == 0
    assert "4 photos moved into out\n" in run.err
    assert read_tree(photos / "export") == export
    assert set(contents(photos)) == {CHOSEN[2], CHOSEN[4], CHOSEN[5], *CHOSEN[7:]}
    assert len(contents(tmp_path / "out")) == 7


def test_a_saved_plan_remembers_what_is_protected(photos: Path, tmp_path: Path) -> None:
    saved("move", "--protect", "photos/export")
    document = json.loads((tmp_path / "plan.json").read_text())
    assert document["protected"] == [{"path": str(photos / "export")}]
    step = document["sets"][1]["steps"][1]
    step["source"] = str(photos / "export/other.jpg")
    (tmp_path / "plan.json").write_text(json.dumps(document))
    before = read_tree(photos)
    run = dedupe("apply", "plan.json", "--yes")
    assert run.code == 1
    assert "out of a protected folder" in run.err
    assert read_tree(photos) == before


def test_several_folders_can_be_protected(photos: Path, tmp_path: Path) -> None:
    folders = ("--protect", "photos/export", "--protect", "photos/phone")
    run = dedupe("group", "--move", "--into", "out", "--dry-run", *folders)
    assert "left where they are, protected: 1 photo" in run.out
    assert "move 3 photos; one photo of each set stays" in run.out
