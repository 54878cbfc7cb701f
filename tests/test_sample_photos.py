"""The sample photos are what `tests/data/sample_photos.json` says, and may be given away."""

import json
from collections import Counter
from pathlib import Path

import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageChops, ImageOps, ImageStat

pillow_heif.register_heif_opener()

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "sample_photos"
CALIBRATION = ROOT / "dedupe/encoders/calibration"
TRUTH = json.loads((ROOT / "tests/data/sample_photos.json").read_text("utf-8"))
ORIGINALS = {entry["scene"]: entry["path"] for entry in TRUTH if entry["edit"] == "original"}
LICENCES = ("CC0-1.0", "public domain", "CC-BY-2.0", "CC-BY-4.0")
EDITS = (
    "original",
    "byte copy",
    "metadata only",
    "re-encoded",
    "HEIC",
    "WebP",
    "PNG",
    "half size",
    "thumbnail",
    "EXIF-turned",
    "turned 90",
    "mirrored",
    "crop 85 %",
    "crop 60 %",
    "grey",
    "screenshot",
    "another shot",
)


def _edited(edit: str) -> list[tuple[str, str]]:
    """(path, path of its original) of every photo that was edited so."""
    return [(e["path"], ORIGINALS[e["scene"]]) for e in TRUTH if e["edit"] == edit]


def _pixels(path: str, *, upright: bool = True) -> Image.Image:
    with Image.open(FOLDER / path) as image:
        return (ImageOps.exif_transpose(image) if upright else image).convert("RGB")


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference per channel, of 255."""
    mean = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return sum(mean) / len(mean)


def _rows(page: Path) -> dict[str, str]:
    """The rows of the tables of a page, by their first cell."""
    lines = page.read_text("utf-8").splitlines()
    return {line.split("|")[1].strip(" `"): line for line in lines if line.startswith("|")}


def test_there_are_30_to_40_photos_of_at_most_8_megabytes() -> None:
    assert 30 <= len(TRUTH) <= 40
    assert sum((FOLDER / entry["path"]).stat().st_size for entry in TRUTH) <= 8_000_000


def test_the_folder_holds_the_listed_photos_and_no_others() -> None:
    found = [p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*") if p.is_file()]
    assert sorted(found) == sorted([*(entry["path"] for entry in TRUTH), "SOURCES.md"])


def test_every_photo_opens_and_is_at_most_1280_pixels_long() -> None:
    for entry in TRUTH:
        assert max(_pixels(entry["path"]).size) <= 1280, entry


def test_every_scene_has_exactly_one_original() -> None:
    originals = Counter(entry["scene"] for entry in TRUTH if entry["edit"] == "original")
    assert originals == dict.fromkeys({entry["scene"] for entry in TRUTH}, 1)


@pytest.mark.parametrize("edit", EDITS)
def test_every_kind_of_edit_is_there(edit: str) -> None:
    assert any(entry["edit"].startswith(edit) for entry in TRUTH)


def test_no_photo_has_an_edit_the_tests_do_not_know() -> None:
    assert [e for e in TRUTH if not e["edit"].startswith(EDITS)] == []


def test_at_least_8_photos_are_alone() -> None:
    assert sum(n == 1 for n in Counter(entry["scene"] for entry in TRUTH).values()) >= 8


def test_byte_copies_equal_their_originals_and_nothing_else_is_equal() -> None:
    first: dict[bytes, str] = {}
    equal = []
    for entry in TRUTH:
        data = (FOLDER / entry["path"]).read_bytes()
        if data in first:
            equal.append((entry["path"], first[data]))
        else:
            first[data] = entry["path"]
    assert equal == _edited("byte copy")


@pytest.mark.parametrize(("path", "original"), _edited("metadata only"))
def test_metadata_only_copies_have_the_same_pixels_and_other_bytes(
    path: str, original: str
) -> None:
    assert _pixels(path).tobytes() == _pixels(original).tobytes()
    assert (FOLDER / path).read_bytes() != (FOLDER / original).read_bytes()


@pytest.mark.parametrize(("path", "original"), _edited("EXIF-turned"))
def test_exif_turned_copies_show_the_same_only_if_the_tag_is_obeyed(
    path: str, original: str
) -> None:
    assert _difference(_pixels(path), _pixels(original)) < 3
    assert _pixels(path, upright=False).size == _pixels(original).size[::-1]


@pytest.mark.parametrize(("path", "original"), _edited("turned 90"))
def test_pixel_turned_copies_show_the_same_after_a_quarter_turn(path: str, original: str) -> None:
    back = _pixels(path).transpose(Image.Transpose.ROTATE_90)
    assert _difference(back, _pixels(original)) < 3


@pytest.mark.parametrize(("path", "original"), _edited("mirrored"))
def test_mirrored_copies_show_the_same_in_a_mirror(path: str, original: str) -> None:
    assert _difference(ImageOps.mirror(_pixels(path)), _pixels(original)) < 3


def test_the_suffix_is_the_format() -> None:
    formats = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".heic": "HEIF"}
    for entry in TRUTH:
        with Image.open(FOLDER / entry["path"]) as image:
            assert image.format == formats[Path(entry["path"]).suffix.lower()], entry


def test_file_names_do_not_tell_what_a_photo_shows_or_what_was_done_to_it() -> None:
    words = {entry["scene"] for entry in TRUTH} | {"copy", "crop", "grey", "mirror", "half", "turn"}
    names = [Path(entry["path"]).name.lower() for entry in TRUTH]
    assert [(name, word) for name in names for word in words if word in name] == []


def test_some_file_names_occur_twice_even_for_different_scenes() -> None:
    scenes: dict[str, set[str]] = {}
    for entry in TRUTH:
        scenes.setdefault(Path(entry["path"]).name, set()).add(entry["scene"])
    assert len(scenes) < len(TRUTH)
    assert any(len(of_one_name) > 1 for of_one_name in scenes.values())


def test_phone_photos_say_when_they_were_taken_and_chat_copies_say_nothing() -> None:
    for entry in TRUTH:
        with Image.open(FOLDER / entry["path"]) as image:
            exif = image.getexif()
        if entry["path"].startswith("phone/"):
            assert ExifTags.Base.DateTimeOriginal in exif.get_ifd(ExifTags.IFD.Exif), entry
            assert exif[ExifTags.Base.Make] == "Example", entry
        if entry["path"].startswith("chat/"):
            assert not exif, entry


def test_no_photo_tells_a_place() -> None:
    for entry in TRUTH:
        with Image.open(FOLDER / entry["path"]) as image:
            assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo), entry


def test_every_scene_has_an_author_a_licence_and_a_proof_in_sources() -> None:
    rows = _rows(FOLDER / "SOURCES.md")
    for scene in ORIGINALS:
        _, _, shows, author, licence, proof, _ = rows[scene].split("|")
        assert shows.strip()
        assert author.strip()
        assert licence.strip(" [").startswith(LICENCES)
        assert proof.split()[0] in ("Debian", "PyPI")


def test_every_photo_is_listed_in_sources_with_what_was_done() -> None:
    rows = _rows(FOLDER / "SOURCES.md")
    for entry in TRUTH:
        assert rows[entry["path"]].split("|")[2:4] == [f" {entry['scene']} ", f" {entry['edit']} "]


def test_at_least_20_small_calibration_pictures_are_listed_with_their_licence() -> None:
    pictures = sorted(CALIBRATION.glob("*.jpg"))
    rows = _rows(CALIBRATION / "SOURCES.md")
    assert len(pictures) >= 20
    for picture in pictures:
        assert picture.stat().st_size <= 25_000
        assert rows[picture.name].split("|")[4].strip(" [").startswith(LICENCES)
        with Image.open(picture) as image:
            assert image.size == (256, 256)
