import csv
import json
from pathlib import Path

import pytest
from cli.conftest import SAMPLES
from cli.running import cut_short, dedupe, on_terminal
from reports.odd_names import plain
from rich.cells import cell_len

from dedupe.reports.registry import REPORTS

# of the nine photos in these folders, the sample photos elsewhere hold two as good
OLD = ("covered", SAMPLES / "chat", "--by", SAMPLES / "phone", "--by", SAMPLES / "camera")
NOT_COVERED = [
    "IMG-20190716-WA0000.jpg",
    "IMG-20190914-WA0004.jpg",
    "IMG-20191104-WA0001.jpg",
    "IMG-20191117-WA0002.jpg",
]


@pytest.mark.parametrize("form", REPORTS)
def test_every_form_ends_with_4_where_a_photo_is_not_covered_and_with_0_where_all_are(
    samples: Path, form: str
) -> None:
    assert dedupe(*OLD, "--format", form).code == 4
    all_of = ("covered", SAMPLES / "backup/old laptop/phone", "--by", SAMPLES / "phone")
    run = dedupe(*all_of, "--format", form)
    assert run.code == 0
    assert (run.out == "") == (form == "paths")
    assert cut_short(*OLD, "--format", form).code == 4


def test_paths_are_those_that_are_not_covered_and_the_rest_is_said_on_stderr(
    samples: Path,
) -> None:
    run = dedupe(*OLD)
    paths = [str(SAMPLES / "chat" / name) for name in NOT_COVERED]
    assert run.out.splitlines() == paths
    assert dedupe(*OLD, "-0").data == b"".join(path.encode() + b"\0" for path in paths)
    assert run.err.splitlines() == [
        f"2 of 6 photos in {SAMPLES}/chat are covered by {SAMPLES}/phone and {SAMPLES}/camera; "
        "4 are not."
    ]


def test_json_and_csv_name_what_covers_a_photo_or_why_nothing_does(samples: Path) -> None:
    found = json.loads(dedupe(*OLD, "--format", "json").out)
    assert (found["covered"], found["missing"], found["others"]) == (2, 4, 0)
    assert found["old"] == {"path": str(SAMPLES / "chat")}
    photos = {Path(each["path"]).name: each for each in found["photos"]}
    assert [name for name in photos if not photos[name]["covered"]] == NOT_COVERED
    dogs = photos["IMG-20190714-WA0003.jpg"]
    assert (dogs["reason"], dogs["relation"]) == (None, "same picture")
    assert dogs["nearest"]["path"].endswith("phone/2019-07/IMG_20190714_101512.jpg")
    assert photos["IMG-20191104-WA0001.jpg"]["reason"] == "only mirrored"
    alone = photos["IMG-20190914-WA0004.jpg"]
    assert (alone["reason"], alone["nearest"]) == ("nothing alike", None)
    rows = list(csv.DictReader(dedupe(*OLD, "--format", "csv").out.splitlines()))
    for each, row in zip(found["photos"], rows, strict=True):
        assert row["path"] == each["path"]
        assert row["covered"] == str(each["covered"]).lower()
        assert row["reason"] == (each["reason"] or "")
        assert row["nearest"] == (each["nearest"] or {"path": ""})["path"]


@pytest.mark.parametrize("columns", [80, 160])
def test_a_person_sees_each_photo_that_is_not_covered_and_why(samples: Path, columns: int) -> None:
    shown = plain(on_terminal(*OLD, columns=columns).out)
    assert max(map(cell_len, shown.splitlines())) <= columns
    assert shown.startswith("4 photos not covered\n")
    joined = "".join(shown.split())
    for name in NOT_COVERED:
        assert name in joined
    assert "onlymirrored" in joined
    assert "2of6photos" in joined
    assert "delete" not in shown


def test_what_cannot_be_read_is_listed_and_other_files_are_counted(
    photos: Path, tmp_path: Path
) -> None:
    (photos / "camera/2018/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    (photos / "camera/2018/notes.txt").write_text("no photo")
    dedupe("scan", photos)
    run = dedupe("covered", photos / "camera", "--by", photos / "export", "--format", "json")
    assert run.code == 4
    found = json.loads(run.out)
    assert [Path(each["path"]).name for each in found["photos"]] == ["DSC_0098.JPG", "broken.jpg"]
    assert found["photos"][1]["reason"].startswith("is broken")
    assert found["others"] == 1
    assert "1 other file in photos/camera is no photo" in run.err


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["photos"], 2, "missing option '--by'"),
        (["photos", "--by", "photos"], 2, "cannot cover itself"),
        (["photos", "--by", "photos/camera"], 2, "is within"),
        (["photos/camera", "--by", "photos"], 2, "is within"),
        (["photos/camera", "--by", "elsewhere"], 1, "was not scanned yet"),
        (["elsewhere", "--by", "photos"], 1, "was not scanned yet"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence_and_never_exit_code_0_or_4(
    photos: Path, args: list[str], code: int, words: str
) -> None:
    run = dedupe("covered", *args)
    assert (run.code, run.data) == (code, b"")
    assert words in run.err
    assert len(run.err.splitlines()) <= 2
