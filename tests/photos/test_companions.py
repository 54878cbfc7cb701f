"""Which files belong to a photo, and which only look like it."""

import io
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from beside import (
    IDENTIFIER,
    WHEN,
    atom,
    header,
    jpeg,
    raw,
    takeout,
    video,
    xmp,
)
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from trees import make_files

from dedupe.photos import companions
from dedupe.photos.companions import Companions
from dedupe.photos.headers import (
    Header,
    apple_identifier,
    read_header,
    read_motion,
    video_identifier,
)
from dedupe.photos.photo import Photo, PhotoFile
from dedupe.photos.quicktime import content_identifier
from dedupe.photos.shots import partners, partnership
from dedupe.photos.takeout import is_title_of, may_describe
from tests.index import remembered

OTHER = "Nikon D70"
IPHONE = "Apple iPhone 12"
LATER = WHEN + timedelta(days=200)


def found(folder: Path, name: str, files: dict[str, bytes]) -> dict[str, str]:
    """What belongs to a photo of a folder: names and kinds."""
    make_files(folder, files)
    belong = Companions().of(read_header(folder / name))
    assert all(each.evidence for each in belong)
    return {each.path.name: each.kind for each in belong}


# --- sidecars


@pytest.mark.parametrize("name", ["IMG.xmp", "IMG.jpg.xmp", "img.XMP", "img.JPG.xmp"])
def test_an_xmp_of_the_only_photo_of_its_name_belongs_to_it(tree: Path, name: str) -> None:
    assert found(tree, "IMG.jpg", {"IMG.jpg": jpeg(), name: xmp()}) == {name: "XMP"}


@pytest.mark.parametrize("name", ["IMG_2.xmp", "IMG.png.xmp", "MY IMG.xmp", "IMG.txt", "IMG.wav"])
def test_what_has_another_name_does_not(tree: Path, name: str) -> None:
    assert found(tree, "IMG.jpg", {"IMG.jpg": jpeg(), name: xmp()}) == {}


def test_an_xmp_that_is_for_another_extension_or_another_day_does_not_belong(tree: Path) -> None:
    assert found(tree, "a.jpg", {"a.jpg": jpeg(), "a.xmp": xmp(extension="CR2")}) == {}
    assert found(tree, "b.jpg", {"b.jpg": jpeg(), "b.xmp": xmp(LATER)}) == {}
    assert found(tree, "c.jpg", {"c.jpg": jpeg(), "c.xmp": xmp(WHEN)}) == {"c.xmp": "XMP"}


@pytest.mark.parametrize("extension", ["", "CR2"])
def test_an_xmp_of_raw_and_jpeg_of_one_shot_belongs_to_both(tree: Path, extension: str) -> None:
    make_files(tree, {"I.CR2": raw(), "I.JPG": jpeg(), "I.xmp": xmp(extension=extension)})
    for name in ("I.CR2", "I.JPG"):
        sidecar = Companions().of(read_header(tree / name))[-1]
        assert [owner.name for owner in sidecar.owners] == ["I.CR2", "I.JPG"]


def test_of_two_cameras_shots_of_one_name_the_xmp_says_whose_it_is_or_is_nobodys(
    tree: Path,
) -> None:
    other = jpeg(header(LATER, OTHER))
    pair = {"I.CR2": raw(), "I.JPG": other}
    assert found(tree, "I.CR2", {**pair, "I.xmp": xmp()}) == {}
    assert found(tree, "I.JPG", {"I.xmp": xmp()}) == {}
    assert found(tree, "I.JPG", {"I.xmp": xmp(LATER)}) == {"I.xmp": "XMP"}
    assert found(tree, "I.CR2", {}) == {}
    assert found(tree, "I.CR2", {"I.xmp": xmp(extension="CR2")}) == {"I.xmp": "XMP"}
    assert found(tree, "I.JPG", {}) == {}


@pytest.mark.parametrize("name", ["IMG_1234.AAE", "IMG_E1234.aae", "IMG_O1234.AAE"])
def test_an_aae_belongs_to_the_photo_and_not_to_its_edit(tree: Path, name: str) -> None:
    files = {"IMG_1234.jpg": jpeg(header(camera=IPHONE)), name: b"plist"}
    assert found(tree, "IMG_1234.jpg", files)[name] == "AAE"
    edit = {"IMG_E1234.jpg": jpeg(header(camera=IPHONE), colour=20)}
    assert found(tree, "IMG_1234.jpg", edit) == {name: "AAE", "IMG_E1234.jpg": "edit"}
    assert found(tree, "IMG_E1234.jpg", {}) == {"IMG_1234.jpg": "original"}


def test_of_two_cameras_photos_the_aae_belongs_to_the_iphones(tree: Path) -> None:
    files = {"IMG_1234.jpg": jpeg(), "IMG_1234.jpeg": jpeg(header(camera=IPHONE))}
    assert found(tree, "IMG_1234.jpg", {**files, "IMG_1234.AAE": b""}) == {}
    assert found(tree, "IMG_1234.jpeg", {}) == {"IMG_1234.AAE": "AAE"}


# --- Google Takeout

LONG = "a photo of a very long name that says all there is.jpg"


@pytest.mark.parametrize(
    ("photo", "sidecar", "title"),
    [
        ("IMG.jpg", "IMG.jpg.json", "IMG.jpg"),
        ("IMG.jpg", "IMG.jpg.supplemental-metadata.json", "IMG.jpg"),
        ("IMG.jpg", "IMG.jpg.supplemental-me.json", "IMG.jpg"),
        ("IMG.jpg", "IMG.jpg.s.json", "IMG.jpg"),
        ("IMG(1).jpg", "IMG.jpg(1).json", "IMG.jpg"),
        ("IMG(1).jpg", "IMG.jpg.supplemental-metadata(1).json", "IMG.jpg"),
        ("IMG-edited.jpg", "IMG.jpg.json", "IMG.jpg"),
        ("IMG-edited(1).jpg", "IMG.jpg(1).json", "IMG.jpg"),
        ("a_b.jpg", "a_b.jpg.json", "a&b.jpg"),
        (LONG[:47] + ".jpg", LONG[:46] + ".json", LONG),
        ("1 IMG(1).jpg", "1 IMG.jpg(1).json", "IMG.jpg"),
        ("1 IMG(1).jpg", "1 IMG(1).jpg.json", "IMG.jpg"),
    ],
)
def test_a_takeout_json_belongs_by_its_name_and_title(photo: str, sidecar: str, title: str) -> None:
    assert may_describe(sidecar, photo)
    assert is_title_of(title, photo)


@pytest.mark.parametrize("name", [LONG[:47] + ".jpg", LONG[:47] + "(1).jpg", LONG[:40] + ".jpg"])
def test_the_json_of_a_long_name_is_found_however_it_is_cut(tree: Path, name: str) -> None:
    number = "(1)" if "(1)" in name else ""
    bare = name.replace("(1)", "")
    for sidecar in {f"{bare}.supplemental-metadata"[:46], bare, f"{bare}.suppl"}:
        folder = tree / sidecar
        folder.mkdir()
        title = LONG if len(bare) > 50 else bare
        files = {name: jpeg(), f"{sidecar}{number}.json": takeout(title)}
        assert list(found(folder, name, files).values()) == ["Takeout JSON"], sidecar


def test_in_a_series_with_dots_or_long_names_only_what_is_meant_is_looked_at(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{begin}{n:04}" for n in range(50) for begin in ("Series.", "a long name of " * 4)]
    make_files(tree, {f"{name}{end}": b"" for name in names for end in (".jpg", ".CR2", ".MOV")})
    read: list[Path] = []
    monkeypatch.setattr(companions, "read_header", lambda path: read.append(path) or Header(path))
    for name in names:
        assert Companions().of(Header(tree / f"{name}.jpg")) == ()
    assert {path.stem for path in read} <= set(names)
    # each time the two of one name
    assert len(read) <= 2 * len(names)


@pytest.mark.parametrize(
    ("photo", "sidecar", "title"),
    [
        ("IMG.jpg", "IMG.jpg(1).json", "IMG.jpg"),
        ("IMG(1).jpg", "IMG.jpg.json", "IMG.jpg"),
        ("IMG(2).jpg", "IMG.jpg(1).json", "IMG.jpg"),
        ("IMG.jpg", "IMG.json", "IMG.jpg"),
        ("IMG.jpg", "IMG.png.json", "IMG.jpg"),
        ("IMG.jpg", "IMG.jpg.meta.json", "IMG.jpg"),
        ("IMG.jpg", "IMG.jpg.json", "IMG.HEIC"),
        ("IMG.jpg", "IMG.jpg.json", "IMG_2.jpg"),
        ("IMG.jpg", "IMG.jpg.json", ""),
        ("IMG.jpg", ".json", "IMG.jpg"),
    ],
)
def test_another_json_does_not(photo: str, sidecar: str, title: str) -> None:
    assert not (may_describe(sidecar, photo) and title and is_title_of(title, photo))


@pytest.mark.parametrize("data", [b"", b"no json", b"[1]", b'{"title": 3}', b"[" * 9000])
def test_a_json_that_is_none_of_takeouts_belongs_to_nobody(tree: Path, data: bytes) -> None:
    assert found(tree, "IMG.jpg", {"IMG.jpg": jpeg(), "IMG.jpg.json": data}) == {}


def test_the_json_of_a_photo_is_also_that_of_its_edit(tree: Path) -> None:
    files = {"a.jpg": jpeg(), "a-edited.jpg": jpeg(colour=9), "a.jpg.json": takeout("a.jpg")}
    assert found(tree, "a.jpg", files) == {"a-edited.jpg": "edit", "a.jpg.json": "Takeout JSON"}
    assert found(tree, "a-edited.jpg", {}) == {"a.jpg": "original", "a.jpg.json": "Takeout JSON"}
    make_files(tree, {"a-edited.jpg": jpeg(header(LATER))})
    assert found(tree, "a-edited.jpg", {}) == {}
    assert found(tree, "a.jpg", {}) == {"a.jpg.json": "Takeout JSON"}


# --- Live Photos and motion photos


@pytest.mark.parametrize("mp4", [False, True])
def test_a_live_photos_video_has_its_identifier(tree: Path, mp4: bool) -> None:
    still = jpeg(header(camera=IPHONE, identifier=IDENTIFIER))
    name = "IMG_1234.MP4" if mp4 else "IMG_1234.MOV"
    files = {"IMG_1234.jpg": still, name: video(mp4=mp4)}
    assert found(tree, "IMG_1234.jpg", files) == {name: "video"}


def test_a_video_of_the_same_name_with_another_identifier_or_none_does_not_belong(
    tree: Path,
) -> None:
    still = jpeg(header(camera=IPHONE, identifier=IDENTIFIER))
    assert found(tree, "I.jpg", {"I.jpg": still, "I.MOV": video(IDENTIFIER[:-1] + "0")}) == {}
    assert found(tree, "I.jpg", {"I.MOV": video("")}) == {}
    assert found(tree, "J.jpg", {"J.jpg": jpeg(), "J.MOV": video()}) == {}
    assert found(tree, "K.jpg", {"K.jpg": jpeg(), "K.MOV": video("")}) == {}


def test_a_motion_photo_says_so_and_has_its_mp_file(tree: Path) -> None:
    files = {"P.MP.jpg": jpeg(motion=True), "P.MP": atom(b"ftyp", b"mp42"), "Q.MP": b""}
    assert found(tree, "P.MP.jpg", files) == {"P.MP": "video"}
    assert Companions().has_motion(read_header(tree / "P.MP.jpg"))
    make_files(tree, {"Q.MP.jpg": jpeg()})
    assert not Companions().has_motion(read_header(tree / "Q.MP.jpg"))
    assert found(tree, "Q.MP.jpg", {"Q.MP": atom(b"ftyp", b"mp42")}) == {}


def scanned(path: Path) -> Photo:
    return replace(remembered.photo(1), file=PhotoFile.seen(path, path.lstat()))


@pytest.mark.parametrize("motion", [True, False])
def test_a_photo_that_was_asked_whether_it_moves_is_not_opened_for_that_again(
    tree: Path, monkeypatch: pytest.MonkeyPatch, motion: bool
) -> None:
    make_files(tree, {"P.jpg": jpeg(motion=motion)})
    photo = scanned(tree / "P.jpg")
    known: dict[tuple[str, bytes, bytes], companions.Numbers] = {}

    def once(
        asked: str, one: bytes, other: bytes, find: Callable[[], companions.Numbers | None]
    ) -> companions.Numbers | None:
        seen = known.get((asked, one, other)) or find()
        if seen is not None:
            known[asked, one, other] = seen
        return seen

    assert Companions(once=once).has_motion(photo) is motion
    assert known == {("motion", photo.content, photo.content): (float(motion),)}
    monkeypatch.setattr(companions, "read_motion", lambda file: pytest.fail("opened again"))
    assert Companions(once=once).has_motion(photo) is motion


def test_of_a_photo_that_changed_since_the_scan_nothing_is_remembered(tree: Path) -> None:
    make_files(tree, {"P.jpg": jpeg()})
    photo = scanned(tree / "P.jpg")
    (tree / "P.jpg").write_bytes(jpeg(motion=True))
    assert read_motion(photo.file) is None
    assert Companions().has_motion(photo)
    (tree / "P.jpg").unlink()
    assert read_motion(photo.file) is None
    assert not Companions().has_motion(photo)


@given(data=st.data())
def test_a_damaged_video_is_read_within_its_bytes_and_says_nothing_wrong(
    data: st.DataObject,
) -> None:
    whole = bytearray(video())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    path = Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp", f"video-{os.getpid()}")
    path.write_bytes(cut)
    try:
        with path.open("rb") as file:
            assert len(content_identifier(file)) <= len(cut)
    finally:
        path.unlink()


@given(st.binary(max_size=200))
def test_a_damaged_maker_note_says_something_short_or_nothing(noise: bytes) -> None:
    assert len(apple_identifier(b"Apple iOS\0\0\1MM" + noise)) <= 100
    assert apple_identifier(noise[1:]) == ""


def test_neither_a_pipe_nor_a_link_is_opened(tree: Path) -> None:
    os.mkfifo(tree / "a.mov")
    (tree / "b.jpg").symlink_to("nowhere")
    assert video_identifier(tree / "a.mov") == ""
    assert read_header(tree / "b.jpg").taken is None


# --- photos of one shot


@pytest.mark.parametrize("name", ["I.CR2", "I.nef", "i.DNG"])
def test_raw_and_jpeg_of_one_shot_have_name_time_and_camera_in_common(
    tree: Path, name: str
) -> None:
    assert found(tree, "I.JPG", {"I.JPG": jpeg(), name: raw()}) == {name: "RAW"}
    assert found(tree, name, {}) == {"I.JPG": "JPEG"}


@pytest.mark.parametrize(
    ("raw_header", "belongs"),
    [
        (header(camera=OTHER), False),
        (header(camera=""), False),
        (header(LATER), False),
        (header(None), False),
        (header(WHEN + timedelta(milliseconds=200)), False),
        (header(WHEN, fractions=False), True),
    ],
)
def test_a_stem_alone_is_no_proof(tree: Path, raw_header: Image.Exif, belongs: bool) -> None:
    files = {"IMG_0001.JPG": jpeg(), "IMG_0001.CR2": raw(raw_header)}
    assert bool(found(tree, "IMG_0001.JPG", files)) is belongs


def test_two_jpegs_of_one_moment_or_of_two_folders_are_not_of_one_shot(tree: Path) -> None:
    make_files(tree, {"I.JPG": jpeg(), "I.jpeg": jpeg(colour=3), "b/I.CR2": raw(), "J.CR2": raw()})
    shots = [read_header(path) for path in sorted(tree.rglob("*.*"))]
    assert list(partners(shots)) == []


def test_partners_are_those_that_partnership_proves(tree: Path) -> None:
    make_files(
        tree,
        {
            "a/I.CR2": raw(),
            "a/I.JPG": jpeg(),
            "a/I-edited.jpg": jpeg(colour=5),
            "b/I.CR2": raw(),
            "b/I.JPG": jpeg(header(LATER)),
        },
    )
    shots = [read_header(path) for path in sorted(tree.rglob("*.*"))]
    expected = {
        (one, other)
        for one in range(len(shots))
        for other in range(one + 1, len(shots))
        if partnership(shots[one], shots[other])
    }
    assert set(partners(shots)) == expected
    assert len(expected) == 3


def test_a_shot_is_the_same_whichever_of_its_photos_is_asked(tree: Path) -> None:
    files = {
        "IMG.CR2": raw(),
        "IMG.JPG": jpeg(),
        "IMG-edited.jpg": jpeg(colour=4),
        "IMG.xmp": xmp(),
        "IMG.JPG.json": takeout("IMG.JPG"),
    }
    make_files(tree, files)
    belong = Companions()
    for name in files:
        if name.endswith(("CR2", "JPG", "jpg")):
            together = belong.together(read_header(tree / name))
            assert {name, *(each.path.name for each in together)} == set(files)
    shot = belong.together(read_header(tree / "IMG.CR2"))
    assert [each.word for each in shot] == ["edit", "JPG", "Takeout JSON", "XMP"]


def test_a_heic_says_as_much_as_a_jpeg(tree: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    image = Image.new("RGB", (64, 48), "red")
    file = io.BytesIO()
    exif = header(camera=IPHONE, identifier=IDENTIFIER).tobytes()
    pillow_heif.from_pillow(image).save(file, exif=exif)
    files = {"IMG_1.HEIC": file.getvalue(), "IMG_1.MOV": video()}
    assert found(tree, "IMG_1.HEIC", files) == {"IMG_1.MOV": "video"}
    assert read_header(tree / "IMG_1.HEIC").taken == WHEN
