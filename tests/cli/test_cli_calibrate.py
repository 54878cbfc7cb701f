"""dedupe calibrate, as a person runs it."""

import json
import os
from pathlib import Path

import pytest
from cli.running import dedupe, on_terminal

from dedupe.matching.calibration import calibrate as calibrating

FEW = ("--photos", "2", "--tries", "1")


@pytest.fixture(autouse=True)
def _three_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    some = {name: calibrating.KNOWN_EDITS[name] for name in ("jpeg_60", "grey", "crop_25")}
    monkeypatch.setattr(calibrating, "KNOWN_EDITS", some)


@pytest.mark.usefixtures("samples")
def test_a_pipe_and_a_terminal_get_the_table() -> None:
    for run in (dedupe("calibrate", *FEW), on_terminal("calibrate", *FEW)):
        assert run.code == 0
        assert "What a threshold means here" in run.out
        assert "Recommended: 16" in run.out


@pytest.mark.usefixtures("samples")
def test_json_is_one_document() -> None:
    run = dedupe("calibrate", *FEW, "--format", "json")
    assert run.code == 0
    assert [each["edit"] for each in json.loads(run.out)["edits"]] == ["jpeg_60", "grey", "crop_25"]
    assert run.err == ""


def test_photos_that_went_are_named_and_the_exit_code_says_so(photos: Path) -> None:
    sample = dedupe("calibrate", "--photos", "3", "--tries", "3", "--format", "paths").data
    first = Path(os.fsdecode(sample.splitlines()[0]))
    first.unlink()
    run = dedupe("calibrate", "--photos", "3", "--tries", "3")
    assert run.code == 3
    assert f"left out: {first.relative_to(photos.parent)} cannot be read" in run.err
    assert "1 photo changed or went since the scan: scan again" in run.err


def test_without_an_index_it_says_what_to_do() -> None:
    run = dedupe("calibrate")
    assert run.code == 1
    assert "dedupe scan" in run.err
