"""What only looks writes nothing below the folders of photos: every call that could is counted."""

from pathlib import Path

import pytest
from cli.running import dedupe
from watched import watched

LOOKING = {
    "scan": ("scan", "photos"),
    "group": ("group",),
    "search": ("search", "photos/downloads/portrait.jpg"),
    "explain": ("explain", "photos/downloads/portrait.jpg", "photos/downloads/portrait (1).jpg"),
    "problems": ("problems", "--all"),
    "covered": ("covered", "photos/downloads", "--by", "photos/camera"),
    "folders": ("folders",),
    "history": ("history",),
    "recover with nothing cut off": ("recover", "--yes"),
    "undo with nothing done": ("undo",),
    **{
        f"--{action} --dry-run": ("group", f"--{action}", "--into", "photos/out", "--dry-run")
        for action in ("symlink", "copy", "move")
    },
}


@pytest.mark.parametrize("command", LOOKING.values(), ids=LOOKING)
def test_what_only_looks_changes_nothing_below_the_roots(
    photos: Path, command: tuple[str, ...]
) -> None:
    with watched(photos) as changes:
        run = dedupe(*command)
    assert run.code in (0, 3, 4, 5), run.err
    assert changes == []


def test_a_plan_is_saved_and_shown_without_a_change_below_the_roots(
    photos: Path, tmp_path: Path
) -> None:
    plan = tmp_path.parent / f"{tmp_path.name}.json"
    with watched(photos) as changes:
        start = ("group", "--move", "--into", "photos/out", "--threshold", "16")
        assert dedupe(*start, "--save-plan", plan).code == 0
        assert dedupe("apply", plan, "--dry-run").code == 0
    assert changes == []


def test_the_count_sees_what_is_done_and_what_is_taken_back(photos: Path) -> None:
    for command in (("group", "--move", "--into", "photos/out", "--yes"), ("undo",)):
        with watched(photos) as changes:
            assert dedupe(*command).code == 0
        assert [each for each in changes if "mkdir" in each or "rmdir" in each]
        assert [each for each in changes if each.startswith("changed ")]
