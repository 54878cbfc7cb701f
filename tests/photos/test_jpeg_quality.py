"""A quantisation table tells the quality that made it."""

from io import BytesIO
from time import process_time

import pytest
from PIL import Image

from dedupe.photos.jpeg_quality import _nearest, estimate_quality


def tables(quality: int, **how: object) -> dict[int, list[int]]:
    file = BytesIO()
    Image.new(str(how.pop("mode", "RGB")), (16, 16)).save(file, "JPEG", quality=quality, **how)
    with Image.open(file) as image:
        return image.quantization  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("quality", range(1, 101))
def test_what_libjpeg_wrote_is_known_exactly(quality: int) -> None:
    assert estimate_quality(tables(quality)) == quality
    assert estimate_quality(tables(quality, mode="L")) == quality
    assert estimate_quality(tables(quality, progressive=True, subsampling=0)) == quality


@pytest.mark.parametrize("quality", range(2, 98))
def test_a_table_that_nobody_else_has_gets_the_nearest_quality(quality: int) -> None:
    """Every step one off: less than what lies between two qualities."""
    steps = [min(step + 1, 255) if place % 2 else max(step - 1, 1)
             for place, step in enumerate(tables(quality)[0])]  # fmt: skip
    found = estimate_quality({0: steps})
    assert found is not None
    assert abs(found - quality) <= 1


def test_a_finer_table_never_gets_a_lower_quality() -> None:
    base = tables(50)[0]
    found = [
        estimate_quality({0: [max(1, round(step * scale / 100)) for step in base]})
        for scale in range(1, 1200, 7)
    ]
    assert found == sorted(found, key=lambda each: -(each or 0))
    assert found[0] == 100


def test_steps_beyond_8_bits_are_the_lowest_quality() -> None:
    assert estimate_quality({0: [30_000] * 64}) == 1


def test_the_table_of_luminance_is_asked() -> None:
    luma, chroma = tables(80)[0], tables(20)[0]
    assert estimate_quality({1: chroma, 0: luma}) == 80
    assert estimate_quality({1: luma}) == 80
    assert estimate_quality({3: chroma, 2: luma}) == 80


@pytest.mark.parametrize("nothing", [{}, {0: []}, {0: [1, 2, 3]}])
def test_what_is_no_table_has_no_quality(nothing: dict[int, list[int]]) -> None:
    assert estimate_quality(nothing) is None


def test_a_table_is_compared_once() -> None:
    odd = [7] * 64
    estimate_quality({0: odd})
    before = _nearest.cache_info()
    start = process_time()
    for _ in range(1000):
        estimate_quality({0: odd})
    assert (process_time() - start) / 1000 < 0.0002
    after = _nearest.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (1000, 0)
