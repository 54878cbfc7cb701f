"""Bytes decide what a file is; its name only decides how a stranger is called."""

import re
from pathlib import Path

import pytest

from dedupe.photos import sniff as sniff_module
from dedupe.photos.photo import Skip
from dedupe.photos.sniff import HEAD, _is_installed, raw_kind, sniff

PHOTOS = {
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "GIF": b"GIF89a\1\0\1\0",
    "WebP": b"RIFF\x10\0\0\0WEBPVP8 ",
    "little-endian TIFF": b"II*\0\x08\0\0\0",
    "big-endian TIFF": b"MM\0*\0\0\0\x08",
    "BigTIFF": b"II+\0\x08\0\0\0",
    "BMP": b"BM\x36\x84\3\0\0\0\0\0\x36\0",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "JPEG 2000 codestream": b"\xff\x4f\xff\x51\0\x2f",
    "PGM": b"P5\n640 480\n255\n",
    "PPM with a comment": b"P6\n# by hand\n640 480\n255\n",
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1",
    "HEIF sequence": b"\0\0\0\x18ftyphevc\0\0\0\0msf1",
    "AVIF": b"\0\0\0\x20ftypavif\0\0\0\0",
}
JPEG_XL = {
    "codestream": b"\xff\x0a\xfa\x1f",
    "container": b"\0\0\0\x0cJXL \r\n\x87\n",
}
RAW = {
    "Canon CR2": b"II*\0\x10\0\0\0CR\2\0",
    "Canon CRW": b"II\x1a\0\0\0HEAPCCDR",
    "Canon CR3": b"\0\0\0\x18ftypcrx \0\0\0\1",
    "Fujifilm": b"FUJIFILMCCD-RAW 0201",
    "Sigma": b"FOVb\2\0\0\0",
    "Olympus": b"IIRO\x08\0\0\0",
    "Panasonic": b"IIU\0\x18\0\0\0",
    "Minolta": b"\0MRM\0\1\2\3",
}
KINDS = dict(zip(RAW, "CR2 CRW CR3 RAF X3F ORF RW2 MRW".split(), strict=True))
VIDEOS = {
    "MP4": b"\0\0\0\x18ftypmp42",
    "QuickTime": b"\0\0\0\x14ftypqt  ",
    "old QuickTime": b"\0\0\x10\0moov",
    "Matroska": b"\x1aE\xdf\xa3\x01",
    "AVI": b"RIFF\x10\0\0\0AVI LIST",
    "MPEG": b"\0\0\1\xba\x44",
    "Flash": b"FLV\1\5",
}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Which of the optional decoders are there: what the test puts in, whatever really is."""
    there: set[str] = set()
    monkeypatch.setattr(sniff_module, "_is_installed", there.__contains__)
    return there


def said(name: str, head: bytes) -> tuple[str, bool]:
    skip = sniff(Path("/p") / name, head[:HEAD])
    assert skip is not None
    assert skip.path == Path("/p") / name
    assert not skip.passing
    return skip.reason, skip.problem


@pytest.mark.parametrize("extension", [".jpg", ".JPG", ".txt", ".mp4", ""])
@pytest.mark.parametrize("kind", PHOTOS)
def test_a_photo_is_a_photo_whatever_its_name(kind: str, extension: str) -> None:
    assert sniff(Path(f"a{extension}"), PHOTOS[kind]) is None


@pytest.mark.parametrize("kind", VIDEOS)
def test_a_video_is_no_photo_even_if_named_like_one(kind: str) -> None:
    assert said("a.jpg", VIDEOS[kind]) == ("is a video, not a photo", False)


@pytest.mark.parametrize("extension", [".jpg", ".tif", ".arw", ""])
@pytest.mark.parametrize("kind", RAW)
def test_raw_is_known_by_its_bytes(kind: str, extension: str) -> None:
    named = extension[1:].upper() if (kind, extension) == ("Panasonic", ".arw") else KINDS[kind]
    assert raw_kind(Path(f"a{extension}"), RAW[kind]) == named
    assert said(f"a{extension}", RAW[kind]) == (
        f"is camera RAW ({named}); to have it read: pip install 'dedupe-photos[raw]'",
        True,
    )


@pytest.mark.parametrize("extension", [".nef", ".DNG", ".arw", ".PEF"])
@pytest.mark.parametrize("kind", ["little-endian TIFF", "big-endian TIFF", "BigTIFF"])
def test_a_tiff_that_is_named_like_raw_is_raw(kind: str, extension: str) -> None:
    name = extension[1:].upper()
    assert raw_kind(Path(f"a{extension}"), PHOTOS[kind]) == name
    assert said(f"a{extension}", PHOTOS[kind]) == (
        f"is camera RAW ({name}); to have it read: pip install 'dedupe-photos[raw]'",
        True,
    )


@pytest.mark.parametrize("kind", RAW)
def test_raw_is_let_through_where_its_decoder_is_installed(kind: str, installed: set[str]) -> None:
    installed.add("rawpy")
    assert sniff(Path("a"), RAW[kind]) is None
    assert sniff(Path("a.nef"), PHOTOS["little-endian TIFF"]) is None


def test_a_jpeg_that_is_named_like_raw_is_a_photo() -> None:
    assert sniff(Path("a.dng"), PHOTOS["JPEG"]) is None
    assert raw_kind(Path("a.dng"), PHOTOS["JPEG"]) is None


@pytest.mark.parametrize("kind", PHOTOS)
def test_no_photo_under_its_own_name_is_raw(kind: str) -> None:
    assert raw_kind(Path("a.jpg"), PHOTOS[kind]) is None
    assert raw_kind(Path("a"), PHOTOS[kind]) is None


@pytest.mark.parametrize("kind", JPEG_XL)
def test_jpeg_xl_waits_for_its_plugin(kind: str, installed: set[str]) -> None:
    assert said("a.jxl", JPEG_XL[kind]) == (
        "is JPEG XL; to have it read: pip install pillow-jxl-plugin",
        True,
    )
    installed.add("pillow_jxl")
    assert sniff(Path("a.jxl"), JPEG_XL[kind]) is None


def test_a_decoder_is_looked_for_among_what_is_installed() -> None:
    assert _is_installed("PIL")
    assert not _is_installed("no_such_decoder")


@pytest.mark.parametrize(("name", "problem"), [("a.jpg", True), ("a.nef", True), ("a.txt", False)])
def test_an_empty_file_is_a_problem_only_if_it_is_named_like_a_photo(
    name: str, problem: bool
) -> None:
    assert said(name, b"") == ("is empty (0 bytes)", problem)


def test_a_text_named_like_a_photo_is_a_problem() -> None:
    assert said("a.jpg", b"<!DOCTYPE html>") == (
        "is named like a photo (.jpg), but its bytes are none",
        True,
    )


@pytest.mark.parametrize(
    "text", [b"hello", b"P2 is the better pump\n", b"BM", b"GIF", b"II", b"\xff"]
)
def test_a_text_is_no_photo_and_no_problem(text: bytes) -> None:
    assert said("a.txt", text) == ("is not a photo", False)


COMPANION = b"\0\x05\x16\x07\0\2\0\0Mac OS X"


@pytest.mark.parametrize("name", ["._IMG_1.jpg", "._notes.txt", "IMG_1.jpg"])
def test_companions_of_macos_are_no_problem_though_named_like_photos(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "IMG_1.jpg").touch()
    skip = sniff(tmp_path / name, COMPANION)
    assert skip == Skip(tmp_path / name, "is a macOS companion file, not a photo", False)


def test_a_companion_whose_photo_is_gone_is_a_problem_until_it_is_back(tmp_path: Path) -> None:
    skip = sniff(tmp_path / "._IMG_1.jpg", COMPANION)
    assert skip is not None
    assert skip.problem
    assert skip.passing
    assert "the photo it belongs to is not beside it" in skip.reason


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (b"8BPS\0\1", "Photoshop"),
        (b"gimp xcf v011", "GIMP"),
        (b"\x76\x2f\x31\x01\2", "OpenEXR"),
        (b"#?RADIANCE\n", "Radiance"),
        (b"#?RGBE\n", "Radiance"),
        (b"II\xbc\x01", "JPEG XR"),
        (b"qoif\0\0", "QOI"),
        (b"\x0a\x05\x01\x08", "PCX"),
    ],
)
def test_pictures_without_a_decoder_are_problems_with_a_way_out(head: bytes, names: str) -> None:
    reason, problem = said("a", head)
    assert names in reason
    assert reason.endswith("; export it as JPEG or PNG to have it compared")
    assert problem


def test_a_targa_picture_is_known_by_its_name_alone() -> None:
    head = b"\0\0\x0a\0\0\0\0\0\0\0\0\0\xc8\0\x20\0"
    assert said("a.tga", head)[0].startswith("is a Targa picture")
    assert said("a.dat", head) == ("is not a photo", False)


def test_an_icon_is_no_photo_and_no_problem() -> None:
    assert said("a.ico", b"\0\0\1\0\3\0\x30\x30") == ("is an icon, not a photo", False)


def test_every_reason_reads_on_after_the_path() -> None:
    heads = [
        b"",
        b"x",
        *RAW.values(),
        *VIDEOS.values(),
        b"8BPS",
        *JPEG_XL.values(),
        b"\0\x05\x16\x07",
    ]
    for head in heads:
        for name in ("a.jpg", "a.txt"):
            assert re.match("is [a-zA-Z0-9]", said(name, head)[0])
