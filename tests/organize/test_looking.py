"""Copies that only their pixels give away: none of these photos says where it comes from."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from blake3 import blake3
from PIL import ExifTags, Image, ImageChops, ImageFilter

from dedupe.organize.keep import looking
from dedupe.organize.keep.looking import look
from dedupe.organize.keep.ranking import choose, rank, why
from dedupe.photos.jpeg_quality import estimate_quality
from dedupe.photos.photo import Photo
from dedupe.photos.read import photo_file

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
SHARP = SAMPLES / "phone/2019-07/IMG_20190720_093044.jpg"
SOFT = SAMPLES / "phone/2019-11/IMG_20191103_161207.jpg"
FINE = Image.Resampling.LANCZOS


def photo_of(path: Path, **known: object) -> Photo:
    """A photo of a real file, with nothing in its header but what is given."""
    with Image.open(path) as image:
        quality = estimate_quality(image.quantization) if image.format == "JPEG" else None  # type: ignore[attr-defined]
        facts = {"width": image.width, "height": image.height, "format": image.format}
    content = blake3(path.read_bytes()).digest()
    return Photo(
        file=photo_file(path),
        content=content,
        jpeg_quality=quality,
        **{**facts, **known},  # type: ignore[arg-type]
    )


@pytest.fixture
def original(tmp_path: Path) -> Photo:
    """A photo of quality 85, as it came from a camera that wrote no header."""
    path = tmp_path / "m.jpg"
    with Image.open(SHARP) as image:
        # a smaller one, so that it is compressed for the first time
        small = image.convert("RGB").resize((800, 800 * image.height // image.width), FINE)
    small.save(path, quality=85)
    return photo_of(path)


def copied(original: Photo, name: str, scale: float = 1.0, **how: object) -> Photo:
    """A copy beside it."""
    path = original.path.with_name(name)
    with Image.open(original.path) as image:
        size = round(image.width * scale), round(image.height * scale)
        (image if scale == 1 else image.resize(size, FINE)).save(path, **how)  # type: ignore[arg-type]
    return photo_of(path)


def words_of(copies: dict[Photo, str]) -> dict[str, str]:
    return {photo.path.name: words for photo, words in copies.items()}


def shrunk(source: Path, path: Path, quality: int) -> Photo:
    """A small photo of its own."""
    with Image.open(source) as image:
        small = image.convert("RGB").resize((800, 800 * image.height // image.width), FINE)
    small.save(path, quality=quality)
    return photo_of(path)


def seen(*photos: Photo) -> dict[str, str]:
    return words_of(dict(look([photos], ["original"]).copies))


@pytest.mark.parametrize("scale", [1.5, 1.75, 2.0])
def test_an_enlarged_copy_has_the_most_pixels_and_is_not_kept(
    original: Photo, scale: float
) -> None:
    large = copied(original, "a.jpg", scale, quality=92)
    assert rank([original, large])[0] == large
    assert choose([[original, large]]) == original
    said = f"is enlarged from {original.width} × {original.height}"
    assert seen(original, large) == {"a.jpg": said}


@pytest.mark.parametrize("quality", [90, 95, 100])
def test_a_copy_saved_again_at_a_higher_quality_is_larger_and_is_not_kept(
    original: Photo, quality: int
) -> None:
    again = copied(original, "a.jpg", quality=quality)
    assert again.file.size > original.file.size
    assert choose([[original, again]]) == original
    assert seen(original, again) == {"a.jpg": "was saved again from quality 85"}


@pytest.mark.parametrize(("first", "again"), [(97, 98), (96, 97), (92, 93)])
def test_steps_that_are_nearly_alike_do_not_make_the_original_a_copy(
    tmp_path: Path, first: int, again: int
) -> None:
    """Each of the two could have been saved from the other, by where its numbers lie."""
    original = shrunk(SOFT, tmp_path / "m.jpg", quality=first)
    found = seen(original, copied(original, "a.jpg", quality=again))
    assert original.path.name not in found


@pytest.mark.parametrize(("first", "again"), [(95, 85), (90, 75), (97, 90), (100, 95)])
def test_a_copy_saved_again_with_much_coarser_steps_is_known(
    tmp_path: Path, first: int, again: int
) -> None:
    original = shrunk(SHARP, tmp_path / "m.jpg", quality=first)
    coarser = copied(original, "a.jpg", quality=again)
    assert seen(original, coarser) == {"a.jpg": f"was saved again at quality {again}"}


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
def test_what_was_made_from_a_jpeg_without_loss_is_not_kept(original: Photo, form: str) -> None:
    exported = copied(original, f"a.{form.lower()}")
    assert choose([[original, exported]]) == original
    assert seen(original, exported) == {exported.path.name: f"is a {form} made from a JPEG"}


@pytest.mark.parametrize("quality", [40, 60, 75])
def test_a_jpeg_made_from_a_png_is_not_kept_though_jpeg_is_what_cameras_write(
    original: Photo, quality: int
) -> None:
    with Image.open(original.path) as image:
        image.resize((640, 480), FINE).save(original.path.with_name("z.png"))
    drawn = photo_of(original.path.with_name("z.png"))
    sent = copied(drawn, "a.jpg", quality=quality)
    assert choose([[drawn, sent]]) == drawn
    assert seen(drawn, sent) == {"a.jpg": f"was saved again at quality {quality}"}


def headed(photo: Photo, name: str, said: tuple[int, int], **how: object) -> Photo:
    """A copy of the same pixels whose header says a size."""
    exif = Image.Exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ExifImageWidth], details[ExifTags.Base.ExifImageHeight] = said
    with Image.open(photo.path) as image:
        image.save(photo.path.with_name(name), exif=exif, **{"quality": 90, **how})  # type: ignore[arg-type]
    return photo_of(photo.path.with_name(name))


def redrawn(original: Photo, scale: float = 1.6) -> Photo:
    """An enlarged copy of which no pixel tells: sharpened, and with grain of its own."""
    with Image.open(original.path) as image:
        size = round(image.width * scale), round(image.height * scale)
        large = image.resize(size, FINE).filter(ImageFilter.UnsharpMask(3, 150, 0))
    grain = Image.effect_noise(size, 12).convert("RGB")
    ImageChops.add(large, grain, 1, -128).save(original.path.with_name("redrawn.png"))
    return photo_of(original.path.with_name("redrawn.png"))


@pytest.fixture
def soft(tmp_path: Path) -> Photo:
    """A photo that is out of focus, of quality 98: no step of it is left in an enlarged copy."""
    path = tmp_path / "m.jpg"
    with Image.open(SHARP) as image:
        image.convert("RGB").filter(ImageFilter.GaussianBlur(1)).save(path, quality=98)
    return photo_of(path)


@pytest.mark.parametrize("kernel", [FINE, Image.Resampling.BICUBIC])
def test_an_enlarged_copy_of_a_soft_photo_is_known_as_it_comes_out_again(
    soft: Photo, kernel: Image.Resampling
) -> None:
    with Image.open(soft.path) as image:
        size = round(image.width * 1.6), round(image.height * 1.6)
        image.resize(size, kernel).save(soft.path.with_name("a.jpg"), quality=90)
    large = photo_of(soft.path.with_name("a.jpg"))
    assert seen(soft, large) == {"a.jpg": f"is enlarged from {soft.width} × {soft.height}"}
    assert choose([[soft, large]]) == soft


@pytest.mark.parametrize("scale", [0.5, 0.62, 0.75])
@pytest.mark.parametrize("quality", [90, 100])
@pytest.mark.parametrize("kernel", [FINE, Image.Resampling.BOX])
def test_a_photo_that_its_camera_enlarged_is_no_copy_of_what_is_shrunk_from_it(
    tmp_path: Path, scale: float, quality: int, kernel: Image.Resampling
) -> None:
    path = tmp_path / "m.jpg"
    with Image.open(SHARP) as image:
        size = image.width * 3 // 2, image.height * 3 // 2
        image.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(path, quality=92)
    zoomed = photo_of(path)
    with Image.open(path) as image:
        size = round(image.width * scale), round(image.height * scale)
        image.resize(size, kernel).save(path.with_name("a.jpg"), quality=quality)
    assert "m.jpg" not in seen(zoomed, photo_of(path.with_name("a.jpg")))


def test_a_header_that_still_says_the_size_of_its_source_gives_an_enlarged_copy_away(
    original: Photo,
) -> None:
    large = redrawn(original)
    kept = headed(large, "a.jpg", (original.width, original.height))
    updated = headed(large, "b.jpg", (large.width, large.height))
    assert seen(original, updated) == {}
    assert seen(original, kept) == {
        "a.jpg": f"is enlarged from {original.width} × {original.height}"
    }
    assert choose([[original, kept]]) == original


def test_a_header_may_say_a_size_as_it_lies_in_the_file_or_upright(original: Photo) -> None:
    turned = headed(redrawn(original), "a.jpg", (original.height, original.width))
    assert set(seen(original, turned)) == {"a.jpg"}


def test_a_header_that_still_says_the_size_of_its_source_gives_a_shrunk_copy_away(
    original: Photo,
) -> None:
    small = copied(original, "b.jpg", 0.7, quality=95)
    kept = headed(small, "a.jpg", (original.width, original.height), quality=95)
    assert seen(original, small) == {}
    assert seen(original, kept) == {"a.jpg": f"is shrunk from {original.width} × {original.height}"}


@pytest.mark.parametrize("said", [(0, 0), (799, 600), (640, 480)])
def test_a_header_that_says_no_size_of_another_photo_proves_nothing(
    original: Photo, said: tuple[int, int]
) -> None:
    assert seen(original, headed(redrawn(original), "a.jpg", said)) == {}


def test_a_photo_developed_from_a_raw_has_a_few_pixels_more_and_is_not_called_enlarged(
    original: Photo,
) -> None:
    developed = headed(redrawn(original, 1.01), "a.jpg", (original.width, original.height))
    assert developed.width > original.width
    assert seen(original, developed) == {}


def test_a_photo_that_got_its_header_from_a_small_copy_is_not_called_enlarged(
    original: Photo,
) -> None:
    small = copied(original, "a.jpg", 0.5, quality=75)
    again = headed(original, "b.jpg", (small.width, small.height), quality="keep")
    assert seen(original, small) == {"a.jpg": "is shrunk from 800 × 600"}
    assert seen(again, small) == {}


@pytest.mark.parametrize(("scale", "quality"), [(0.5, 80), (0.4, 92)])
def test_a_shrunk_copy_is_not_kept_though_it_still_knows_its_camera(
    original: Photo, scale: float, quality: int
) -> None:
    small = replace(
        copied(original, "a.jpg", scale, quality=quality),
        camera="Canon",
        taken=datetime(2019, 7, 14),
    )
    assert rank([original, small])[0] == small
    assert choose([[original, small]]) == original
    said = f"is shrunk from {original.width} × {original.height}"
    assert seen(original, small) == {"a.jpg": said}
    why_original = why(original, small, seen=look([[original, small]], ["original"]))
    assert why_original.startswith(f"the other {said}")


def test_the_original_is_found_among_all_its_copies_in_any_order(original: Photo) -> None:
    photos = [
        original,
        copied(original, "a.png"),
        copied(original, "b.jpg", 2.0, quality=95),
        copied(original, "c.jpg", quality=97),
        copied(original, "d.jpg", 0.6, quality=75),
    ]
    found = seen(*photos)
    assert set(found) == {"a.png", "b.jpg", "c.jpg", "d.jpg"}
    for seed in range(5):
        Random(seed).shuffle(photos)
        assert choose([photos]) == original
        assert seen(*photos) == found


def test_a_photo_that_has_all_that_others_lost_is_kept_without_reading_a_file(
    original: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_traces", lambda *_: pytest.fail("a file was read"))
    camera = replace(original, camera="Canon")
    small = copied(original, "a.jpg", 0.5, quality=75)
    same = replace(original, file=replace(original.file, path=Path("/elsewhere.jpg")))
    assert choose([[camera, small, same]]) == camera


def test_what_was_not_looked_at_does_not_win_against_a_copy_that_was(original: Photo) -> None:
    camera = {"camera": "Canon", "taken": datetime(2019, 7, 14)}
    mine = replace(original, **camera)
    large = replace(copied(original, "a.jpg", 2.0, quality=92), **camera)
    chat = copied(original, "b.jpg", quality=60)
    assert seen(mine, large, chat)["b.jpg"] == ""
    assert choose([[mine, large, chat]]) == mine


def test_proofs_that_contradict_each_other_prove_nothing(
    original: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = copied(original, "a.jpg", 2.0)
    both = [(original, large, "is a copy"), (large, original, "is a copy")]
    monkeypatch.setattr(looking, "_proofs", lambda *_: iter(both))
    assert seen(original, large) == {}


def test_photos_of_which_the_files_are_gone_are_judged_by_what_is_known(original: Photo) -> None:
    large = copied(original, "a.jpg", 2.0)
    large.path.unlink()
    original.path.unlink()
    assert seen(original, large) == {}
    assert choose([[original, large]]) == large


def test_a_file_that_changed_since_the_scan_proves_nothing(original: Photo) -> None:
    large = copied(original, "a.jpg", 2.0)
    large.path.write_bytes(b"another")
    assert seen(original, large) == {}


def test_different_pictures_are_not_compared(original: Photo) -> None:
    large = copied(original, "a.jpg", 2.0)
    assert look([[original], [large]], ["original"]).copies == {}
    assert look([[original, large]], ["resolution"]).copies == {}


def test_a_crop_is_not_called_shrunk(original: Photo) -> None:
    with Image.open(original.path) as image:
        image.crop((0, 0, 400, 400)).save(original.path.with_name("a.jpg"))
    assert seen(original, photo_of(original.path.with_name("a.jpg"))) == {}


def test_a_brightened_copy_of_higher_quality_does_not_make_its_original_a_copy(
    original: Photo,
) -> None:
    with Image.open(original.path) as image:
        bright = image.point([min(255, round(value * 1.15 + 4)) for value in range(256)] * 3)
    bright.save(original.path.with_name("a.jpg"), quality=97)
    found = seen(original, photo_of(original.path.with_name("a.jpg")))
    assert original.path.name not in found
