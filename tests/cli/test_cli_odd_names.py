"""Photos under every odd name, from the scan to undo, on a terminal and in pipes."""

import base64
import csv
import itertools
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from cli.conftest import CHOSEN, SAMPLES, copy_index
from cli.running import dedupe, on_terminal
from reports.odd_names import ODD_NAMES, obeyed, plain
from trees import Link, contents, read_tree

from dedupe.errors import Interrupted
from dedupe.index.forget import forget
from dedupe.index.place import journal_beside
from dedupe.names import safe
from dedupe.organize.act import load_plan
from dedupe.organize.applying.apply import apply

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems refuse some of these names"
)


@pytest.fixture
def odd(tmp_path: Path, sample_index: Path, index: Path) -> Path:
    """One photo under every odd name, a broken one under every other, in an odd folder."""
    folder = tmp_path / os.fsdecode(b"\xff[/red]\n=1")
    for name in ODD_NAMES.values():
        broken = folder / f"broken {name}"[:200]
        for path in (folder / name, broken):
            path.parent.mkdir(parents=True, exist_ok=True)  # some have a slash in them
        shutil.copy(SAMPLES / CHOSEN[0], folder / name)
        broken.write_bytes(b"\xff\xd8\xff\xe0 cut off")
    copy_index(sample_index, index)
    return folder


@pytest.fixture
def scanned(odd: Path) -> Path:
    """Likewise, and scanned."""
    dedupe("scan", odd)
    forget([SAMPLES])
    return odd


def test_a_scan_names_skipped_files_so_that_no_terminal_obeys(odd: Path) -> None:
    run = on_terminal("scan", odd, "--list-skipped")
    assert run.code == 3
    assert obeyed(run.out) == []
    for name in ODD_NAMES.values():
        assert safe(f"broken {name}"[:200]) in plain(run.out)


@pytest.mark.parametrize("columns", [80, 160])
@pytest.mark.parametrize("form", ["table", "csv", "json", "paths"])
def test_no_report_writes_to_a_terminal_what_it_would_obey(
    scanned: Path, form: str, columns: int
) -> None:
    example = str(scanned / ODD_NAMES["not UTF-8"])
    for command in (["group"], ["search", example, "-k", "99"], ["problems", "--all"]):
        run = on_terminal(*command, "--format", form, columns=columns)
        assert run.code == 0
        assert obeyed(run.out) == []
        if form in ("csv", "paths") and command != ["problems", "--all"]:
            assert all(
                safe(scanned / name) in run.out.replace('""', '"') for name in ODD_NAMES.values()
            )


def test_pipes_get_the_exact_bytes_of_every_name(scanned: Path) -> None:
    expected = {os.fsencode(scanned / name) for name in ODD_NAMES.values()}
    assert set(dedupe("group", "-0").data.split(b"\0")) - {b""} == expected
    photos = json.loads(dedupe("group", "--format", "json").out)["sets"][0]["photos"]
    exact = {
        base64.b64decode(each["path_base64"])
        if "path_base64" in each
        else each["path"].encode("utf-8")
        for each in photos
    }
    assert exact == expected


def test_no_cell_of_a_spreadsheet_is_a_formula_and_every_photo_has_one_row(scanned: Path) -> None:
    text = dedupe("group", "--format", "csv").out
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["path"] for row in rows if row["path"][:1] in "=+-@\t"] == []
    assert {row["path"] for row in rows} == {safe(scanned / name) for name in ODD_NAMES.values()}


@pytest.mark.parametrize("action", ["symlink", "move", "copy"])
def test_plans_actions_and_undo_survive_odd_names_and_a_terminal_sees_none(
    scanned: Path, tmp_path: Path, action: str
) -> None:
    before = read_tree(scanned)
    into = tmp_path / "\x1b[2Jinto\n"
    start = ("group", f"--{action}", "--into", into)
    plan = on_terminal(*start, "--dry-run")
    assert plan.code == 0
    assert obeyed(plan.out) == []
    done = on_terminal(*start, typed="y\n")
    assert done.code == 0
    assert obeyed(done.out) == []
    made = [path for path in into.rglob("*") if path.is_symlink() or path.is_file()]
    assert len(made) == len(ODD_NAMES)
    undone = on_terminal("undo")
    assert undone.code == 0
    assert obeyed(undone.out) == []
    assert not into.exists()
    assert read_tree(scanned) == before


def test_what_is_left_alone_is_named_so_that_no_terminal_obeys(
    scanned: Path, tmp_path: Path
) -> None:
    on_terminal("group", "--move", "--into", "out", typed="y\n")
    for path in (tmp_path / "out").rglob("*.jpg"):
        path.write_bytes(b"edited since")
    run = on_terminal("undo")
    assert run.code == 3
    assert obeyed(run.out) == []
    assert run.out.count("left alone: ") >= len(ODD_NAMES) - 1  # one ends in no .jpg


def test_a_plan_of_odd_names_is_saved_shown_and_applied_so_that_no_terminal_obeys(
    scanned: Path, tmp_path: Path
) -> None:
    before = read_tree(scanned)
    run = on_terminal("group", "--move", "--into", "out", "--save-plan", "a\x1b[2J plan")
    assert run.code == 0
    assert obeyed(run.out) == []
    shown = on_terminal("apply", "a\x1b[2J plan", "--dry-run")
    assert (shown.code, obeyed(shown.out)) == (0, [])
    run = on_terminal("apply", "a\x1b[2J plan", typed="y\n")
    assert (run.code, obeyed(run.out)) == (0, [])
    assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == len(ODD_NAMES)
    assert on_terminal("undo").code == 0
    assert read_tree(scanned) == before


def test_links_lead_to_the_photos_of_odd_names(scanned: Path, tmp_path: Path) -> None:
    dedupe("group", "--symlink", "--into", "out")
    links = contents(tmp_path / "out")
    assert len(links) == len(ODD_NAMES)
    assert all(isinstance(link, Link) for link in links.values())
    assert {(tmp_path / "out" / name).resolve() for name in links} == {
        scanned / name for name in ODD_NAMES.values()
    }


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
@pytest.mark.parametrize(
    "command", ["scan", "group", "search", "problems", "forget", "apply", "index", "into"]
)
def test_an_error_that_holds_an_odd_name_is_one_line_that_no_terminal_obeys(
    tmp_path: Path, command: str, name: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    args = {
        "index": ("group", "--index", tmp_path / name),
        "into": ("group", f"--into={name}", "--format", name),
    }.get(command, (command, tmp_path / "absent" / name))
    run = on_terminal(*args)
    assert run.code in (1, 2)
    assert obeyed(run.out) == []
    assert plain(run.out).count("\n") <= 2


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_a_name_taken_for_an_option_or_a_number_is_answered_in_one_safe_line(name: str) -> None:
    for args in (
        ("undo", name),
        ("scan", f"--{name}"),
        ("group", f"-{name}"),
        ("group", "--threshold", name),
        (f"x{name}",),
    ):
        run = on_terminal(*args)
        assert run.code == 2
        assert obeyed(run.out) == []
        assert plain(run.out).count("\n") == 2


def test_what_newer_commands_say_of_odd_names_no_terminal_obeys(
    scanned: Path, tmp_path: Path
) -> None:
    """Whether photos are covered, hidden sets, folders in others, and why two are a pair."""
    library = tmp_path / "\x1b]0;lib\x07\nrary"
    library.mkdir()
    shutil.copy(SAMPLES / CHOSEN[3], library / ODD_NAMES["bidi"])
    dedupe("scan", library)
    first = str(scanned / ODD_NAMES["clear screen"])
    second = str(scanned / ODD_NAMES["not UTF-8"])
    said = {
        ("covered", str(scanned), "--by", str(library)): 4,
        ("folders",): 0,
        ("explain", first, second, "--sets"): 0,
        ("ignore", "--set", first): 0,
        ("ignore", "--list"): 0,
        ("config",): 0,
    }
    for command, code in said.items():
        run = on_terminal(*command)
        assert run.code == code, run.out
        assert obeyed(run.out) == []
        if command[0] == "covered" or "--list" in command:
            assert safe(ODD_NAMES["clear screen"]) in plain(run.out)


def test_a_run_that_was_cut_off_names_odd_photos_so_that_no_terminal_obeys(
    scanned: Path, tmp_path: Path, index: Path
) -> None:
    before = read_tree(scanned)
    into = tmp_path / "\x1b[2Jinto\n"
    assert dedupe("group", "--move", "--into", into, "--save-plan", "plan").code == 0
    asked = itertools.count()
    with pytest.raises(Interrupted) as stopped:
        apply(
            load_plan(tmp_path / "plan", index=index),
            journal=journal_beside(index),
            stop=lambda: next(asked) == 6,
        )
    assert obeyed(str(stopped.value)) == []
    for command in (("history",), ("recover",), ("recover", "--back")):
        run = on_terminal(*command, typed="n\n")
        assert obeyed(run.out) == []
        if command != ("recover", "--back"):
            assert safe(into.name) in plain(run.out)
    assert on_terminal("history").code == 0
    assert read_tree(scanned) == before
