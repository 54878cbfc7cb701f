"""What covers a photo: nothing that is less than it, and nothing that is not there."""

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from PIL import ExifTags, Image

from dedupe.encoders import encode as loading
from dedupe.encoders.encode import LoadedEncoder
from dedupe.errors import IndexProblem, RootMissing, UsageError
from dedupe.index.scan import update_index
from dedupe.matching.calibration.known_edits import KNOWN_EDITS, jpeg
from dedupe.matching.folders.cover import NOT_COMPARED, NOTHING, Cover, covered
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.ignore import ignore

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
BEE = SAMPLES / "camera/2019/DSC_0733.JPG"
COFFEE = SAMPLES / "phone/2019-11/IMG_20191117_104433.jpg"
OTHERS = (SAMPLES / "downloads/wallpaper.jpg", SAMPLES / "phone/2019-09/IMG_20190914_122853.jpg")

Tree = dict[str, bytes]
Ask = Callable[..., dict[str, Cover]]


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def with_exif(image: Image.Image, *, place: bool = False, quality: int = 92) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2019:08:11 14:20:00"
    if place:
        where = exif.get_ifd(ExifTags.IFD.GPSInfo)
        where[ExifTags.GPS.GPSLatitudeRef], where[ExifTags.GPS.GPSLongitudeRef] = "N", "E"
        where[ExifTags.GPS.GPSLatitude] = where[ExifTags.GPS.GPSLongitude] = (47.0, 22.0, 30.0)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, exif=exif)
    return file.getvalue()


@pytest.fixture(autouse=True)
def _loaded(encoder: LoadedEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "load_encoder", lambda *_, **__: encoder)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index.db"


@pytest.fixture
def ask(tree: Path, index: Path) -> Ask:
    """Put files into `old` and `library`, scan both, and ask: answers by name."""

    def run(old: Tree, library: Tree, **options: object) -> dict[str, Cover]:
        for folder, files in (("old", old), ("library", library)):
            for name, data in files.items():
                path = tree / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        update_index([tree / "old", tree / "library"], index=index, workers=0, **options)  # type: ignore[arg-type]
        return again(tree, index)

    return run


def again(tree: Path, index: Path) -> dict[str, Cover]:
    found = covered(tree / "old", tree / "library", index=index)
    return {each.path.relative_to(tree / "old").as_posix(): each for each in found.answers}


def reasons(answers: dict[str, Cover]) -> dict[str, str]:
    return {name: answer.reason for name, answer in answers.items()}


# --- every known edit, both ways


@pytest.fixture(scope="module")
def edited(encoder: LoadedEncoder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two photos and every known edit of each in folders of their own, scanned: tree and index."""
    root = tmp_path_factory.mktemp("edited")
    others = [opened(path) for path in OTHERS] * 2
    for name, source in (("bee", BEE), ("coffee", COFFEE)):
        original = jpeg(opened(source), 92)
        (root / f"{name}/photo").mkdir(parents=True)
        (root / f"{name}/photo/a.jpg").write_bytes(original)
        with Image.open(io.BytesIO(original)) as image:
            picture = image.convert("RGB")
        for edit, known in KNOWN_EDITS.items():
            if known.can_be_made:
                (root / f"{name}/{edit}").mkdir()
                data = known.saved(picture, Random(edit), others)
                (root / f"{name}/{edit}/b").write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "load_encoder", lambda *_, **__: encoder)
        update_index([root], index=root / "index.db", workers=0)
    return root, root / "index.db"


@pytest.mark.parametrize("edit", KNOWN_EDITS)
def test_no_edit_of_a_photo_covers_it(edited: tuple[Path, Path], edit: str) -> None:
    root, index = edited
    if not KNOWN_EDITS[edit].can_be_made:
        pytest.skip("cannot be made here")
    (answer,) = covered(root / "bee/photo", root / "bee" / edit, index=index).answers
    assert not answer.covered
    assert answer.reason.startswith(("only ", "nothing alike"))


# where a photo is the better file, saved no worse, of the same frame and colours
_WORSE = {"jpeg_85", "jpeg_60", "jpeg_30", "messenger", "half", "quarter", "png"}
# and these may be covered or not: what they lost cannot be told from what was never there
_EITHER = {"blur", "thumbnail", "noise", "jpeg_12"}


@pytest.mark.parametrize("edit", sorted(KNOWN_EDITS.keys() - _EITHER))
def test_a_photo_covers_its_poorer_copies_and_nothing_that_somebody_made_of_it(
    edited: tuple[Path, Path], edit: str
) -> None:
    root, index = edited
    if not KNOWN_EDITS[edit].can_be_made:
        pytest.skip("cannot be made here")
    (answer,) = covered(root / "coffee" / edit, root / "coffee/photo", index=index).answers
    assert answer.covered == (edit in _WORSE), answer.reason


# --- what covers


def test_the_same_file_covers_a_photo_wherever_it_lies(ask: Ask) -> None:
    answers = ask({"a.jpg": COFFEE.read_bytes()}, {"deep/er/b.jpg": COFFEE.read_bytes()})
    assert answers["a.jpg"].covered
    assert answers["a.jpg"].relation is Relation.SAME_FILE
    assert answers["a.jpg"].by is not None
    assert answers["a.jpg"].by.path.name == "b.jpg"


def test_a_copy_without_capture_time_or_place_does_not_cover_a_photo(ask: Ask) -> None:
    picture = opened(COFFEE)
    plain, dated = jpeg(picture, 92), with_exif(picture)
    placed = with_exif(picture, place=True)
    answers = ask({"a.jpg": placed, "b.jpg": dated, "c.jpg": plain}, {"a.jpg": plain})
    assert reasons(answers) == {
        "a.jpg": "only without its capture time and place",
        "b.jpg": "only without its capture time",
        "c.jpg": "",
    }


def test_the_same_pixels_with_more_about_them_cover_a_photo(ask: Ask) -> None:
    picture = opened(COFFEE)
    answers = ask({"a.jpg": jpeg(picture, 92)}, {"a.jpg": with_exif(picture, place=True)})
    assert answers["a.jpg"].covered
    assert answers["a.jpg"].relation is Relation.SAME_PIXELS


def test_a_smaller_copy_is_named_by_its_pixels_and_a_larger_one_covers(ask: Ask) -> None:
    picture = opened(BEE)
    small = jpeg(picture.resize((640, 506)), 92)
    large = jpeg(picture, 92)
    answers = ask({"small.jpg": small}, {"large.jpg": large})
    assert reasons(answers) == {"small.jpg": ""}
    answers = ask({"large.jpg": large}, {"small.jpg": small, "large.jpg": small})
    assert answers["large.jpg"].reason.startswith("only smaller: 0.3 MP of 1.3 MP")
    assert answers["large.jpg"].relation is Relation.SAME_PICTURE


def test_what_somebody_called_different_does_not_cover_a_photo(
    ask: Ask, tree: Path, index: Path
) -> None:
    picture = opened(COFFEE)
    answers = ask({"a.jpg": jpeg(picture, 70)}, {"b.jpg": jpeg(picture, 92)})
    assert answers["a.jpg"].covered
    ignore([tree / "old/a.jpg", tree / "library/b.jpg"], index=index)
    assert reasons(again(tree, index)) == {
        "a.jpg": "only what you said is different (dedupe ignore)"
    }


def test_a_larger_photo_of_which_one_is_a_part_does_not_cover_it(ask: Ask) -> None:
    picture = opened(BEE)
    part = jpeg(picture.crop((200, 150, 1000, 800)), 92)
    answers = ask({"part.jpg": part}, {"all.jpg": jpeg(picture, 92)})
    assert answers["part.jpg"].reason.startswith("only framed, ")


def test_a_word_on_a_corner_is_seen_though_nearly_all_agrees(ask: Ask) -> None:
    picture = opened(BEE)
    marked = picture.copy()
    marked.paste((255, 255, 255), (1180, 970, 1220, 985))
    answers = ask({"a.jpg": jpeg(picture, 90)}, {"b.jpg": jpeg(marked, 95)})
    assert reasons(answers) == {"a.jpg": "only where something in it differs"}


def test_an_animation_is_covered_by_the_same_file_alone(ask: Ask) -> None:
    frames = [
        opened(COFFEE).resize((300, 200)).quantize(),
        opened(BEE).resize((300, 200)).quantize(),
    ]
    moving, still = io.BytesIO(), io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    frames[0].save(still, "GIF")
    answers = ask({"a.gif": moving.getvalue()}, {"a.gif": still.getvalue()})
    assert reasons(answers) == {"a.gif": "only the first of 2 frames, as GIF, which may be poorer"}
    answers = ask({}, {"b.gif": moving.getvalue()})
    assert answers["a.gif"].covered


def test_another_photo_covers_nothing_and_one_alone_has_nothing_alike(ask: Ask) -> None:
    shots = [SAMPLES / f"phone/2019-07/IMG_20190720_09304{n}.jpg" for n in (4, 8)]
    old = {"shot.jpg": shots[0].read_bytes(), "alone.jpg": OTHERS[0].read_bytes()}
    answers = ask(old, {"a.jpg": shots[1].read_bytes(), "b.jpg": COFFEE.read_bytes()})
    assert reasons(answers) == {
        "alone.jpg": NOTHING,
        "shot.jpg": "only another shot of the moment",
    }


def test_without_thumbnails_it_is_said_that_photos_were_not_compared(ask: Ask) -> None:
    picture = opened(BEE)
    old = {"a.jpg": jpeg(picture, 80), "b.jpg": COFFEE.read_bytes()}
    library = {"a.jpg": jpeg(picture, 92), "b.jpg": COFFEE.read_bytes()}
    answers = ask(old, library, thumbnails=False)
    assert answers["b.jpg"].covered
    assert reasons(answers)["a.jpg"] in (NOT_COMPARED, "only look-alike")


# --- what is on the disk now


def test_a_file_that_went_or_changed_since_the_scan_covers_nothing(
    ask: Ask, tree: Path, index: Path
) -> None:
    files = {"a.jpg": COFFEE.read_bytes(), "b.jpg": BEE.read_bytes()}
    assert all(each.covered for each in ask(files, files).values())
    (tree / "library/a.jpg").unlink()
    os.utime(tree / "library/b.jpg")
    why = "only in a file that changed or went since the scan"
    assert reasons(again(tree, index)) == {"a.jpg": why, "b.jpg": why}


def test_a_second_copy_covers_where_the_first_went(ask: Ask, tree: Path, index: Path) -> None:
    data = COFFEE.read_bytes()
    ask({"a.jpg": data}, {"a.jpg": data, "b.jpg": data})
    (tree / "library/a.jpg").unlink()
    answer = again(tree, index)["a.jpg"]
    assert answer.covered
    assert answer.by is not None
    assert answer.by.path == tree / "library/b.jpg"


def test_hard_links_do_not_cover_each_other_whether_made_before_the_scan_or_after(
    ask: Ask, tree: Path, index: Path
) -> None:
    data = COFFEE.read_bytes()
    for folder in ("old", "library"):
        (tree / folder).mkdir()
    (tree / "old/a.jpg").write_bytes(data)
    os.link(tree / "old/a.jpg", tree / "library/a.jpg")
    answers = ask({"b.jpg": BEE.read_bytes()}, {"b.jpg": BEE.read_bytes()})
    assert reasons(answers) == {"a.jpg": "only the same file under another name", "b.jpg": ""}
    for folder in ("old", "library"):
        os.utime(tree / folder / "b.jpg", ns=(10**18, 10**18))
    update_index([tree], index=index, workers=0)
    assert again(tree, index)["b.jpg"].covered
    (tree / "library/b.jpg").unlink()
    os.link(tree / "old/b.jpg", tree / "library/b.jpg")
    assert set(reasons(again(tree, index)).values()) == {"only the same file under another name"}
    # a copy of its own, beside the link
    shutil.copy2(tree / "old/b.jpg", tree / "library/c.jpg")
    update_index([tree / "library"], index=index, workers=0)
    assert again(tree, index)["b.jpg"].covered


def test_a_folder_that_is_a_link_to_the_other_covers_nothing(
    ask: Ask, tree: Path, index: Path
) -> None:
    data = COFFEE.read_bytes()
    ask({"in/a.jpg": data}, {"in/a.jpg": data})
    shutil.copystat(tree / "library/in/a.jpg", tree / "old/in/a.jpg")
    update_index([tree / "old"], index=index, workers=0)
    shutil.rmtree(tree / "library/in")
    (tree / "library/in").symlink_to(tree / "old/in")
    assert not again(tree, index)["in/a.jpg"].covered


def test_what_no_scan_could_read_or_knows_is_not_covered_and_other_files_are_counted(
    ask: Ask, tree: Path, index: Path
) -> None:
    data = COFFEE.read_bytes()
    old = {"a.jpg": data, "broken.jpg": data[:5000], "notes.txt": b"no photo", "b.jpg": data}
    ask(old, {"a.jpg": data})
    (tree / "old/new.jpg").write_bytes(data)
    (tree / "old/new.txt").write_text("no photo")
    os.utime(tree / "old/b.jpg")
    found = covered(tree / "old", tree / "library", index=index)
    told = {each.path.name: each.reason for each in found.answers}
    assert told.pop("broken.jpg").startswith("is broken")
    assert told == {
        "a.jpg": "",
        "b.jpg": "changed since the scan; scan again",
        "new.jpg": "is not known; scan again",
    }
    assert found.others == 2
    (tree / "old/a.jpg").unlink()
    assert reasons(again(tree, index))["a.jpg"] == "went since the scan; scan again"


def test_what_the_scan_was_told_to_leave_out_is_another_file_and_no_surprise(
    ask: Ask, tree: Path, index: Path
) -> None:
    data = COFFEE.read_bytes()
    old = {"a.jpg": data, "b.png": data, "raw/c.jpg": BEE.read_bytes()}
    ask(old, {"a.jpg": data}, exclude=["*.png", "raw/"])
    found = covered(tree / "old", tree / "library", index=index)
    assert [(each.path.name, each.covered) for each in found.answers] == [("a.jpg", True)]
    assert found.others == 2


# --- what is refused


def test_folders_within_each_other_are_refused_with_a_sentence(
    ask: Ask, tree: Path, index: Path
) -> None:
    data = COFFEE.read_bytes()
    ask({"in/a.jpg": data}, {"a.jpg": data})
    for old, by, words in (
        ("old", "old", "cannot cover itself"),
        ("old", "old/in", "would go where that goes"),
        ("old/in", "old", "would cover themselves"),
    ):
        with pytest.raises(UsageError, match=words):
            covered(tree / old, [tree / "library", tree / by], index=index)
    (tree / "link").symlink_to(tree / "old")
    with pytest.raises(UsageError, match="cannot cover itself"):
        covered(tree / "old", tree / "link", index=index)
    with pytest.raises(UsageError, match="nothing to look in"):
        covered(tree / "old", [], index=index)


def test_folders_without_a_known_photo_are_refused_and_never_all_covered(
    ask: Ask, tree: Path, index: Path
) -> None:
    data = COFFEE.read_bytes()
    ask({"a.jpg": data}, {"a.jpg": data})
    (tree / "old/empty").mkdir()
    with pytest.raises(UsageError, match=r"no photo below .* is known"):
        covered(tree / "old/empty", tree / "library", index=index)
    with pytest.raises(RootMissing, match="is not there"):
        covered(tree / "old/none", tree / "library", index=index)
    with pytest.raises(UsageError, match=r"no photo below .* is known"):
        covered(tree / "old", tree / "library/none", index=index)
    with pytest.raises(IndexProblem, match="was not scanned yet"):
        covered(tree / "old", tree / "elsewhere", index=index)


def test_a_folder_that_is_gone_covers_nothing_and_is_missed_by_name(
    ask: Ask, tree: Path, index: Path
) -> None:
    data = COFFEE.read_bytes()
    ask({"a.jpg": data}, {"a.jpg": data})
    (tree / "library").rename(tree / "unplugged")
    with pytest.raises(RootMissing, match="library is not there"):
        again(tree, index)
    (tree / "old").rename(tree / "elsewhere")
    (tree / "unplugged").rename(tree / "library")
    with pytest.raises(RootMissing, match="old is not there"):
        again(tree, index)


def test_the_answer_is_the_same_when_asked_again_and_leaves_every_file_as_it_was(
    ask: Ask, tree: Path, index: Path
) -> None:
    from trees import read_tree

    picture = opened(BEE)
    old = {"a.jpg": jpeg(picture, 70), "b.jpg": COFFEE.read_bytes()}
    first = ask(old, {"a.jpg": jpeg(picture, 92)})
    before = read_tree(tree)
    assert again(tree, index) == first
    assert read_tree(tree) == before
