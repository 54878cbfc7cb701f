"""What saving and resizing leave in pixels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from dedupe.photos.jpeg_quality import luminance_steps
from dedupe.photos.photo import Skip
from dedupe.photos.read import photo_file, read_luminance
from dedupe.photos.sharpness import read_sharpness
from dedupe.photos.traces import (
    Traces,
    cliff,
    enlarged_again,
    read_enlarged,
    read_traces,
    share_within_steps,
    steps_left,
)

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
PHOTO = SAMPLES / "phone/2019-07/IMG_20190720_093044.jpg"


def traces(path: Path) -> Traces:
    found = read_traces(photo_file(path))
    assert isinstance(found, Traces)
    return found


def test_samples_lie_on_the_grid_of_blocks_and_come_from_all_over_the_photo() -> None:
    found = traces(PHOTO)
    with Image.open(PHOTO) as image:
        image.draft("L", image.size)
        bright = np.asarray(image)
    assert found.tiles.shape[1:] == (128, 128)
    assert 9 <= len(found.tiles) <= 25
    places = {
        (x, y)
        for x in range(0, bright.shape[1] - 127, 8)
        for y in range(0, bright.shape[0] - 127, 8)
        for tile in found.tiles
        if (bright[y : y + 128, x : x + 128] == tile).all()
    }
    assert len(places) == len(found.tiles)
    assert len(found.steps) == 64


def test_a_jpeg_that_is_turned_by_its_header_has_its_steps_turned_with_it(tmp_path: Path) -> None:
    with Image.open(PHOTO) as image:
        whole = image.convert("RGB").crop((0, 0, 640, 480))
    whole.save(tmp_path / "plain.jpg", quality=60)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole.save(tmp_path / "turned.jpg", quality=60, exif=exif)
    plain, turned = traces(tmp_path / "plain.jpg"), traces(tmp_path / "turned.jpg")
    steps = np.array(plain.steps).reshape(8, 8)
    assert (np.array(turned.steps).reshape(8, 8) == steps.T).all()
    # the upright picture, saved without loss, still shows them
    with Image.open(tmp_path / "turned.jpg") as image:
        ImageOps.exif_transpose(image).save(tmp_path / "upright.png")
    left = steps_left(traces(tmp_path / "upright.png"), turned.steps)
    assert left is not None
    assert left > 0.5


def test_where_a_turn_moved_the_blocks_no_steps_are_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    with Image.open(PHOTO) as image:
        image.convert("RGB").crop((0, 0, 643, 480)).save(tmp_path / "odd.jpg", exif=exif)
    assert traces(tmp_path / "odd.jpg").steps == ()


def test_no_table_of_64_steps_is_no_steps() -> None:
    assert luminance_steps({}) == ()
    assert luminance_steps({0: [1, 2, 3]}) == ()


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("small.png", lambda path: Image.new("RGB", (127, 500)).save(path)),
        ("broken.jpg", lambda path: path.write_bytes(PHOTO.read_bytes()[:2000])),
        ("text.jpg", lambda path: path.write_text("no photo")),
    ],
)
def test_what_cannot_be_sampled_says_why(name: str, make: object, tmp_path: Path) -> None:
    make(tmp_path / name)  # type: ignore[operator]
    file = photo_file(tmp_path / name)
    assert isinstance(read_traces(file), Skip)
    (tmp_path / name).unlink()
    assert isinstance(read_luminance(file), Skip)
    assert read_sharpness(file) is None


def test_an_empty_picture_proves_nothing(tmp_path: Path) -> None:
    Image.new("RGB", (600, 400), "grey").save(tmp_path / "grey.jpg", quality=70)
    Image.new("RGB", (600, 400), "grey").save(tmp_path / "grey.png")
    jpeg, png = traces(tmp_path / "grey.jpg"), traces(tmp_path / "grey.png")
    assert steps_left(png, jpeg.steps) is None
    assert share_within_steps(png, jpeg) is None
    assert share_within_steps(jpeg, png) is None
    assert cliff(png, 0.5) == 0


@pytest.mark.parametrize("scale", [0.95, 1.0, 0.05])
def test_sizes_too_near_or_too_far_tell_nothing(scale: float) -> None:
    assert cliff(traces(PHOTO), scale) is None


def test_an_enlarged_photo_is_no_sharper(tmp_path: Path) -> None:
    with Image.open(PHOTO) as image:
        half = image.convert("RGB").resize((640, 480))
    half.save(tmp_path / "half.png")
    half.resize((1280, 960)).save(tmp_path / "enlarged.png")
    whole, small, enlarged = (
        read_sharpness(photo_file(path))
        for path in (PHOTO, tmp_path / "half.png", tmp_path / "enlarged.png")
    )
    assert whole is not None
    assert small is not None
    assert enlarged is not None
    assert whole > small
    assert whole > enlarged


def again(small: Path, large: Path) -> tuple[float, float] | None:
    """How near a photo comes to a larger one when it is enlarged."""
    with Image.open(large) as image:
        size = image.size
    enlarged = read_enlarged(photo_file(small), size)
    assert not isinstance(enlarged, Skip)
    return enlarged_again(traces(large), enlarged)


@pytest.fixture
def soft(tmp_path: Path) -> Path:
    """A photo that is out of focus: nothing in it is finer than 3 pixels."""
    with Image.open(PHOTO) as image:
        image.convert("RGB").filter(ImageFilter.GaussianBlur(1.5)).save(
            tmp_path / "soft.jpg", quality=90
        )
    return tmp_path / "soft.jpg"


def test_samples_are_enlarged_as_the_whole_picture_would_be(soft: Path, tmp_path: Path) -> None:
    enlarged = read_enlarged(photo_file(soft), (1920, 1440))
    assert not isinstance(enlarged, Skip)
    with Image.open(soft) as image:
        image.draft("L", image.size)
        image.resize((1920, 1440), Image.Resampling.LANCZOS).save(tmp_path / "whole.png")
    whole = traces(tmp_path / "whole.png").tiles
    assert enlarged[0].shape == whole.shape
    # where a half is rounded differs by place: 1 in each direction
    off = np.abs(enlarged[0].astype(int) - whole)
    assert off.max() <= 2
    assert off.mean() < 0.01


@pytest.mark.parametrize("kernel", ["LANCZOS", "BICUBIC", "BILINEAR"])
@pytest.mark.parametrize(("scale", "quality"), [(1.4, 85), (1.75, 92)])
def test_a_copy_that_was_enlarged_is_what_its_source_gives_again(
    soft: Path, tmp_path: Path, kernel: str, scale: float, quality: int
) -> None:
    with Image.open(soft) as image:
        size = round(image.width * scale), round(image.height * scale)
        image.resize(size, Image.Resampling[kernel]).save(tmp_path / "large.jpg", quality=quality)
    found = again(soft, tmp_path / "large.jpg")
    assert found is not None
    assert found[0] > 0.97
    assert found[1] < 0.03


@pytest.mark.parametrize("scale", [0.9, 0.75])
def test_a_shrunk_copy_of_a_soft_photo_gives_it_again_but_still_shows_its_steps(
    soft: Path, tmp_path: Path, scale: float
) -> None:
    with Image.open(soft) as image:
        size = round(image.width * scale), round(image.height * scale)
        image.resize(size, Image.Resampling.LANCZOS).save(tmp_path / "small.png")
    found = again(tmp_path / "small.png", soft)
    assert found is not None
    assert found[0] > 0.97
    assert found[1] > 0.1


@pytest.mark.parametrize("scale", [0.75, 0.5])
@pytest.mark.parametrize("kernel", ["NEAREST", "BOX", "LANCZOS"])
def test_a_shrunk_copy_of_a_sharp_photo_does_not_give_it_again(
    tmp_path: Path, kernel: str, scale: float
) -> None:
    with Image.open(PHOTO) as image:
        size = round(image.width * scale), round(image.height * scale)
        image.resize(size, Image.Resampling[kernel]).save(tmp_path / "small.png")
    found = again(tmp_path / "small.png", PHOTO)
    assert found is None or found[0] < 0.8


def test_of_a_picture_without_steps_nobody_can_show_any(soft: Path, tmp_path: Path) -> None:
    with Image.open(soft) as image:
        image.resize((1600, 1200)).save(tmp_path / "large.png")
    found = again(soft, tmp_path / "large.png")
    assert found is not None
    assert found[0] > 0.985
    assert found[1] is None


def test_an_empty_picture_is_not_told_to_be_enlarged(soft: Path, tmp_path: Path) -> None:
    Image.new("RGB", (1600, 1200), "grey").save(tmp_path / "grey.jpg", quality=70)
    Image.new("RGB", (1000, 750), "grey").save(tmp_path / "small.jpg", quality=70)
    assert again(tmp_path / "small.jpg", tmp_path / "grey.jpg") is None


def test_what_cannot_be_enlarged_says_why(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photo")
    assert isinstance(read_enlarged(photo_file(tmp_path / "text.jpg"), (1000, 1000)), Skip)
