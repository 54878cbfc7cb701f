import csv
import json
import shutil
from pathlib import Path

import pytest
from cli.conftest import CHOSEN
from cli.running import dedupe, on_terminal
from reports.odd_names import plain

from dedupe.matching import hits

PORTRAIT, SMALLER = CHOSEN[5:7]


def test_the_photo_itself_comes_first_and_then_its_look_alikes(photos: Path) -> None:
    run = dedupe("search", photos / PORTRAIT, "-k", "2")
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines() == [f"{photos / PORTRAIT}", f"{photos / SMALLER}"]


@pytest.mark.parametrize("form", ["json", "csv", "paths", "table"])
def test_every_form_has_the_same_hits(photos: Path, form: str) -> None:
    paths = dedupe("search", photos / PORTRAIT).out.splitlines()
    assert len(paths) == len(CHOSEN)
    out = dedupe("search", photos / PORTRAIT, "--format", form).out
    if form == "json":
        found = [hit["path"] for hit in json.loads(out)["hits"]]
    elif form == "csv":
        found = [row["path"] for row in csv.DictReader(out.splitlines())]
    elif form == "table":
        rows = [line for line in out.splitlines() if " photos/" in line]
        assert rows.pop(0) == f"Nearest to photos/{PORTRAIT}"
        found = [f"{photos.parent}/{line.strip().split('  ')[1]}" for line in rows]
    else:
        found = out.splitlines()
    assert found == paths


def test_distances_ascend_and_stay_below_the_threshold(photos: Path) -> None:
    out = dedupe("search", photos / PORTRAIT, "--threshold", "16", "--format", "json").out
    distances = [hit["distance"] for hit in json.loads(out)["hits"]]
    assert distances == sorted(distances)
    assert distances[0] == 0
    assert distances[-1] <= 16
    assert len(distances) == 2


def test_a_photo_that_was_never_scanned_can_be_searched_for(photos: Path, tmp_path: Path) -> None:
    shutil.copy(photos / SMALLER, tmp_path / "elsewhere.jpg")
    run = dedupe("search", "elsewhere.jpg", "-k", "1", "--device", "cpu")
    assert run.out == f"{photos / SMALLER}\n"


def test_every_hit_is_named_by_what_it_is_to_the_example(samples: Path) -> None:
    example = samples / CHOSEN[0]
    expected = {
        CHOSEN[0]: ("same file", ""),
        CHOSEN[1]: ("same file", ""),
        CHOSEN[2]: ("same pixels", ""),
        "chat/IMG-20191117-WA0002.jpg": ("same picture", "cropped to 36 %"),
    }
    out = dedupe("search", example, "-k", "10", "--format", "json").out
    hits = {
        Path(hit["path"]).relative_to(samples).as_posix(): hit for hit in json.loads(out)["hits"]
    }
    told = {name: (hit["relation"], hit["edit"] or "") for name, hit in hits.items()}
    assert {name: told[name] for name in expected} == expected
    assert {told[name] for name in set(told) - set(expected)} == {(None, "")}
    assert {hit["verified"] for hit in hits.values()} == {True}
    rows = list(
        csv.DictReader(dedupe("search", example, "-k", "10", "--format", "csv").out.splitlines())
    )
    assert {
        Path(row["path"]).relative_to(samples).as_posix(): (row["relation"], row["edit"])
        for row in rows
    } == {name: (relation or "", edit) for name, (relation, edit) in told.items()}
    wide = plain(on_terminal("search", example, "-k", "4", columns=160).out).splitlines()
    assert wide[1] == (
        "    distance  relation             pixels     size  date              photo"
    )
    assert sorted(line[14:26].strip() for line in wide[2:6]) == sorted(
        relation for relation, _ in expected.values()
    )
    assert wide[6] == "              cropped to 36 %"


def test_hits_are_verified_only_where_it_is_shown(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("verified for nobody")

    monkeypatch.setattr(hits, "verify_hits", refuse)
    for form in ([], ["--format", "paths"], ["-0"]):
        assert dedupe("search", photos / PORTRAIT, *form).code == 0
    assert "verified for nobody" in dedupe("search", photos / PORTRAIT, "--format", "csv").err


def test_hits_without_thumbnails_are_counted_and_so_are_those_beyond_the_nearest(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hits, "MOST", 2)
    run = dedupe("search", photos / PORTRAIT, "--format", "csv")
    assert run.err == (
        "of 6 photos it is not known what they are to yours: only the nearest 2 are looked at, and "
        "none scanned with --no-thumbnails\n"
    )
    monkeypatch.undo()
    bare = photos.parent / "bare.db"
    dedupe("scan", photos, "--index", bare, "--no-thumbnails")
    run = dedupe("search", photos / PORTRAIT, "--index", bare, "--format", "json")
    assert run.code == 0
    assert run.err == (
        "of 8 photos it is not known what they are to yours: they were scanned with "
        "--no-thumbnails\n"
    )
    found = json.loads(run.out)["hits"]
    assert [(hit["relation"], hit["verified"]) for hit in found] == [
        ("same file", True),
        *[(None, False)] * 8,
    ]


def test_paths_can_end_with_nul_bytes(photos: Path) -> None:
    run = dedupe("search", photos / PORTRAIT, "-k", "2", "-0")
    assert run.out == f"{photos / PORTRAIT}\0{photos / SMALLER}\0"


def test_on_a_terminal_the_hits_are_a_table(photos: Path) -> None:
    lines = plain(on_terminal("search", photos / PORTRAIT, "-k", "1").out).splitlines()
    assert lines[:2] == [f"Nearest to photos/{PORTRAIT}", f"         0.0  photos/{PORTRAIT}"]
    assert lines[2].startswith("              512 × 512      54 kB  (")


def test_with_nothing_near_enough_a_sentence_says_so(photos: Path, tmp_path: Path) -> None:
    (photos / CHOSEN[7]).rename(tmp_path / "away.png")
    dedupe("scan", photos)
    run = on_terminal("search", "away.png", "--threshold", "1")
    assert run.code == 0
    assert plain(run.out) == "no photo is that near to away.png\n"


def test_of_several_photos_the_nearest_counts_and_others_can_be_ruled_out(photos: Path) -> None:
    tight, loose = photos / PORTRAIT, photos / CHOSEN[3]
    out = dedupe("search", tight, loose, "--threshold", "16", "--format", "json").out
    found = json.loads(out)
    assert [each["path"] for each in found["examples"]] == [str(tight), str(loose)]
    assert {hit["path"]: hit["nearest"]["path"] for hit in found["hits"]} == {
        **dict.fromkeys(map(str, [tight, photos / SMALLER]), str(tight)),
        **dict.fromkeys(map(str, [loose, photos / CHOSEN[4]]), str(loose)),
    }
    out = dedupe("search", tight, loose, "-k", "2", "--format", "csv").out
    assert {row["nearest"] for row in csv.DictReader(out.splitlines())} == {str(tight), str(loose)}
    without = dedupe("search", tight, "--not", loose, "--not", photos / CHOSEN[8]).out.splitlines()
    assert without[:2] == [str(tight), str(photos / SMALLER)]
    assert not {str(loose), str(photos / CHOSEN[4]), str(photos / CHOSEN[8])} & set(without)


def test_the_table_says_which_of_several_photos_is_nearest(photos: Path) -> None:
    run = on_terminal(
        "search", photos / PORTRAIT, photos / CHOSEN[3], "--not", photos / CHOSEN[8], "-k", "2"
    )
    lines = [line for line in plain(run.out).splitlines() if "kB" not in line]
    assert lines == [
        f"Nearest to 1  photos/{PORTRAIT}",
        f"           2  photos/{CHOSEN[3]}",
        f"   but not photos/{CHOSEN[8]}",
        f"    0.0 to 2  photos/{CHOSEN[3]}",
        f"    0.0 to 1  photos/{PORTRAIT}",
    ]


def test_an_example_that_is_no_photo_is_said_and_so_is_one_that_is_meant_both_ways(
    photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    run = dedupe("search", photos / PORTRAIT, "notes.txt")
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith(f"error: {tmp_path}/notes.txt is ")
    run = dedupe("search", photos / PORTRAIT, "--not", "none.jpg")
    assert run.err.startswith(f"error: {tmp_path}/none.jpg cannot be read: No such file")
    run = dedupe("search", photos / PORTRAIT, "--not", photos / PORTRAIT)
    assert run.code == 2
    assert "is an example and also one that hits must not be like" in run.err


def test_with_only_a_threshold_all_within_it_are_found(samples: Path) -> None:
    example = samples / PORTRAIT
    assert len(dedupe("search", example).out.splitlines()) == 20
    assert len(dedupe("search", example, "--threshold", "100").out.splitlines()) == 39
