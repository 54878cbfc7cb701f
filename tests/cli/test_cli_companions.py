"""What belongs to a photo: shown behind it, moved with it, and taken back with it."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from beside import IDENTIFIER as SAME
from beside import header, takeout, video, xmp
from cli.conftest import SAMPLES
from cli.running import dedupe
from PIL import Image
from trees import contents, read_tree

from dedupe.index.library import open_library


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """A Live Photo with an edit, a JSON and an XMP, and a smaller copy of it on another disk."""
    exif = header(camera="Apple iPhone 12", identifier=SAME)
    with Image.open(SAMPLES / "downloads/portrait.jpg") as image:
        for folder in ("phone", "disk"):
            (tmp_path / "photos" / folder).mkdir(parents=True)
        phone = tmp_path / "photos/phone"
        image.save(phone / "IMG_1234.JPG", quality=95, exif=exif)
        image.convert("L").save(phone / "IMG_E1234.JPG", exif=exif)
        image.resize((image.width // 2, image.height // 2)).save(
            tmp_path / "photos/disk/web.jpg", quality=80
        )
    (phone / "IMG_1234.MOV").write_bytes(video())
    (phone / "IMG_1234.xmp").write_bytes(xmp())
    (phone / "IMG_1234.JPG.json").write_bytes(takeout("IMG_1234.JPG"))
    assert dedupe("scan", "photos").code == 0
    return tmp_path / "photos"


def test_they_are_told_behind_their_photo(shots: Path) -> None:
    run = dedupe("group", "--format", "table")
    assert "phone/IMG_1234.JPG + Takeout JSON + MOV + XMP + edit" in run.out
    assert "1 photo is in no set." in run.out
    found = json.loads(dedupe("group", "--format", "json").out)
    best = found["sets"][0]["photos"][0]
    assert [each["kind"] for each in best["companions"]] == [
        *("Takeout JSON", "video", "XMP", "edit")
    ]
    rows = list(csv.DictReader(StringIO(dedupe("group", "--format", "csv").out)))
    assert rows[0]["companions"] == ("IMG_1234.JPG.json; IMG_1234.MOV; IMG_1234.xmp; IMG_E1234.JPG")


def test_they_move_with_it_and_the_index_follows(shots: Path, tmp_path: Path) -> None:
    before = read_tree(shots)
    move = ("group", "--move", "--into", "out", "--keep", "folder:*/disk")
    plan = dedupe(*move, "--dry-run").out
    assert "move 1 photo and 4 companions; one photo of each set stays" in plan
    assert f"      + 2 IMG_1234.MOV  <-  {shots}/phone/IMG_1234.MOV" in plan
    run = dedupe(*move, "--yes")
    assert "1 photo with 4 companions moved into out" in run.err
    assert run.code == 0
    assert sorted(contents(tmp_path / "out")) == [
        "001 web/1 web.jpg",
        "001 web/2 IMG_1234.JPG",
        "001 web/2 IMG_1234.JPG.json",
        "001 web/2 IMG_1234.MOV",
        "001 web/2 IMG_1234.xmp",
        "001 web/2 IMG_E1234.JPG",
    ]
    # nothing is scanned again: the edit is known at its new place
    found = json.loads(dedupe("group", "--format", "json").out)
    paths = {Path(each["path"]).name for each in found["sets"][0]["photos"]}
    assert paths == {"2 IMG_1234.JPG", "web.jpg"}
    known = {photo.path.relative_to(tmp_path).parts[0] for photo in open_library().photos}
    assert known == {"out", "photos"}
    again = dedupe(*move, "--yes")
    assert (again.code, "0 photos moved into out, 1 already there" in again.err) == (0, True)
    run = dedupe("undo", "1")
    assert "1 photo with 4 companions moved back" in run.out
    assert read_tree(shots) == before


def test_a_saved_plan_says_how_many_go_along(shots: Path) -> None:
    run = dedupe("group", "--copy", "--into", "out", "--save-plan", "plan.json")
    assert "the plan to copy 2 photos with 4 companions (" in run.err
    run = dedupe("apply", "plan.json")
    assert "2 photos with 4 companions copied into out" in run.err
