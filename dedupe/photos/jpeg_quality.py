"""How strongly a JPEG was compressed, by its quantisation table."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from operator import mul

# ITU-T T.81 (1992), Annex K, table K.1: luminance, row by row.
_LUMA = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)


def estimate_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """Quality 1 to 100 as the IJG library counts, by the luminance table.

    Exact for a file that libjpeg, libjpeg-turbo or Pillow wrote. The tables of cameras and
    of Photoshop follow other curves: they get the quality whose table is nearest to
    theirs (least squares over the 64 steps).

    Args:
        tables: as Pillow's `image.quantization` gives them: number of the table to its 64
            steps, row by row.

    Returns:
        The quality, or None where there is no table of 64 steps.

    The table of each quality after jcparam.c of the Independent JPEG Group
    (jpeg_quality_scaling, jpeg_add_quant_table). ImageMagick (coders/jpeg.c) compares sums
    of the steps; whole tables tell more of those that no IJG quality has.
    """
    if not tables:
        return None
    # number 0 is that of luminance in every file of libjpeg and of every camera seen
    steps = tuple(tables[0 if 0 in tables else min(tables)])
    return _nearest(steps) if len(steps) == len(_LUMA) else None


def luminance_steps(tables: Mapping[int, Sequence[int]], turn: int = 1) -> tuple[int, ...]:
    """The 64 steps of a JPEG's luminance, row by row, in the picture once it is upright.

    Args:
        tables: as for `estimate_quality`.
        turn: the EXIF orientation, 1 to 8; from 5 on rows become columns.

    Returns:
        The steps, or () where there is no table of 64.
    """
    steps = tuple(tables.get(0, ()))
    if len(steps) != len(_LUMA):
        return ()
    return steps if turn < 5 else tuple(steps[8 * row + of] for of in range(8) for row in range(8))


@lru_cache(maxsize=256)  # a folder holds as many tables as cameras and programs wrote to it
def _nearest(steps: tuple[int, ...]) -> int:
    exact = _qualities().get(steps)
    if exact is not None:
        return exact[0]
    # |steps - table|² without |steps|², which is the same for all
    return min(
        (square - 2 * sum(map(mul, table, steps)), quality)
        for table, (quality, square) in _qualities().items()
    )[1]


@cache
def _qualities() -> dict[tuple[int, ...], tuple[int, int]]:
    """The luminance table of each quality, to that quality and the sum of its steps squared.

    No two tables are equal, though that of 1 is 255 throughout.
    """
    found = {}
    for quality in range(1, 101):
        percent = 5000 // quality if quality < 50 else 200 - 2 * quality
        # force_baseline: 8 bits hold a step
        table = tuple(min(max((step * percent + 50) // 100, 1), 255) for step in _LUMA)
        found[table] = quality, sum(map(mul, table, table))
    return found
