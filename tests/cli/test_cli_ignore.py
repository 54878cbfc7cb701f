import csv
import json
import shutil
from pathlib import Path

import pytest
from cli.conftest import CHOSEN
from cli.running import cut_short, dedupe, on_terminal
from reports.odd_names import plain

from dedupe.index.forget import forget
from dedupe.reports.registry import REPORTS

PAGODA, ALBUM = (f"photos/{name}" for name in CHOSEN[3:5])
PORTRAIT, AGAIN = (f"photos/{name}" for name in CHOSEN[5:7])
COFFEE = f"photos/{CHOSEN[0]}"


def sets() -> list[list[str]]:
    return [each.splitlines() for each in dedupe("group").out.split("\n\n") if each]


def absolute(*names: str) -> list[str]:
    return sorted(str(Path.cwd() / name) for name in names)


def test_photos_that_are_different_are_in_no_set_together_after_they_moved_either(
    photos: Path,
) -> None:
    pair = absolute(PAGODA, ALBUM)
    assert pair in [sorted(each) for each in sets()]
    run = dedupe("ignore", PAGODA, ALBUM)
    assert (run.code, run.out, run.err) == (0, "", "1 pair remembered as different\n")
    assert dedupe("ignore", ALBUM, PAGODA).err == "that was known already\n"
    assert pair not in [sorted(each) for each in sets()]
    assert len(sets()) == 2
    (photos / "moved").mkdir()
    shutil.move(ALBUM, photos / "moved/elsewhere.jpg")
    dedupe("scan", photos)
    assert len(sets()) == 2
    forget([photos])
    dedupe("scan", photos)
    assert len(sets()) == 2
    run = dedupe("ignore", "--remove", PAGODA, photos / "moved/elsewhere.jpg")
    assert run.err == "1 decision taken back\n"
    assert len(sets()) == 3


def test_group_says_how_much_is_hidden_and_how_to_see_it(photos: Path) -> None:
    dedupe("ignore", PAGODA, ALBUM)
    run = dedupe("ignore", "--set", PORTRAIT)
    assert (run.code, run.err) == (0, "hidden: 1 set (2 photos)\n")
    said = "By `dedupe ignore`: 1 set hidden, 1 pair of photos kept apart (--ignored shows all)."
    run = dedupe("group")
    assert run.err == f"{said}\n"
    assert len(sets()) == 1
    table = dedupe("group", "--format", "table")
    assert " ".join(said.split()) in " ".join(table.out.split())
    assert table.err == ""
    assert "1 set holds 3 of 9 photos" in table.out
    found = json.loads(dedupe("group", "--format", "json").out)
    assert found["hidden"] == {"sets": 1, "photos": 2, "pairs": 1}
    everything = dedupe("group", "--ignored")
    assert len(everything.out.split("\n\n")) == 3
    assert everything.err == ""


def test_a_hidden_set_is_neither_acted_on_nor_clustered(photos: Path) -> None:
    dedupe("ignore", "--set", PORTRAIT)
    planned = dedupe("group", "--symlink", "--into", "out", "--dry-run")
    assert "portrait" not in planned.out
    assert "1 set hidden" in planned.err
    found = json.loads(dedupe("group", "--format", "json").out)
    clustered = {each["path"] for cluster in found["clusters"] for each in cluster["photos"]}
    assert clustered.isdisjoint(absolute(PORTRAIT, AGAIN))


def test_a_hidden_set_comes_back_when_a_photo_joins_it_and_hides_again_when_it_goes(
    photos: Path,
) -> None:
    dedupe("ignore", "--set", PORTRAIT)
    assert len(sets()) == 2
    # a copy is no other photo
    shutil.copy(PORTRAIT, photos / "copy.jpg")
    dedupe("scan", photos)
    assert len(sets()) == 2
    from PIL import Image

    with Image.open(PORTRAIT) as image:
        image.convert("RGB").save(photos / "new.jpg", quality=50)
    dedupe("scan", photos)
    joined = [each for each in sets() if str(photos / "new.jpg") in each]
    assert len(joined) == 1
    assert len(joined[0]) == 4
    (photos / "new.jpg").unlink()
    dedupe("scan", photos)
    assert len(sets()) == 2
    dedupe("ignore", "--remove", "--set", AGAIN)
    assert len(sets()) == 3


def test_explain_says_that_two_are_kept_apart_or_their_set_is_hidden(photos: Path) -> None:
    dedupe("ignore", PAGODA, ALBUM)
    dedupe("ignore", "--set", PORTRAIT)
    told = " ".join(dedupe("explain", PAGODA, ALBUM).out.split())
    assert "You said that they are different (`dedupe ignore`): no set holds both." in told
    assert json.loads(dedupe("explain", PAGODA, ALBUM, "--format", "json").out)["ignored"]
    told = " ".join(dedupe("explain", PORTRAIT, AGAIN).out.split())
    assert "Both are in a set that is hidden (`dedupe ignore --set`)." in told


@pytest.mark.parametrize("form", REPORTS)
def test_every_form_lists_what_was_said(photos: Path, form: str) -> None:
    empty = dedupe("ignore", "--list", "--format", form)
    assert (empty.code, empty.err) == (0, "")
    assert (empty.out == "") == (form == "paths")
    dedupe("ignore", PAGODA, ALBUM)
    dedupe("ignore", "--set", COFFEE)
    run = dedupe("ignore", "--list", "--format", form)
    assert (run.code, run.err) == (0, "")
    for name in (PAGODA, ALBUM):
        assert Path(name).name in run.out
    assert cut_short("ignore", "--list", "--format", form).code == 0


def test_a_list_names_photos_by_path_and_unknown_ones_by_their_content(photos: Path) -> None:
    dedupe("ignore", PAGODA, ALBUM)
    Path(ALBUM).unlink()
    dedupe("scan", photos)
    forget([photos / "export"])
    shown = plain(on_terminal("ignore", "--list").out).splitlines()
    assert shown[:2] == ["different  2 photos", f"  {PAGODA}"]
    assert shown[2].startswith("  not known any more (content ")
    assert shown[-1] == "1 pair of different photos, 0 hidden sets."
    found = json.loads(dedupe("ignore", "--list", "--format", "json").out)["decisions"]
    assert [len(each["paths"]) for each in found[0]["photos"]] == [1, 0]
    rows = list(csv.DictReader(dedupe("ignore", "--list", "--format", "csv").out.splitlines()))
    assert [row["path"] for row in rows] == [*absolute(PAGODA), ""]
    assert dedupe("ignore", "--list", "-0").data == absolute(PAGODA)[0].encode() + b"\0\0"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        ([], 2, "there is nothing to ignore"),
        ([PAGODA], 2, "it takes two photos"),
        ([COFFEE, f"photos/{CHOSEN[1]}"], 2, "are the same file: that is a fact"),
        ([COFFEE, f"photos/{CHOSEN[2]}"], 2, "are the same picture, to a pixel"),
        (["--list", PAGODA], 2, "--list lists all"),
        (["--set", "photos/downloads/wallpaper.jpg"], 2, "is in no set"),
        ([PAGODA, "photos"], 1, "is not a file"),
        ([PAGODA, "none.jpg"], 1, "is not a file"),
        (["--remove", "none.jpg", PAGODA], 1, "is not a file"),
    ],
)
def test_what_cannot_be_ignored_is_refused_with_a_sentence(
    photos: Path, args: list[str], code: int, words: str
) -> None:
    run = dedupe("ignore", *args)
    assert (run.code, run.data) == (code, b"")
    assert words in run.err
    assert len(run.err.splitlines()) <= 2
    assert json.loads(dedupe("ignore", "--list", "--format", "json").out) == {"decisions": []}
