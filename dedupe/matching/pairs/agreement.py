"""How far two pictures that lie on each other agree: in texture, in colour, beneath text."""

from dataclasses import dataclass

import numpy as np

from dedupe.matching.pairs.colour_map import STEP, channels, colours_of, unexplained
from dedupe.matching.pairs.laid_over import beneath
from dedupe.matching.pairs.overlap import Bytes, Mask, Overlap, Windows
from dedupe.matching.pairs.recoloured import recoloured

_EASY = 0.02  # share that one direction may leave unexplained for the other not to be tried
_CELL = 8  # pixels of a side of what is one colour, for the tone
_ALL_OVER = 0.97  # share from which on nothing lies over a picture


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two aligned pictures have in common where they overlap.

    Attributes:
        texture: share of the overlap that has any texture to compare.
        share: share of the textured windows of 15 pixels that correlate by more than 0.7.
        colour: share of the overlap whose colour one smooth map of colours explains.
        beneath: as `share`, of what the map of colours explains alone, where something may
            have been laid over the same picture; 0 where it cannot (laid_over.py).
        tone: mean difference of the colours, 0 to 1, beside what was laid over: how much was
            toned.
        chroma: mean colourfulness of the first and of the second, 0 (grey) to 1.
        recoloured: share of the overlap where one thing has another colour while all else has the
            same (recoloured.py); 0 where there is none.
    """

    texture: float
    share: float
    colour: float
    beneath: float
    tone: float
    chroma: tuple[float, float]
    recoloured: float = 0.0


def agreement(overlap: Overlap, seen: Windows) -> Agreement:
    """Compare two pictures that lie on each other.

    Args:
        overlap: what `lay` gave.
        seen: what `windows` gave of it.

    The map of colours is ours: each channel by the other's three, their squares and two
    products, its brightness varying slowly over the picture (a vignette); fitted with weights
    that fall with the error, so that what lies over the picture does not count. It must
    explain one picture by the other, whichever way is easier: grey can be had from colours,
    and not the other way round.
    """
    mask = overlap.mask
    share = seen.share
    colours = colours_of(overlap.left, overlap.right, mask)
    count = max(1, colours.left.shape[1])
    over = wrong = unexplained(colours)
    covered = share <= _ALL_OVER  # what agrees all over has nothing laid over it
    if covered or np.count_nonzero(wrong) > _EASY * count:
        other = unexplained(colours, back=True)
        # white letters on a white wall can be had from the letters, and not from the wall
        over = wrong | other
        wrong = min(wrong, other, key=np.count_nonzero)
    few = slice(None, None, 2 * STEP)
    chroma = [
        _chroma(channels(each[few, few], mask[few, few])) for each in (overlap.left, overlap.right)
    ]
    rest = beneath(overlap, seen, over) if covered else None
    return Agreement(
        texture=seen.texture(mask),
        share=share,
        colour=1 - np.count_nonzero(wrong) / count,
        beneath=(rest.share if rest else 0.0) if covered else share,
        tone=_tone(overlap, rest.clear if rest else mask),  # a stamp is no other tone
        chroma=(chroma[1], chroma[0]) if overlap.scale > 1 else (chroma[0], chroma[1]),
        recoloured=recoloured(overlap, seen),
    )


def _tone(overlap: Overlap, clear: Mask) -> float:
    """Mean difference of the colours of 8 x 8 pixels: a sharper picture is no other tone."""
    import cv2

    height, width = clear.shape
    cells = max(1, width // _CELL), max(1, height // _CELL)
    weight = cv2.resize(clear.astype(np.float32), cells, interpolation=cv2.INTER_AREA)
    whole = weight > 0.5
    if not whole.any():
        return 0.0
    left, right = (
        cv2.resize(
            cv2.bitwise_and(each, each, mask=clear.astype(np.uint8)),
            cells,
            interpolation=cv2.INTER_AREA,
        )[whole].astype(np.float32)
        for each in (overlap.left, overlap.right)
    )
    return float((np.abs(left - right) / weight[whole][:, None]).mean() / 255)


def _chroma(pixels: Bytes) -> float:
    """Mean difference of the largest and the smallest of (3, N) channels, 0 to 1."""
    if not pixels.size:
        return 0.0
    red, green, blue = pixels
    most, least = (pick(pick(red, green), blue) for pick in (np.maximum, np.minimum))
    return float((most - least).mean() / 255)
