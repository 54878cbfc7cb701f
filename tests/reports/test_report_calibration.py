"""What thresholds mean in a library, in every form."""

import csv
import json
import os
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from reports.streams import Pipe, Terminal
from reports.views import calibration

from dedupe.matching.calibration.calibrate import Calibration
from dedupe.matching.calibration.unrelated import Apart
from dedupe.reports.calibration import sentences
from dedupe.reports.registry import REPORTS, find_report


def written(form: str, found: Calibration) -> str:
    out = Pipe()
    REPORTS[form].calibration(found, out)
    return out.text


def test_the_table_tells_what_is_found_and_what_is_wrong_at_every_threshold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = written("table", calibration(["a.jpg", "b.jpg"])).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "       10  33 % (10 to 70)     fewer than 1 in 670     0 (at most 960)" in lines
    assert "       16  67 % (30 to 90)     1 in 1,000              500 (at most 1,800)" in lines
    assert "grey                3    67   100   100   100   100   100   100   100" in lines
    assert "cropped             3     0    33    33    33    67    67    67    67" in lines


def test_it_says_in_words_what_the_recommended_threshold_does() -> None:
    found = calibration(["a.jpg", "b.jpg"])
    assert sentences(found) == [
        "Measured on 6 edited copies of 2 photos and on 2,000 pairs of unrelated photos.",
        "--threshold 14 finds 67 % of the copies, from 100 % (grey) to 33 % (cropped); no wrong "
        "pair was seen, at most 960 are to be expected.",
        "Recommended: 14, the largest.",
        "7 pairs were left out: by their DCT hashes they are one picture.",
    ]
    assert "one wrong pair per 2 photos" in sentences(replace(found, recommended=16.0))[1]


def test_where_nothing_is_unrelated_it_says_that_what_is_wrong_is_not_known() -> None:
    nothing = Apart(0, "folder", 2, 0, np.zeros(1025, np.int64))
    found = replace(calibration(["a.jpg"]), apart=nothing)
    assert "not known" in sentences(found)[1]
    assert "at most" not in written("table", found)
    assert json.loads(written("json", found))["unrelated"]["quantiles"][0]["distance"] is None


@pytest.mark.parametrize(("by", "words"), [("day", "different days"), ("folder", "two folders")])
def test_it_says_what_counts_as_unrelated(by: str, words: str) -> None:
    assert words in " ".join(written("table", calibration(["a.jpg"], by=by)).split())


def test_json_holds_every_count() -> None:
    found = json.loads(written("json", calibration(["a.jpg", "b.jpg"])))
    assert (found["recommended"], found["reason"], found["sampled"]) == (14, "the largest", 2)
    assert found["edits"][1] == {
        "edit": "crop_60",
        "kind": "cropped",
        "tries": 3,
        "found": [0, 1, 1, 1, 2, 2, 2, 2],
    }
    at_16 = found["thresholds"][3]
    assert (at_16["threshold"], at_16["found"], at_16["tries"]) == (16, 4, 6)
    assert (at_16["wrong"], at_16["pairs"], at_16["wrong_here"]) == (2, 2000, 499.5)
    assert found["unrelated"]["quantiles"][3] == {"share": 0.001, "distance": 15}
    assert found["skips"][0]["reason"] == "cannot be read: it is gone"


def test_csv_has_a_line_for_every_threshold_and_edit_and_for_the_unrelated() -> None:
    rows = list(csv.DictReader(StringIO(written("csv", calibration(["a.jpg"])))))
    assert len(rows) == 8 * 3
    assert rows[-1] == {
        "threshold": "24",
        "edit": "",
        "kind": "unrelated pairs",
        "found": "2",
        "of": "2000",
        "low": "0.000274",
        "high": "0.00364",
    }


def test_paths_are_those_of_the_photos_that_were_edited() -> None:
    names = ["a.jpg", os.fsdecode(b"caf\xe9.jpg")]
    out = Pipe()
    REPORTS["paths"].calibration(calibration(names), out)
    assert out.data == b"/photos/a.jpg\n/photos/caf\xe9.jpg\n"
    out = Terminal()
    find_report(None, terminal=True, null=True).calibration(calibration(["a.jpg"]), out)
    assert out.data == b"/photos/a.jpg\0"
