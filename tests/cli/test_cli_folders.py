import csv
import json
import shutil
from pathlib import Path

import pytest
from cli.running import cut_short, dedupe, on_terminal
from reports.odd_names import plain
from rich.cells import cell_len

from dedupe.reports.registry import REPORTS


@pytest.fixture
def backup(photos: Path) -> Path:
    """The photos, and a backup of all but one of their folders, with one that is only there."""
    old = photos.parent / "Backup-2019"
    shutil.copytree(photos, old)
    shutil.rmtree(old / "screenshots")
    shutil.move(photos / "downloads/wallpaper.jpg", old / "rocket.jpg")
    (old / "downloads/wallpaper.jpg").unlink()
    dedupe("scan", photos, old)
    return old


def test_a_backup_is_told_with_what_is_only_there(photos: Path, backup: Path) -> None:
    run = dedupe("folders")
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[:4] == [
        "by look  exactly   photos  only here  folder",
        "   88 %     88 %        8          1  Backup-2019",
        "                                      in photos",
        "                                         8 photos, 88 % of them here",
    ]
    (found,) = json.loads(dedupe("folders", "--format", "json").out)["folders"]
    assert found == {
        "folder": str(backup),
        "within": {"path": str(photos)},
        "photos": 8,
        "alike": 7,
        "exact": 7,
        "only_here": 1,
        "others": 8,
        "back": 7,
    }
    (row,) = csv.DictReader(dedupe("folders", "--format", "csv").out.splitlines())
    assert (row["folder"], row["within"], row["only_here"]) == (str(backup), str(photos), "1")
    assert dedupe("folders", "--format", "paths").out == f"{backup}\n"
    assert dedupe("folders", "-0").data == f"{backup}\0".encode()


def test_by_look_edits_count_and_with_exact_they_do_not(samples: Path) -> None:
    side = (samples / "export/album", samples / "camera", "--least", "1", "--format", "json")
    looked = json.loads(dedupe("folders", *side).out)["folders"]
    exact = json.loads(dedupe("folders", *side, "--exact").out)["folders"]
    counts = [[(each["alike"], each["exact"]) for each in some] for some in (looked, exact)]
    # a copy with other metadata, and one that was turned by its EXIF block
    assert counts == [[(2, 0)], []]


def test_only_folders_of_which_so_much_is_there_are_told(photos: Path, backup: Path) -> None:
    found = json.loads(dedupe("folders", "--least", "89", "--format", "json").out)
    assert found["least"] == 89
    assert str(backup) not in {each["folder"] for each in found["folders"]}
    assert {each["alike"] / each["photos"] for each in found["folders"]} == {1.0}
    alone = ("folders", photos / "camera", "--least", "89")
    assert dedupe(*alone).out == "No folder is in another by 89 % or more.\n"
    assert dedupe("folders", "--least", "0").code == 2


def test_only_the_named_folders_are_compared(photos: Path, backup: Path) -> None:
    found = json.loads(
        dedupe("folders", backup / "downloads", photos / "downloads", "--format", "json").out
    )["folders"]
    assert [(each["folder"], each["photos"]) for each in found] == [(f"{backup}/downloads", 2)]
    camera = photos / "camera"
    assert dedupe("folders", camera).out == "No folder is in another by 50 % or more.\n"
    assert "was not scanned yet" in dedupe("folders", "elsewhere").err


@pytest.mark.parametrize("form", REPORTS)
def test_that_nobody_reads_on_is_no_error_in_any_form(photos: Path, form: str) -> None:
    assert cut_short("folders", "--format", form).code == 0


@pytest.mark.parametrize("columns", [80, 160])
def test_no_line_is_wider_than_the_terminal(samples: Path, columns: int) -> None:
    shown = plain(on_terminal("folders", columns=columns).out).splitlines()
    assert len(shown) > 4
    assert max(map(cell_len, shown)) <= columns
