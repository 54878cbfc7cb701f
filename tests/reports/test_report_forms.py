import base64
import csv
import json
import os
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from reports.odd_names import ODD_NAMES, obeyed
from reports.streams import Pipe, Terminal
from reports.views import (
    ELSEWHERE,
    calibration,
    coverage,
    decisions,
    folders,
    look_alikes,
    of_names,
    overview,
    photo,
    problems,
    ranking,
)

from dedupe.errors import UnknownName, UsageError
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.search import Hit
from dedupe.matching.sets.clusters import Cluster
from dedupe.names import safe
from dedupe.photos.companions import Companion
from dedupe.photos.photo import Skip
from dedupe.reports.facts import LookAlikes, Problems, Ranking
from dedupe.reports.registry import REPORTS, find_report

NAMES = list(ODD_NAMES.values())
EXACT = [os.fsencode(Path(ELSEWHERE, name)) for name in NAMES]


def path_of(facts: dict[str, str]) -> bytes:
    if "path_base64" in facts:
        return base64.b64decode(facts["path_base64"])
    return facts["path"].encode()


@pytest.mark.parametrize("form", REPORTS)
@pytest.mark.parametrize("name", NAMES, ids=ODD_NAMES)
def test_no_report_lets_a_terminal_obey_a_name(form: str, name: str) -> None:
    out = Terminal()
    REPORTS[form].overview(of_names([name, name, name], ELSEWHERE), out)
    REPORTS[form].ranking(ranking([name], ELSEWHERE), out)
    REPORTS[form].problems(problems([name, f"{name}/{name}"], ELSEWHERE), out)
    REPORTS[form].problems(Problems((Skip(Path("/a"), name, True),)), out)
    REPORTS[form].calibration(calibration([name], ELSEWHERE), out)
    REPORTS[form].coverage(coverage([name], ELSEWHERE), out)
    REPORTS[form].decisions(decisions([name], ELSEWHERE), out)
    REPORTS[form].folders(folders([name], ELSEWHERE), out)
    assert out.data
    assert obeyed(out.text) == []


@pytest.mark.parametrize("form", REPORTS)
def test_every_report_can_say_that_there_is_nothing(form: str) -> None:
    out = Pipe()
    REPORTS[form].overview(overview(photos=0), out)
    assert (out.data == b"") == (form == "paths")
    out = Pipe()
    REPORTS[form].problems(Problems(()), out)
    assert (out.data == b"") == (form == "paths")


@pytest.mark.parametrize("form", REPORTS)
def test_every_report_explains_what_it_writes_for_skipped_files(form: str) -> None:
    assert (REPORTS[form].problems.__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize("form", REPORTS)
def test_every_report_names_every_skipped_file(form: str) -> None:
    out = Pipe()
    names = [f"{number}.jpg" for number in range(2000)]
    REPORTS[form].problems(problems(names), out)
    assert all(name in out.text for name in [*names, "a.mp4"])


def test_json_of_skipped_files_has_reason_folder_and_the_exact_bytes_of_every_path() -> None:
    out = Pipe()
    REPORTS["json"].problems(problems(NAMES, ELSEWHERE, passing=True), out)
    found = json.loads(out.text)
    *broken, video = found["skips"]
    assert [path_of(each) for each in broken] == EXACT
    assert {base64.b64decode(each["folder_base64"]) for each in broken} >= {b"/media/caf\xe9"}
    assert {each["folder"] for each in broken} == {None}
    assert {(each["reason"], each["problem"], each["passing"]) for each in broken} == {
        ("is broken", True, True)
    }
    assert video == {
        "path": "/v/a.mp4",
        "folder": "/v",
        "reason": "is a video, not a photo",
        "problem": False,
        "passing": False,
    }
    assert found["others"] == 12


def test_csv_of_skipped_files_has_one_line_for_each_and_no_formula() -> None:
    out = Pipe()
    REPORTS["csv"].problems(problems(NAMES, ELSEWHERE), out)
    *broken, video = csv.DictReader(out.text.splitlines())
    assert [row["path"] for row in broken] == [safe(Path(ELSEWHERE, name)) for name in NAMES]
    assert video == {
        "problem": "false",
        "passing": "false",
        "reason": "is a video, not a photo",
        "folder": "/v",
        "path": "/v/a.mp4",
    }
    out = Pipe()
    REPORTS["csv"].problems(Problems((Skip(Path("=1/=2"), "=3", True),)), out)
    (row,) = csv.DictReader(out.text.splitlines())
    assert (row["problem"], row["reason"], row["folder"], row["path"]) == (
        *("true", "'=3", "'=1", "'=1/=2"),
    )


def test_a_pipe_gets_the_paths_of_skipped_files_byte_for_byte() -> None:
    out = Pipe()
    REPORTS["paths"].problems(problems(NAMES, ELSEWHERE), out)
    assert out.data == b"\n".join([*EXACT, b"/v/a.mp4", b""])
    out = Pipe()
    find_report(None, terminal=True, null=True).problems(problems(NAMES, ELSEWHERE), out)
    assert out.data.split(b"\0") == [*EXACT, b"/v/a.mp4", b""]


def test_a_pipe_gets_the_paths_of_what_is_not_covered_byte_for_byte() -> None:
    out = Pipe()
    REPORTS["paths"].coverage(coverage(NAMES, ELSEWHERE), out)
    assert out.data == b"\n".join([*EXACT, EXACT[0], b""])
    out = Pipe()
    find_report(None, terminal=True, null=True).coverage(coverage(NAMES, ELSEWHERE), out)
    assert out.data.split(b"\0") == [*EXACT, EXACT[0], b""]


def test_json_has_the_exact_bytes_of_every_path() -> None:
    out = Pipe()
    REPORTS["json"].overview(of_names(NAMES, ELSEWHERE), out)
    found = json.loads(out.text)
    photos = found["sets"][0]["photos"]
    assert [path_of(each) for each in photos[:-1]] == EXACT
    assert [path_of(each) for each in photos[-1]["hard_links"]] == EXACT
    assert [path_of(each) for each in found["clusters"][0]["photos"]] == EXACT[:6]
    assert found["clusters"][0]["name"] == "2019-07-14"
    out = Pipe()
    REPORTS["json"].ranking(ranking(NAMES, ELSEWHERE), out)
    found = json.loads(out.text)
    assert [path_of(each) for each in found["hits"]] == EXACT
    assert [path_of(each) for each in found["examples"]] == [EXACT[-1], EXACT[0]]
    assert [path_of(each) for each in found["not_like"]] == [EXACT[-1]]
    assert [path_of(each["nearest"]) for each in found["hits"][:2]] == [EXACT[-1], EXACT[0]]


def test_json_gives_base64_only_where_text_cannot_hold_the_name() -> None:
    out = Pipe()
    REPORTS["json"].overview(of_names(NAMES, "/plain"), out)
    photos = json.loads(out.text)["sets"][0]["photos"]
    odd = [each["path_base64"] for each in photos if "path_base64" in each]
    assert [base64.b64decode(each) for each in odd] == [b"/plain/caf\xe9 \xff.jpg"]


def test_json_holds_every_fact() -> None:
    out = Pipe()
    untimed = photo("/p/b.jpg", taken=None)
    REPORTS["json"].overview(overview(look_alikes(photo(), untimed, untimed)), out)
    found = json.loads(out.text)
    assert {key: found[key] for key in ("threshold", "encoder", "photos", "clusters")} == {
        "threshold": 16.0,
        "encoder": "efficientnet_lite0",
        "photos": 100,
        "clusters": [],
    }
    assert found["sets"][0]["spread"] == 12.345
    keep, same, like = found["sets"][0]["photos"]
    assert keep == {
        "keep": True,
        "relation": "keep",
        "distance": 0.0,
        "reason": "first by path",
        "edit": None,
        "companions": [],
        "motion": False,
        "path": "/p/a.jpg",
        "width": 4000,
        "height": 3000,
        "bytes": 3_100_000,
        "format": "JPEG",
        "taken": "2019-07-14T12:00:00",
        "taken_from": None,
        "camera": None,
        "software": None,
        "gps": False,
        "latitude": None,
        "longitude": None,
        "orientation": 1,
        "frames": 1,
        "jpeg_quality": None,
        "modified_ns": 1_563_105_600 * 10**9,
        "content": "01" * 32,
        "pixel_hash": None,
        "reduced": 1,
        "dct_hash": None,
    }
    assert (same["keep"], same["relation"], same["taken"]) == (False, "same file", None)
    assert (like["relation"], like["distance"]) == ("look-alike", 4.25)


KNOWN: dict[str, object] = {
    "taken_from": "original",
    "camera": "Canon EOS 450D",
    "software": "GIMP 2.10",
    "gps": True,
    "latitude": -33.8567844,
    "longitude": 151.2152967,
    "orientation": 6,
    "frames": 24,
    "jpeg_quality": 92,
    "pixel_hash": b"\xab" * 32,
    "reduced": 4,
    "dct_hash": b"\xcd" * 32,
}


def test_json_and_csv_hold_what_the_camera_wrote_and_json_the_hashes_in_hex() -> None:
    known = photo("/p/a.jpg", **KNOWN)
    out = Pipe()
    REPORTS["json"].overview(overview(look_alikes(known, known)), out)
    facts = json.loads(out.text)["sets"][0]["photos"][0]
    hashes = {"pixel_hash": "ab" * 32, "dct_hash": "cd" * 32}
    assert {key: facts[key] for key in KNOWN} == {**KNOWN, **hashes}
    out = Pipe()
    REPORTS["csv"].overview(overview(look_alikes(known, known)), out)
    row = next(csv.DictReader(StringIO(out.text)))
    in_csv = set(KNOWN) - {"pixel_hash", "reduced", "dct_hash"}
    assert {key: row[key] for key in in_csv} == {
        key: "true" if key == "gps" else str(KNOWN[key]) for key in in_csv
    }
    assert "ab" * 32 not in out.text


@pytest.mark.parametrize("form", REPORTS)
@pytest.mark.parametrize("word", NAMES, ids=ODD_NAMES)
def test_no_terminal_obeys_and_no_spreadsheet_runs_what_a_photo_says_of_itself(
    form: str, word: str
) -> None:
    odd = photo("/p/a.jpg", camera=word, software=f"={word}")
    out = Terminal()
    REPORTS[form].overview(overview(look_alikes(odd, odd)), out)
    assert obeyed(out.text) == []
    if form == "csv":
        row = next(csv.DictReader(StringIO(out.text)))
        assert not row["camera"].startswith(("=", "+", "-", "@"))
        assert row["software"].startswith("'=")


def fields(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(fields, value.values()))
    return set().union(*map(fields, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize(
    "kind", ["overview", "ranking", "problems", "calibration", "coverage", "folders"]
)
def test_every_field_of_json_and_every_column_of_csv_is_documented(kind: str) -> None:
    page = (Path(__file__).parents[2] / "docs/scripting.md").read_text("utf-8")
    found = {
        "overview": of_names(NAMES, ELSEWHERE),
        "ranking": ranking(NAMES, ELSEWHERE),
        "problems": problems(NAMES, ELSEWHERE),
        "calibration": calibration(NAMES, ELSEWHERE),
        "coverage": coverage(NAMES, ELSEWHERE),
        "folders": folders(NAMES, ELSEWHERE),
    }[kind]
    out = Pipe()
    getattr(REPORTS["json"], kind)(found, out)
    names = fields(json.loads(out.text))
    assert len(names) >= 7
    assert [name for name in names if f"`{name}`" not in page] == []
    out = Pipe()
    getattr(REPORTS["csv"], kind)(found, out)
    columns = out.text.splitlines()[0].split(",")
    # what photos have is listed once for all
    shared = columns.index("width") if "width" in columns else 3
    for part in (columns[:shared], columns[shared:]):
        assert ", ".join(part) in " ".join(page.split())


def with_companions() -> LookAlikes:
    """A set whose best photo has a RAW, a sidecar of an odd name and a video in itself."""
    found = look_alikes(photo(), photo("/p/b.jpg"))
    companions = (
        Companion(Path("/p/=\x1b.CR2"), "RAW", "RAW and JPEG of one shot", (), is_photo=True),
        Companion(Path("/p/a.xmp"), "XMP", "has its whole name", ()),
    )
    best = replace(found.rows[0], companions=companions, motion=True)
    return replace(found, rows=(best, *found.rows[1:]))


def test_what_belongs_to_a_photo_is_in_json_and_csv() -> None:
    out = Pipe()
    REPORTS["json"].overview(overview(with_companions()), out)
    best, other = json.loads(out.text)["sets"][0]["photos"]
    raw, sidecar = best["companions"]
    assert raw == {
        "path": "/p/=\x1b.CR2",
        "kind": "RAW",
        "evidence": "RAW and JPEG of one shot",
    }
    assert sidecar["kind"] == "XMP"
    assert (best["motion"], other["motion"], other["companions"]) == (True, False, [])
    page = (Path(__file__).parents[2] / "docs/scripting.md").read_text("utf-8")
    assert [name for name in raw if f"`{name}`" not in page] == []
    out = Pipe()
    REPORTS["csv"].overview(overview(with_companions()), out)
    rows = list(csv.DictReader(StringIO(out.text)))
    assert [row["companions"] for row in rows] == ["'=\\x1b.CR2; a.xmp", ""]


@pytest.mark.parametrize("columns", [30, 80, 160])
def test_a_table_tells_them_behind_the_photo(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = Pipe()
    REPORTS["table"].overview(overview(with_companions()), out)
    shown = [line.strip() for line in out.text.splitlines()]
    if columns == 30:
        assert "+ CR2 + XMP +" in shown
    else:
        assert any(line.endswith("/p/a.jpg + CR2 + XMP + motion") for line in shown)


def test_csv_comes_back_as_it_was_written() -> None:
    out = Pipe()
    two = overview(look_alikes(photo(), photo("/p/b.jpg", taken=None)), look_alikes(photo("/c")))
    REPORTS["csv"].overview(two, out)
    rows = list(csv.DictReader(StringIO(out.text)))
    assert [(row["set"], row["relation"], row["path"]) for row in rows] == [
        ("1", "keep", "/p/a.jpg"),
        ("1", "same file", "/p/b.jpg"),
        ("2", "keep", "/c"),
    ]
    assert rows[0] == {
        "set": "1",
        "relation": "keep",
        "distance": "0.0000",
        "cluster": "",
        "edit": "",
        "reason": "first by path",
        "companions": "",
        "width": "4000",
        "height": "3000",
        "bytes": "3100000",
        "format": "JPEG",
        "taken": "2019-07-14 12:00:00",
        "taken_from": "",
        "camera": "",
        "software": "",
        "gps": "false",
        "latitude": "",
        "longitude": "",
        "orientation": "1",
        "frames": "1",
        "jpeg_quality": "",
        "path": "/p/a.jpg",
    }
    assert rows[1]["taken"] == ""


def test_csv_has_the_photos_of_clusters_behind_those_of_sets_under_the_name_of_each() -> None:
    clusters = (
        Cluster((photo("/c"), photo("/d")), "2019-07-14, Sicily"),
        Cluster((photo("/e"), photo("/f")), "=1+1"),
    )
    out = Pipe()
    REPORTS["csv"].overview(overview(look_alikes(photo("/a"), photo("/b")), clusters=clusters), out)
    rows = list(csv.DictReader(StringIO(out.text)))
    assert [(row["set"], row["distance"], row["cluster"], row["path"]) for row in rows] == [
        *(("1", "0.0000", "", "/a"), ("1", "0.0000", "", "/b")),
        *(("", "", "2019-07-14, Sicily", "/c"), ("", "", "2019-07-14, Sicily", "/d")),
        *(("", "", "'=1+1", "/e"), ("", "", "'=1+1", "/f")),
    ]


def test_csv_has_one_line_for_each_photo_whatever_its_name() -> None:
    for write, found in (
        (REPORTS["csv"].overview, of_names(NAMES, ELSEWHERE)),
        (REPORTS["csv"].ranking, ranking(NAMES, ELSEWHERE)),
    ):
        out = Pipe()
        write(found, out)  # type: ignore[arg-type]
        assert [row["path"] for row in csv.DictReader(out.text.splitlines())][: len(NAMES)] == [
            safe(Path(ELSEWHERE, name)) for name in NAMES
        ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(name: str) -> None:
    out = Pipe()
    REPORTS["csv"].ranking(ranking([name], folder=""), out)
    assert [row["path"] for row in csv.DictReader(StringIO(out.text))] == [f"'{name}"]


def test_a_pipe_gets_the_paths_byte_for_byte() -> None:
    out = Pipe()
    REPORTS["paths"].overview(of_names(NAMES, ELSEWHERE), out)
    assert out.data == b"\n".join([*EXACT, b"/photos/named twice.jpg", b""])
    out = Pipe()
    find_report("paths", terminal=False, null=True).overview(of_names(NAMES, ELSEWHERE), out)
    assert out.data.split(b"\0") == [*EXACT, b"/photos/named twice.jpg", b"", b""]
    out = Pipe()
    find_report(None, terminal=False, null=True).ranking(ranking(NAMES, ELSEWHERE), out)
    assert out.data.split(b"\0") == [*EXACT, b""]


def test_an_empty_line_is_between_sets_and_a_second_nul_after_each() -> None:
    two = overview(look_alikes(photo("/a"), photo("/b")), look_alikes(photo("/c"), photo("/d")))
    out = Pipe()
    REPORTS["paths"].overview(two, out)
    assert out.data == b"/a\n/b\n\n/c\n/d\n"
    out = Pipe()
    find_report(None, terminal=True, null=True).overview(two, out)
    assert out.data == b"/a\0/b\0\0/c\0/d\0\0"


def test_json_and_csv_say_what_a_hit_is_to_the_example() -> None:
    near, far = Hit(photo("/a"), 0.5, Path("/e")), Hit(photo("/b"), 9.0, Path("/e"), verified=True)
    near = replace(near, relation=Relation.SAME_PICTURE, edit="grey", verified=True)
    unknown = Hit(photo("/c"), 9.5, Path("/e"))
    found = Ranking((Path("/e"),), (near, far, unknown))
    out = Pipe()
    REPORTS["json"].ranking(found, out)
    keys = ("relation", "edit", "verified")
    assert [tuple(hit[key] for key in keys) for hit in json.loads(out.text)["hits"]] == [
        ("same picture", "grey", True),
        (None, None, True),
        (None, None, False),
    ]
    out = Pipe()
    REPORTS["csv"].ranking(found, out)
    rows = list(csv.DictReader(StringIO(out.text)))
    assert [(row["relation"], row["edit"]) for row in rows] == [
        *(("same picture", "grey"), ("", ""), ("", "")),
    ]


def test_only_paths_say_nothing_but_paths() -> None:
    assert [name for name in REPORTS if not REPORTS[name].facts] == ["paths"]
    assert not find_report(None, terminal=True, null=True).facts


def test_a_person_gets_a_table_and_a_program_paths() -> None:
    assert find_report(None, terminal=True) is REPORTS["table"]
    assert find_report(None, terminal=False) is REPORTS["paths"]
    for name in REPORTS:
        assert find_report(name, terminal=True) is find_report(name, terminal=False)


def test_what_no_report_can_do_is_refused() -> None:
    with pytest.raises(UnknownName, match="no format called 'jsn'") as refused:
        find_report("jsn", terminal=False)
    assert "did you mean 'json'?" in refused.value.hint
    for name in set(REPORTS) - {"paths"}:
        with pytest.raises(UsageError, match="-0 goes with --format paths"):
            find_report(name, terminal=False, null=True)
