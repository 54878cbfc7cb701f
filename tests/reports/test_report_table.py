import os
from dataclasses import replace
from pathlib import Path

import pytest
from reports.odd_names import ODD_NAMES, obeyed, plain
from reports.streams import Pipe, Terminal
from reports.views import ELSEWHERE, look_alikes, of_names, overview, photo, ranking
from rich.cells import cell_len

from dedupe.matching.pairs.relations import Relation
from dedupe.matching.search import Hit
from dedupe.matching.sets.clusters import Cluster
from dedupe.names import safe
from dedupe.reports import table
from dedupe.reports.facts import LeftOut, Ranking

LONG = [f"{'deep/' * depth}{'long ' * 20}{depth}.jpg" for depth in (1, 20, 60)]


def lines(found: object, out: Pipe | None = None) -> list[str]:
    out = out or Terminal()
    write = table.write_ranking if isinstance(found, Ranking) else table.write_overview
    write(found, out)  # type: ignore[arg-type]
    return plain(out.text).split("\n")


@pytest.mark.parametrize("columns", [80, 109, 110, 160])
def test_no_line_is_wider_than_the_terminal_whatever_the_names(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for name in [*ODD_NAMES.values(), *LONG]:
        for found in (of_names([name] * 3, ELSEWHERE), ranking([name], ELSEWHERE)):
            assert max(map(cell_len, lines(found))) <= columns, ascii(name)
    many = replace(of_names(["a", "b"]), photos=1_234_567, encoder="x" * 40)
    assert max(map(cell_len, lines(many))) <= columns
    nothing_near = Ranking((Path(ELSEWHERE, LONG[2]),), ())
    assert max(map(cell_len, lines(nothing_near))) <= columns


@pytest.mark.parametrize("columns", [40, 80, 160])
@pytest.mark.parametrize("name", [*ODD_NAMES.values(), *LONG], ids=ascii)
def test_every_path_is_shown_in_full_over_as_many_lines_as_it_needs(
    columns: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    path = Path(ELSEWHERE, name)
    indent = 56 if columns == 160 else 14
    shown = lines(overview(look_alikes(photo(path), photo("/p/b.jpg"))))
    end = next(n for n, line in enumerate(shown) if "/p/b.jpg" in line)
    rows = [line for line in shown[1:end] if " × " not in line[:indent] or indent == 56]
    if indent == 14:
        rows = [line for line in rows if "3.1 MB" not in line]
    rows.remove(" " * 14 + "kept: first by path")
    assert "".join(line[indent:] for line in rows) == safe(path)


@pytest.mark.parametrize("name", [*ODD_NAMES.values(), *LONG], ids=ascii)
@pytest.mark.parametrize("width", [2, 3, 10, 67])
def test_a_folded_path_is_the_path_and_fits(name: str, width: int) -> None:
    parts = table.folded(safe(name), width)
    assert "".join(parts) == safe(name)
    assert max(map(cell_len, parts)) <= width


def test_a_path_is_folded_after_a_slash_where_that_is_enough() -> None:
    assert table.folded("one/two words/three.jpg", 14) == ["one/two words/", "three.jpg"]
    assert table.folded("one/two words/three.jpg", 13) == ["one/", "two words/", "three.jpg"]
    assert table.folded("a/" + "b" * 12, 8) == ["a/", "b" * 8, "b" * 4]


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_a_terminal_gets_nothing_that_it_would_obey(name: str) -> None:
    for found in (of_names([name, name, name], ELSEWHERE), ranking([name], ELSEWHERE)):
        out = Terminal()
        lines(found, out=out)
        assert obeyed(out.text) == []


def test_markup_and_emoji_codes_in_names_are_only_text() -> None:
    for name in (ODD_NAMES["markup"], ODD_NAMES["emoji code"]):
        assert f"        keep  /photos/{name}" in lines(of_names([name, "b.jpg"]))


def test_in_a_pipe_the_table_has_no_colours() -> None:
    out = Pipe()
    lines(of_names(["a.jpg", "b.jpg", "c.jpg"]), out=out)
    assert "\x1b" not in out.text


def test_the_one_to_keep_is_first_then_same_files_and_distances() -> None:
    shown = lines(overview(look_alikes(*(photo(f"/p/{name}.jpg") for name in "abcd"))))
    assert shown[:10] == [
        "Set 1  look-alike: 4 photos, 12.4 MB, at most 12.3 apart",
        "        keep  /p/a.jpg",
        "              4000 × 3000   3.1 MB  2019-07-14 12:00",
        "              kept: first by path",
        "   same file  /p/b.jpg",
        "              4000 × 3000   3.1 MB  2019-07-14 12:00",
        "         4.2  /p/c.jpg",
        "              4000 × 3000   3.1 MB  2019-07-14 12:00",
        "         5.2  /p/d.jpg",
        "              4000 × 3000   3.1 MB  2019-07-14 12:00",
    ]


def test_columns_line_up_from_a_thumbnail_to_a_panorama(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    small = photo("/p/small.jpg", width=1, height=1, size=7, taken=None)
    huge = photo("/p/huge.jpg", width=12345, height=12345, size=999_400_000)
    titles, _, *rows = lines(overview(look_alikes(huge, small, huge)))[:6]
    rows.remove(" " * 14 + "kept: first by path")
    assert titles.index("photo") == 56
    assert {row.index("/p/") for row in rows} == {56}


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_the_reason_is_shown_once_and_goes_on_below_itself(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    rows = look_alikes(photo("/p/a.jpg"), photo("/p/b.jpg")).rows
    reason = "the other is enlarged from 640 × 480, has its camera and GPS, in A\x1b[2J"
    best = replace(rows[0], reason=reason)
    shown = lines(overview(replace(look_alikes(*(r.photo for r in rows)), rows=(best, rows[1]))))
    begin = next(n for n, line in enumerate(shown) if "kept: " in line)
    end = next(n for n, line in enumerate(shown) if "same file" in line and "/p/b" in line)
    said = " ".join(line.strip() for line in shown[begin:end])
    assert said == "kept: " + safe(reason)
    assert max(map(cell_len, shown[begin:end])) <= columns


def test_further_names_of_one_file_are_shown_below_it() -> None:
    twice = photo("/p/a.jpg", hard_links=(Path("/p/b\n.jpg"), Path("/q/c.jpg")))
    shown = lines(overview(look_alikes(twice, photo("/p/d.jpg"))))
    assert shown[3:5] == [
        "              also named /p/b\\n.jpg",
        "              also named /q/c.jpg",
    ]


def test_of_an_animation_it_is_said_that_only_its_first_frame_was_compared() -> None:
    shown = lines(overview(look_alikes(photo("/p/a.gif", frames=1200), photo("/p/d.jpg"))))
    assert shown[3] == "              first of 1,200 frames"
    assert sum("frames" in line for line in shown) == 1


@pytest.mark.parametrize(("count", "more"), [(50, None), (51, "1 more photo"), (99, "49 more")])
def test_a_set_of_more_than_50_rows_is_cut_with_a_word(count: int, more: str | None) -> None:
    shown = lines(overview(look_alikes(*(photo(f"/p/{n:02d}.jpg") for n in range(count)))))
    assert sum("/p/" in line for line in shown) == min(count, 50)
    said = [line.strip() for line in shown if "lists all" in line]
    assert [line.startswith(f"and {more}") for line in said] == [True] * (more is not None)


def test_a_cluster_shows_six_photos_and_counts_the_others() -> None:
    cluster = Cluster(tuple(photo(f"/p/{n}.jpg") for n in range(1206)), "2019-07-14, Sicily")
    shown = lines(overview(clusters=(cluster,), photos=2000))
    assert shown[:3] == [
        "Of one kind  not look-alikes, only alike",
        "1,206 photos  2019-07-14, Sicily",
        "              /p/0.jpg",
    ]
    assert shown[8] == "              and 1,200 more"
    assert sum("/p/" in line for line in shown) == 6


def test_more_than_50_clusters_are_cut_with_a_word() -> None:
    clusters = tuple(Cluster((photo(f"/p/{n}.jpg"), photo(f"/q/{n}.jpg")), "x") for n in range(52))
    shown = lines(overview(clusters=clusters, photos=104))
    assert sum("/p/" in line for line in shown) == 50
    assert "              and 2 more clusters (--format json lists all)" in shown


@pytest.mark.parametrize("columns", [80, 160])
def test_a_long_name_of_a_cluster_goes_on_below_its_beginning(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    name = f"2019-07-14 to 2019-07-20, {'long ' * 40}folder, near 37.85° N 15.29° E"
    shown = lines(overview(clusters=(Cluster((photo(), photo()), name),), photos=2))
    end = next(number for number, line in enumerate(shown) if line.endswith("/p/a.jpg"))
    assert shown[1].startswith("    2 photos  2019-07-14 to 2019-07-20, long ")
    assert " ".join(line[14:] for line in shown[1:end]) == name
    assert max(map(cell_len, shown)) <= columns


def test_a_search_by_several_photos_says_which_is_nearest() -> None:
    a, b, c = (Path(f"/p/{name}.jpg") for name in "abc")
    hits = Hit(photo(a), 0.0, a), Hit(photo("/p/d.jpg"), 12.34, b)
    shown = lines(Ranking((a, b), hits, (c,)))
    assert [line for line in shown if "MB" not in line] == [
        *("Nearest to 1  /p/a.jpg", "           2  /p/b.jpg", "   but not /p/c.jpg"),
        *("    0.0 to 1  /p/a.jpg", "   12.3 to 2  /p/d.jpg", ""),
    ]
    assert lines(Ranking((a,), hits[:1], (c, b)))[:4] == [
        *("Nearest to /p/a.jpg", "   but not /p/c.jpg", "           /p/b.jpg"),
        "         0.0  /p/a.jpg",
    ]
    assert lines(Ranking((a, b), ()))[2:] == ["no photo is that near", ""]


def related(*known: tuple[str, Relation | None, str]) -> Ranking:
    """Hits of these paths that were looked at, 2.5 apart."""
    example = Path("/p/a.jpg")
    hits = [
        Hit(photo(path), 2.5 * n, example, relation, edit, verified=True)
        for n, (path, relation, edit) in enumerate(known)
    ]
    return Ranking((example,), tuple(hits))


RELATED = (
    ("/p/a.jpg", Relation.SAME_FILE, ""),
    ("/p/b.jpg", Relation.SAME_PICTURE, "cropped to 62 %, grey"),
    ("/p/c.jpg", None, ""),
)


def test_what_a_hit_is_to_the_example_stands_behind_its_date() -> None:
    assert lines(related(*RELATED)) == [
        "Nearest to /p/a.jpg",
        "         0.0  /p/a.jpg",
        "              4000 × 3000   3.1 MB  2019-07-14 12:00  same file",
        "         2.5  /p/b.jpg",
        "              4000 × 3000   3.1 MB  2019-07-14 12:00  same picture",
        "              cropped to 62 %, grey",
        "         5.0  /p/c.jpg",
        "              4000 × 3000   3.1 MB  2019-07-14 12:00",
        "",
    ]


def test_on_a_wide_terminal_it_has_a_column_and_none_where_nothing_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert lines(related(*RELATED)) == [
        "Nearest to /p/a.jpg",
        "    distance  relation             pixels     size  date              photo",
        "         0.0  same file       4000 × 3000   3.1 MB  2019-07-14 12:00  /p/a.jpg",
        "         2.5  same picture    4000 × 3000   3.1 MB  2019-07-14 12:00  /p/b.jpg",
        "              cropped to 62 %, grey",
        "         5.0                  4000 × 3000   3.1 MB  2019-07-14 12:00  /p/c.jpg",
        "",
    ]
    bare = Ranking((Path("/p/a.jpg"),), (Hit(photo(), 0.0, Path("/p/a.jpg")),))
    assert lines(bare)[1:3] == [
        "    distance         pixels     size  date              photo",
        "         0.0    4000 × 3000   3.1 MB  2019-07-14 12:00  /p/a.jpg",
    ]


@pytest.mark.parametrize("columns", [80, 110, 160])
def test_no_hit_is_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    edit = "mirrored, turned 270°, tilted 12°, stretched, cropped to 62 %, framed, 26 % of it, grey"
    names = [*ODD_NAMES.values(), *LONG]
    known = [(f"{ELSEWHERE}/{name}", Relation.SAME_PICTURE, edit) for name in names]
    shown = lines(related(*known))
    assert max(map(cell_len, shown)) <= columns
    assert sum("same picture" in line for line in shown) == len(names)


def summary(*sets: int, clusters: tuple[int, ...] = (), photos: int) -> list[str]:
    named = [look_alikes(*(photo(f"/p/{n}.jpg") for n in range(count))) for count in sets]
    kinds = tuple(Cluster((photo(),) * count, "2019") for count in clusters)
    return table.summary(overview(*named, clusters=kinds, photos=photos))


def test_the_summary_counts_every_photo_once() -> None:
    measured = "(threshold 16, efficientnet_lite0)"
    assert summary(photos=0) == [f"No look-alikes among 0 photos {measured}."]
    assert summary(photos=1) == [f"No look-alikes among 1 photo {measured}."]
    assert summary(2, photos=2) == [
        f"1 set holds 2 of 2 photos {measured}.",
        "Beside those to keep: same file 1.",
    ]
    assert summary(1500, 2, clusters=(1000, 20), photos=3000) == [
        f"2 sets hold 1,502 of 3,000 photos {measured}.",
        "Beside those to keep: same file 2, look-alike 1,498.",
        "2 clusters of one kind hold 1,020 more.",
        "478 photos are in no set or cluster.",
    ]
    assert summary(2, photos=3)[-1] == "1 photo is in no set."
    assert summary(clusters=(2,), photos=3)[1:] == [
        "1 cluster of one kind holds 2 more.",
        "1 photo is in no set or cluster.",
    ]


def left_out(*folders: str, sets: int = 0, clusters: int = 0, photos: int = 0) -> list[str]:
    """The summary of one set of two in ten photos, and of what was left out."""
    found = overview(look_alikes(photo("/p/a"), photo("/p/b")), photos=10)
    left = LeftOut(tuple(map(Path, folders)), sets, clusters, photos)
    return table.summary(replace(found, left_out=left))


def test_the_summary_says_how_much_is_left_out_and_counts_it_as_in_no_other_place() -> None:
    assert left_out()[1:] == left_out("/p")[2:]
    assert left_out("/p")[1] == "No set is left out."
    assert left_out("/p", sets=1, photos=3)[1:] == [
        "1 set is left out: all of its photos lie below /p, or none.",
        "Beside those to keep: same file 1.",
        "5 photos are in no set.",
    ]
    assert left_out("/p\x1b", clusters=1200, photos=8)[1:] == [
        r"1,200 clusters are left out: all of their photos lie below /p\x1b, or none.",
        "Beside those to keep: same file 1.",
    ]
    assert left_out("/p", "/q", sets=1, clusters=1, photos=7)[1:] == [
        "1 set and 1 cluster are left out: all of their photos lie below the folders of --against, "
        "or none.",
        "Beside those to keep: same file 1.",
        "1 photo is in no set or cluster.",
    ]


def test_where_all_is_left_out_the_summary_does_not_say_that_nothing_is_alike() -> None:
    left = LeftOut((Path("/p"),), sets=2, photos=5)
    assert table.summary(replace(overview(photos=6), left_out=left)) == [
        "No look-alikes on both sides among 6 photos (threshold 16, efficientnet_lite0).",
        "2 sets are left out: all of their photos lie below /p, or none.",
        "1 photo is in no set.",
    ]


def test_paths_below_here_are_shown_from_here(tmp_path: Path) -> None:
    assert table.shown_path(tmp_path / "a/b.jpg") == "a/b.jpg"
    assert table.shown_path(tmp_path.parent / "b.jpg") == str(tmp_path.parent / "b.jpg")


def test_paths_are_shown_in_full_where_the_working_folder_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert table.shown_path(gone / "a.jpg") == str(gone / "a.jpg")


@pytest.mark.parametrize(
    ("count", "what", "words"),
    [(0, "photo", "0 photos"), (1, "copy", "1 copy"), (12_000, "copy", "12,000 copies")],
)
def test_counts_have_a_plural(count: int, what: str, words: str) -> None:
    assert table.counted(count, what) == words
