import csv
import json
import os
from pathlib import Path
from subprocess import PIPE

import pytest
from cli.conftest import CHOSEN, SAMPLES
from cli.running import Run, cut_short, dedupe, on_terminal, process
from PIL import Image
from reports.odd_names import plain
from rich.cells import cell_len

from dedupe.cli.app import COMMANDS
from dedupe.matching.near import approximate
from dedupe.matching.sets import clusters as clustering

FORMS = ("table", "json", "csv", "paths")


def lines_of(screen: str) -> list[str]:
    return plain(screen).split("\n")


def test_in_a_pipe_there_are_paths_and_on_a_terminal_a_table(samples: Path) -> None:
    piped = dedupe("group").out
    assert piped == dedupe("group", "--format", "paths").out
    assert all(Path(line).is_file() for line in piped.splitlines() if line)
    assert "Set 1  " in plain(on_terminal("group").out)


def test_the_same_sets_come_in_every_form_and_the_one_to_keep_is_first(photos: Path) -> None:
    expected = [
        ["backup/old laptop/IMG_0007.jpg", *CHOSEN[0:3:2]],
        ["camera/2018/DSC_0098.JPG", "export/album/DSC_0098.JPG"],
        ["downloads/portrait.jpg", "downloads/portrait (1).jpg"],
    ]
    absolute = [[str(photos / name) for name in each] for each in expected]

    paths = dedupe("group", "--format", "paths").out
    assert [each.splitlines() for each in paths.split("\n\n")] == absolute

    nul = dedupe("group", "-0").data
    assert nul == b"".join(
        b"".join(os.fsencode(name) + b"\0" for name in each) + b"\0" for each in absolute
    )

    found = json.loads(dedupe("group", "--format", "json").out)
    assert [[p["path"] for p in each["photos"]] for each in found["sets"]] == absolute
    assert [[p["keep"] for p in each["photos"]][:2] for each in found["sets"]] == [
        [True, False]
    ] * 3
    assert found["photos"] == 9

    rows = list(csv.DictReader(dedupe("group", "--format", "csv").out.splitlines()))
    assert [[r["path"] for r in rows if r["set"] == f"{n}"] for n in (1, 2, 3)] == absolute

    table = dedupe("group", "--format", "table").out
    shown = [line.split("  ")[-1] for line in table.splitlines() if " photos/" in line]
    assert shown == [f"photos/{name}" for each in expected for name in each]


def test_the_table_shows_distance_size_bytes_and_date_of_every_photo(photos: Path) -> None:
    table = dedupe("group", "--format", "table", "--no-clusters").out.split("\n\n")
    assert table[0].splitlines() == [
        "Set 1  same pixels: 3 photos, 516 kB",
        "        keep  photos/backup/old laptop/IMG_0007.jpg",
        "              600 × 400      57 kB  2019-11-17 10:44",
        "              kept: has its capture time and camera",
        "   same file  photos/phone/2019-11/IMG_20191117_104433.jpg",
        "              600 × 400      57 kB  2019-11-17 10:44",
        " same pixels  photos/export/for printing/IMG_20191117_104433.png",
        table[0].splitlines()[-1],  # the date in it is that of the checkout
    ]
    assert table[0].splitlines()[-1].startswith("              600 × 400     402 kB  (20")
    assert "same picture  photos/downloads/portrait (1).jpg" in table[2].splitlines()
    assert table[2].splitlines()[-1] == "              re-saved"
    assert table[3].splitlines() == [
        "3 sets hold 7 of 9 photos (threshold 16, efficientnet_lite0).",
        "Beside those to keep: same file 1, same pixels 1, same picture 2.",
        "2 photos are in no set.",
        "Dates in brackets are those of the file.",
    ]


def test_a_relation_limits_what_makes_a_set(photos: Path) -> None:
    found = [
        len(dedupe("group", "--relation", relation).out.split("\n\n"))
        for relation in ("same-file", "same-pixels", "same-picture")
    ]
    assert found == [1, 1, 3]
    refused = dedupe("group", "--relation", "twin")
    assert refused.code != 0
    assert "same-picture" in refused.err


def sets_of(run: Run) -> list[list[str]]:
    assert (run.code, run.err.count("\n")) in ((0, 0), (0, 1))
    return [each.splitlines() for each in run.out.split("\n\n") if each]


def test_against_a_folder_only_sets_on_both_sides_are_shown_and_they_are_the_same(
    samples: Path,
) -> None:
    everything = sets_of(dedupe("group"))
    chat = str(samples / "chat")
    both = [each for each in everything if 0 < sum(p.startswith(chat) for p in each) < len(each)]
    assert 0 < len(both) < len(everything)
    run = dedupe("group", "--against", chat)
    assert sets_of(run) == both
    left = len(everything) - len(both)
    assert run.err == f"{left} sets are left out: all of their photos lie below {chat}, or none.\n"
    more = sets_of(dedupe("group", "--against", chat, "--against", samples / "downloads"))
    assert [each for each in more if each in both] != []
    assert all(each in everything for each in more)


def test_how_many_sets_are_left_out_is_in_the_table_and_in_json(photos: Path) -> None:
    side = ("group", "--against", "photos/camera", "--no-clusters")
    run = dedupe(*side, "--format", "table")
    assert run.err == ""
    # a long path is wrapped, at a slash if need be
    said = (
        "1 set holds 2 of 9 photos (threshold 16, efficientnet_lite0). 2 sets are left out: all of "
        f"their photos lie below {photos}/camera, or none. Beside those to keep: same picture 1. "
        "2 photos are in no set. Dates in brackets are those of the file."
    )
    assert "".join(run.out.split("\n\n")[1].split()) == "".join(said.split())
    run = dedupe(*side, "--format", "json")
    found = json.loads(run.out)
    assert found["against"] == [{"path": f"{photos}/camera"}]
    assert found["left_out"] == {"sets": 2, "clusters": 0, "photos": 5}
    assert len(found["sets"]) == 1
    rows = list(csv.DictReader(dedupe(*side, "--format", "csv").out.splitlines()))
    assert [row["path"] for row in rows] == [str(photos / name) for name in CHOSEN[3:5]]


def test_where_no_set_is_on_both_sides_the_table_says_how_many_are_on_one(photos: Path) -> None:
    run = on_terminal("group", "--against", "photos", columns=200)
    assert plain(run.out).splitlines() == [
        "No look-alikes on both sides among 9 photos (threshold 16, efficientnet_lite0).",
        f"3 sets are left out: all of their photos lie below {photos}, or none.",
        "2 photos are in no set.",
    ]
    run = on_terminal("group", "photos/camera", "photos/export", "--against", "photos/camera")
    assert "\nNo set is left out.\n" in plain(run.out)


def test_against_leaves_out_clusters_of_one_side_too(samples: Path) -> None:
    tight = ("group", "--format", "json", "--relation", "same-file", "--clusters")
    everything = json.loads(dedupe(*tight).out)["clusters"]
    side = str(samples / "phone")
    found = json.loads(dedupe(*tight, "--against", side).out)
    both = [
        each
        for each in everything
        if len({photo["path"].startswith(side) for photo in each["photos"]}) == 2
    ]
    assert 0 < len(both) < len(everything)
    assert found["clusters"] == both
    assert found["left_out"]["clusters"] == len(everything) - len(both)


def test_only_the_sets_that_are_shown_are_acted_on(photos: Path, tmp_path: Path) -> None:
    side = ("group", "--symlink", "--into", "out", "--against", "photos/downloads/portrait.jpg")
    planned = dedupe(*side, "--dry-run")
    assert planned.out.startswith(f"symlink 2 photos into 1 folder below {tmp_path}/out\n")
    assert planned.err.startswith("2 sets are left out: ")
    assert dedupe(*side).err.splitlines()[1] == "2 photos linked into out"
    links = [path.resolve() for path in Path("out").glob("*/*")]
    assert sorted(links) == sorted(photos / name for name in CHOSEN[5:7])


def test_what_to_do_next_acts_on_the_sets_that_are_shown(photos: Path) -> None:
    screen = plain(on_terminal("group", "--against", "photos/camera", columns=160).out)
    assert f"next:  dedupe group --symlink --against {photos}/camera  puts each set" in screen


def test_against_a_folder_without_known_photos_the_next_step_is_said(
    photos: Path, tmp_path: Path
) -> None:
    run = dedupe("group", "--against", "elsewhere/../card/")
    assert (run.code, run.data) == (2, b"")
    assert run.err == (
        f"error: no photo below {tmp_path}/card is known\nrun `dedupe scan {tmp_path}/card` first\n"
    )


def test_a_folder_is_compared_with_the_one_it_is_held_against_and_with_no_other(
    photos: Path,
) -> None:
    run = dedupe("group", "photos/camera", "--against", "photos/export", "--format", "json")
    found = json.loads(run.out)
    sides = [
        {Path(photo["path"]).relative_to(photos).parts[0] for photo in each["photos"]}
        for each in found["sets"]
    ]
    assert sides
    assert all(side == {"camera", "export"} for side in sides)


@pytest.mark.parametrize("columns", [80, 160])
def test_no_line_of_the_sample_table_is_wider_than_the_terminal_and_no_path_is_cut(
    samples: Path, columns: int
) -> None:
    lines = lines_of(on_terminal("group", samples, columns=columns).out)
    assert max(map(cell_len, lines)) <= columns
    assert not [line for line in lines if line != line.rstrip()]
    joined = "".join(line.strip() for line in lines)
    for path in filter(None, dedupe("group", samples).out.splitlines()):
        assert path in joined, path


def test_at_160_columns_everything_of_a_photo_is_in_its_line(photos: Path) -> None:
    lines = lines_of(on_terminal("group", columns=160).out)
    assert (
        "        keep      640 × 427    83 kB  2018-10-03 15:41  photos/camera/2018/DSC_0098.JPG"
    ) in lines


def test_clusters_are_of_photos_in_no_set_and_can_be_left_out(samples: Path) -> None:
    exact = ("group", "--relation", "same-file")
    assert "\nOf one kind  not look-alikes, only alike\n" in (
        dedupe(*exact, "--format", "table", "--clusters").out
    )
    assert "Of one kind" not in dedupe(*exact, "--format", "table", "--no-clusters").out
    found = json.loads(dedupe(*exact, "--format", "json", "--clusters").out)
    clustered = {photo["path"] for each in found["clusters"] for photo in each["photos"]}
    grouped = {photo["path"] for each in found["sets"] for photo in each["photos"]}
    assert clustered
    assert not clustered & grouped


@pytest.mark.parametrize(
    ("options", "clusters"),
    [
        ((), True),
        (("--relation", "same-picture"), True),
        (("--relation", "same-pixels"), False),
        (("--relation", "same-file"), False),
        (("--relation", "same-file", "--clusters"), True),
        (("--no-clusters",), False),
    ],
)
def test_photos_are_clustered_unless_exact_copies_alone_are_asked_for(
    samples: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], clusters: bool
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(clustering, "find_clusters", lambda *args, **_: asked.append(args) or [])
    assert dedupe("group", *options).code == 0
    assert bool(asked) is clusters


def test_a_larger_threshold_finds_more(photos: Path) -> None:
    found = [
        sum(bool(line) for line in dedupe("group", "--threshold", f"{threshold}").out.splitlines())
        for threshold in (0, 16, 40)
    ]
    assert found[0] < found[2]
    assert sorted(found) == found


def test_only_photos_below_a_given_path_are_compared(photos: Path) -> None:
    below = dedupe("group", photos / "downloads").out.splitlines()
    assert below == [str(photos / name) for name in CHOSEN[5:7]]
    two = dedupe("group", photos / "camera", photos / CHOSEN[4]).out.splitlines()
    assert two == [str(photos / name) for name in CHOSEN[3:5]]


def test_keep_rules_decide_who_comes_first(photos: Path) -> None:
    first = dedupe("group", photos / "downloads", "--keep", "path").out.splitlines()[0]
    assert first.endswith("portrait (1).jpg")
    spaced = dedupe("group", photos / "downloads", "--keep", "resolution , largest")
    assert spaced.out.splitlines()[0].endswith("portrait.jpg")


def one_enlarged(top: Path) -> Path:
    """A folder with a photo, z.jpg, and its enlarged copy, c.jpg."""
    folder = top / "of one"
    folder.mkdir()
    with Image.open(SAMPLES / "phone/2019-07/IMG_20190720_093044.jpg") as image:
        original = image.convert("RGB").resize((640, 480), Image.Resampling.LANCZOS)
    original.save(folder / "z.jpg", quality=85)
    with Image.open(folder / "z.jpg") as image:
        image.resize((1100, 825), Image.Resampling.LANCZOS).save(folder / "c.jpg", quality=92)
    return folder


def test_the_original_is_kept_among_larger_copies_and_every_form_says_why(tmp_path: Path) -> None:
    folder = one_enlarged(tmp_path)
    with Image.open(folder / "z.jpg") as image:
        image.save(folder / "a.png")
        image.save(folder / "b.jpg", quality=97)
    assert dedupe("scan", folder).code == 0
    (only,) = json.loads(dedupe("group", "--format", "json").out)["sets"]
    reasons = {Path(photo["path"]).name: photo["reason"] for photo in only["photos"]}
    assert next(iter(reasons)) == "z.jpg"
    assert reasons["a.png"].startswith("the other is a PNG made from a JPEG")
    assert reasons["b.jpg"] == "the other was saved again from quality 85"
    assert reasons["c.jpg"] == "the other is enlarged from 640 × 480"
    rows = csv.DictReader(dedupe("group", "--format", "csv").out.splitlines())
    assert {Path(row["path"]).name: row["reason"] for row in rows} == reasons
    assert f"kept: {reasons['z.jpg']}" in " ".join(dedupe("group", "--format", "table").out.split())
    largest = dedupe("group", "--keep", "resolution").out.splitlines()
    assert Path(largest[0]).name == "c.jpg"


def test_what_was_seen_in_photos_is_known_to_the_next_run_though_their_drive_is_away(
    tmp_path: Path,
) -> None:
    folder = one_enlarged(tmp_path)
    assert dedupe("scan", folder).code == 0
    for rules, kept in (("original", "z.jpg"), ("sharpest", "c.jpg")):
        before = dedupe("group", "--format", "json", "--keep", rules).data
        away = folder.rename(tmp_path / "away")
        with process("group", "--format", "json", "--keep", rules, stdout=PIPE) as again:
            assert again.communicate()[0] == before
        away.rename(folder)
        assert Path(json.loads(before)["sets"][0]["photos"][0]["path"]).name == kept


def test_photos_that_changed_since_the_scan_are_mentioned_on_stderr_only(photos: Path) -> None:
    before = dedupe("group")
    assert before.err == ""
    os.utime(photos / CHOSEN[0])
    after = dedupe("group")
    assert after.data == before.data
    assert after.err == "1 photo in these sets changed or went since the scan: scan again\n"


def test_where_nothing_is_alike_a_sentence_says_so(photos: Path) -> None:
    run = on_terminal("group", photos / "screenshots")
    assert plain(run.out) == "No look-alikes among 1 photo (threshold 16, efficientnet_lite0).\n"
    assert dedupe("group", photos / "screenshots").data == b""


@pytest.mark.parametrize("form", FORMS)
def test_a_reader_that_goes_away_is_no_error(samples: Path, form: str) -> None:
    run = cut_short("group", "--format", form)
    assert (run.code, run.err) == (0, "")


def test_an_action_is_carried_out_even_if_nobody_reads_the_table(
    photos: Path, tmp_path: Path
) -> None:
    run = cut_short("group", "--format", "table", "--symlink", "--into", "out")
    assert run.code == 0
    assert run.err.startswith("7 photos linked into out\n")
    assert len(list(Path("out").glob("*/*"))) == 7


def test_what_was_left_alone_decides_the_exit_code_even_if_nobody_reads_the_table(
    photos: Path,
) -> None:
    (photos / CHOSEN[0]).unlink()
    assert cut_short("group", "--format", "table", "--symlink", "--into", "out").code == 3


def test_a_process_whose_reader_is_gone_ends_quietly() -> None:
    theirs, ours = os.pipe()
    os.close(theirs)
    run = process("encoders", stdout=ours, stderr=PIPE)
    os.close(ours)
    assert run.communicate()[1] == b""
    assert run.returncode == 0


def test_help_of_every_command_fits_a_terminal_and_cuts_nothing() -> None:
    for command in COMMANDS:
        for width in (80, 160):
            run = on_terminal(command, "--help", columns=width)
            assert run.code == 0
            assert max(map(cell_len, lines_of(run.out))) <= width, command
            assert "…" not in run.out, command


def test_of_very_many_photos_it_is_said_how_many_of_the_nearest_were_found(
    samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss")
    compared = dedupe("group")
    assert "faiss" not in compared.err
    monkeypatch.setattr(approximate, "ABOVE", 2)
    found = dedupe("group")
    said = "not all photos were compared: of those nearest to each, faiss found 100 %"
    assert said in found.err
    assert found.out == compared.out
