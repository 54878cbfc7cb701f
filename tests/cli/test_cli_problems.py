import base64
import csv
import json
import os
from pathlib import Path

import pytest
from cli.conftest import CHOSEN
from cli.running import cut_short, dedupe, on_terminal
from reports.odd_names import ODD_NAMES, plain

from dedupe.index.forget import forget
from dedupe.index.library import find_problems
from dedupe.reports.registry import REPORTS

BROKEN = ("camera/2018/broken.jpg", "downloads/empty.png", "downloads/raw.cr2")


@pytest.fixture
def faulty(photos: Path) -> Path:
    """Scanned photos among which three cannot be read, and two files are no photos."""
    (photos / BROKEN[0]).write_bytes((photos / CHOSEN[0]).read_bytes()[:5000])
    (photos / BROKEN[1]).touch()
    (photos / BROKEN[2]).write_bytes(b"II*\0\x10\0\0\0CR\2\0" + b"raw" * 99)
    (photos / "notes.txt").write_text("no photo")
    (photos / "link.jpg").symlink_to(CHOSEN[0])
    assert dedupe("scan", photos).code == 3
    return photos


def listed(*options: str | Path) -> list[str]:
    run = dedupe("problems", *options)
    assert (run.code, run.err) == (0, "")  # a question that was answered is no failure
    return run.out.splitlines()


def test_every_file_that_could_not_be_read_is_listed_by_its_path(faulty: Path) -> None:
    assert listed() == [str(faulty / name) for name in BROKEN]


def test_what_was_passed_over_is_listed_if_asked_for(faulty: Path) -> None:
    names = sorted([*BROKEN, "link.jpg", "notes.txt"])
    assert listed("--all") == [str(faulty / name) for name in names]


def test_only_what_lies_below_the_named_folders_is_listed(faulty: Path) -> None:
    assert listed(faulty / "downloads") == [str(faulty / name) for name in BROKEN[1:]]
    assert listed("photos/camera", faulty / BROKEN[2]) == [
        str(faulty / BROKEN[0]),
        str(faulty / BROKEN[2]),
    ]
    assert listed(faulty / "export") == []


def test_a_person_sees_reasons_folders_and_names(faulty: Path) -> None:
    shown = plain(on_terminal("problems").out).splitlines()
    assert shown[0] == "3 files could not be read"
    assert [line[:8] for line in shown if line[:5].strip()][1:-1] == ["  1  is "] * 3
    first = shown.index("     photos/downloads/")
    assert shown[first + 1] in ("       empty.png", "       raw.cr2")
    assert shown[-1] == "2 files passed over (--all lists them)"
    every = plain(on_terminal("problems", "--all").out).splitlines()
    assert "2 files passed over" in every
    assert "       notes.txt" in every


def test_json_and_csv_have_path_folder_and_reason(faulty: Path) -> None:
    found = json.loads(dedupe("problems", "--format", "json").out)
    assert found["others"] == 2
    assert [each["path"] for each in found["skips"]] == [str(faulty / name) for name in BROKEN]
    rows = list(csv.DictReader(dedupe("problems", "--format", "csv").out.splitlines()))
    for each, row in zip(found["skips"], rows, strict=True):
        assert each["folder"] == row["folder"] == str(Path(each["path"]).parent)
        assert each["reason"] == row["reason"]
        assert (each["problem"], row["problem"]) == (True, "true")
    every = json.loads(dedupe("problems", "--format", "json", "--all").out)
    assert [each["problem"] for each in every["skips"]].count(False) == 2
    assert every["others"] == 0


def test_pipes_get_the_exact_bytes_of_every_broken_name(photos: Path) -> None:
    for name in ODD_NAMES.values():
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        (photos / name).write_bytes(b"\xff\xd8\xff\xe0 cut off")
    dedupe("scan", photos)
    expected = sorted(os.fsencode(photos / name) for name in ODD_NAMES.values())
    assert dedupe("problems", "-0").data.split(b"\0") == [*expected, b""]
    skips = json.loads(dedupe("problems", "--format", "json").out)["skips"]
    exact = [
        base64.b64decode(each["path_base64"])
        if "path_base64" in each
        else each["path"].encode("utf-8")
        for each in skips
    ]
    assert exact == expected


@pytest.mark.parametrize("form", REPORTS)
def test_every_form_can_say_that_there_is_none(photos: Path, form: str) -> None:
    run = dedupe("problems", "--format", form)
    assert (run.code, run.err) == (0, "")
    assert (run.out == "") == (form == "paths")


def test_a_mended_photo_is_no_problem_after_the_next_scan(faulty: Path) -> None:
    (faulty / BROKEN[0]).write_bytes((faulty / CHOSEN[0]).read_bytes())
    (faulty / BROKEN[1]).unlink()
    assert len(listed()) == 3  # what the last scan remembered
    dedupe("scan", faulty)
    assert listed() == [str(faulty / BROKEN[2])]


def test_problems_of_a_forgotten_folder_are_forgotten(faulty: Path) -> None:
    forget([faulty / "downloads"])
    assert listed() == [str(faulty / BROKEN[0])]


def test_a_folder_that_was_not_scanned_is_named(photos: Path, tmp_path: Path) -> None:
    run = dedupe("problems", photos, "elsewhere")
    assert (run.code, run.data) == (1, b"")
    assert run.err == (
        f"error: {tmp_path}/elsewhere was not scanned yet\n"
        f"run `dedupe scan {tmp_path}/elsewhere` first\n"
    )


def test_the_library_gives_the_same_as_values(faulty: Path, index: Path) -> None:
    assert [str(skip.path) for skip in find_problems(index=index)] == listed()
    assert [str(skip.path) for skip in find_problems(faulty, everything=True)] == listed("--all")


def test_that_nobody_reads_on_is_no_error(faulty: Path) -> None:
    run = cut_short("problems")
    assert (run.code, run.err) == (0, "")
