"""What saving and resizing leave in a picture: the steps of a JPEG, the end of its detail.

Nothing here compares what pictures show; it is for photos that are known to be one picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from dedupe.photos.photo import PhotoFile, Skip
from dedupe.photos.read import read_luminance

_SIDE = 128  # of a sample in pixels: 16 x 16 blocks of a JPEG
_ACROSS = 5  # samples in a row, and rows of them: 25 x 16 kB of a photo are held

# Steps below this are not told from the rounding to whole pixels: half a step of noise.
_FINEST = 3
# A step this much coarser than the picture's own can be told from it; below twice as coarse, the
# first multiple lies where the picture's own first one does, and tells nothing.
_COARSER, _PLAINLY = 1.35, 2.0
# So many numbers that are not 0 are looked at, at least.
_ENOUGH = 500
# And here, so that the mean of their cosines is exact to 0.02.
_PLENTY = 2000
# How programs enlarge. Mixed, they come near to the kernels that are none of them, too.
_KERNELS = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.BILINEAR)
# A weight below this takes blur away: of a shrunk copy it brings back what shrinking took.
_SHARPENS = -0.15
# Steps beside those that are looked for: what falls off steadily shows as much of them.
_BESIDE = (0.87, 1.15)
# Rounding to whole pixels, of both, adds so much to a number, as a rule.
_ROUNDING = 1

Tiles = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Traces:
    """Samples of a photo at full size, and how it was compressed.

    Attributes:
        tiles: (n, 128, 128) uint8, upright, spread evenly, on the grid of 8 x 8 blocks; at the
            same places in every photo of the same size.
        steps: the 64 steps of a JPEG's luminance in the upright picture; () for other formats.
    """

    tiles: Tiles
    steps: tuple[int, ...]


def read_traces(file: PhotoFile, size: tuple[int, int] | None = None) -> Traces | Skip:
    """Read a photo at full size and keep samples of it.

    Memory: the decoded photo, one byte a pixel, while it is read; 400 kB of it are kept.

    Args:
        file: as the scan found it.
        size: width and height in pixels to shrink it to before; what was enlarged from a
            photo is nearly that photo again.

    Returns:
        The traces; or why there are none: it is gone, changed, broken, or below 128 pixels.
    """
    read = read_luminance(file)
    if isinstance(read, Skip):
        return read
    image, steps = read
    if size is not None and size != image.size:
        image, steps = image.resize(size, Image.Resampling.LANCZOS), ()
    if min(image.size) < _SIDE:
        return Skip(file.path, f"is less than {_SIDE} pixels wide or high", False)
    tiles = [np.asarray(image.crop(place)) for place in _places(image.size)]
    return Traces(np.stack(tiles), steps)


def read_enlarged(file: PhotoFile, size: tuple[int, int]) -> tuple[Tiles, ...] | Skip:
    """Read a photo and keep the samples that it would have if it were enlarged.

    No more than these samples is enlarged: they take the pixels around them as the whole
    picture would, so that memory is that of the photo itself.

    Args:
        file: as the scan found it.
        size: width and height in pixels, larger than its own, and at least 128.

    Returns:
        Tiles as `Traces` has them, once for each way to enlarge; or why there are none.
    """
    read = read_luminance(file)
    if isinstance(read, Skip):
        return read
    image, _ = read
    across, down = image.width / size[0], image.height / size[1]
    boxes = [
        (left * across, top * down, min(right * across, image.width), min(low * down, image.height))
        for left, top, right, low in _places(size)
    ]
    return tuple(
        np.stack([np.asarray(image.resize((_SIDE, _SIDE), kernel, box)) for box in boxes])
        for kernel in _KERNELS
    )


def _places(size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Where samples lie in a picture of some size: left, top, right, bottom."""
    lefts, tops = _starts(size[0]), _starts(size[1])
    return [(left, top, left + _SIDE, top + _SIDE) for top in tops for left in lefts]


def _starts(length: int) -> list[int]:
    """Where samples begin along a side, in pixels: multiples of 8, the ends left out."""
    count = min(_ACROSS, length // _SIDE)
    room = length - _SIDE
    return [round(room * (place + 1) / (count + 1)) // 8 * 8 for place in range(count)]


def steps_left(traces: Traces, steps: Sequence[int]) -> float | None:
    """How far a picture still shows the steps of a JPEG that it was saved as before.

    What a JPEG stores of each block are whole multiples of its steps. Saved again with finer
    steps, or without loss, they still are, nearly.

    Args:
        traces: of the picture.
        steps: of the JPEG that it may have been made from, of the same size.

    Returns:
        The mean cosine of where its numbers lie between two multiples: 1 on them, about 0
        anywhere. None where these steps are too fine, or too near to its own, to be told.
    """
    table = np.array(steps, np.float32).reshape(8, 8)
    own = np.array(traces.steps or (1,) * 64, np.float32).reshape(8, 8)
    told = (table >= _FINEST) & (table >= _COARSER * own)
    told[0, 0] = False  # the mean of a block depends on where grey lies
    places = (_blocks(traces.tiles) / table)[:, told]
    # from half a step on: in what falls off steadily, the cosines then sum up to 0, nearly
    places = places[np.abs(places) >= np.where(table < _PLAINLY * own, 1.25, 0.5)[told]]
    return float(np.cos(2 * np.pi * places).mean()) if places.size >= _ENOUGH else None


def share_within_steps(finer: Traces, coarser: Traces) -> float | None:
    """Whether a JPEG can have been made from a picture: no number moved by more than half a step.

    Args:
        finer: of the picture.
        coarser: of the JPEG, of the same size.

    Returns:
        The share of its numbers that moved by no more; None where there are too few, or it is
        no JPEG.
    """
    if not coarser.steps or finer.tiles.shape != coarser.tiles.shape:
        return None
    table = np.array(coarser.steps, np.float32).reshape(8, 8)
    told = table >= _FINEST
    told[0, 0] = False
    before, after = _blocks(finer.tiles), _blocks(coarser.tiles)
    alive = (np.maximum(np.abs(before), np.abs(after)) >= 0.5 * table) & told
    within = np.abs(before - after) <= 0.5 * table + _ROUNDING
    count = int(alive.sum())
    return float(within[alive].mean()) if count >= _ENOUGH else None


def enlarged_again(large: Traces, again: Sequence[Tiles]) -> tuple[float, float | None] | None:
    """How near a smaller picture comes to a larger one when it is enlarged once more.

    By the mixture of ways to enlarge that comes nearest. Of a copy that was enlarged and saved,
    no number is then farther off than half a step, which is what saving it took; a photo has
    detail that no smaller picture gives back. A photo that is soft, or was enlarged by its
    camera, has none: but then the smaller one was made when its numbers lay on its steps, and
    still shows them. What a copy was enlarged from knows nothing of the copy's steps.

    Args:
        large: of the larger picture.
        again: of the smaller one at its size, as `read_enlarged` gives it.

    Returns:
        The share of the numbers that lie within half a step; and how far the smaller one shows
        the steps of the larger (a mean cosine, as of `steps_left`), less what it shows of steps
        a little finer and coarser, None where these are too fine, or there are none. None
        altogether where there are too few numbers, or only an enlarging that also sharpens
        would come near.
    """
    steps = np.array(large.steps or (1,) * 64, np.float32)[1:]  # the first is of the mean
    numbers, *enlarged = (_blocks(tiles).reshape(-1, 64)[:, 1:] for tiles in (large.tiles, *again))
    # plainly not 0: what was rounded to 0 would seem to be fainter in the larger one
    plain = np.flatnonzero(np.abs(enlarged[0]) >= 2 * steps)
    if plain.size < _ENOUGH:
        return None
    ways = np.stack([each.take(plain) for each in enlarged])
    weights = np.linalg.solve(ways @ ways.T + 1e-6 * np.eye(len(ways)), ways @ numbers.take(plain))
    if weights.min() < _SHARPENS:
        return None
    mixed = np.asarray(sum(np.float32(w) * each for w, each in zip(weights, enlarged, strict=True)))
    alive = np.maximum(np.abs(numbers), np.abs(mixed)) >= 0.5 * steps
    # of steps of 1 the rounding is more than they are: they count where there are no others
    if (coarser := alive & (steps > 1)).sum() >= _ENOUGH:
        alive = coarser
    within = np.abs(numbers - mixed) <= 0.5 * steps + _ROUNDING
    told = steps >= _FINEST
    in_steps = np.asarray(mixed[:, told] / steps[told], np.float32)
    shown, *beside = (_cosine(in_steps / nearly) for nearly in (1, *_BESIDE))
    share = float(np.count_nonzero(within & alive) / np.count_nonzero(alive))
    return share, None if shown is None else shown - sum(each or 0 for each in beside) / 2


def _cosine(places: npt.NDArray[np.float32]) -> float | None:
    """Mean cosine of where numbers lie between two multiples; None of too few."""
    places = places[np.abs(places) >= 0.5]
    return float(np.cos(2 * np.pi * places).mean()) if places.size >= _PLENTY else None


def cliff(traces: Traces, scale: float) -> float | None:
    """How suddenly a picture's detail ends where that of a smaller one must.

    An enlarged picture has no detail finer than the one it was made from. A photo has less and
    less of it, and yet some.

    Args:
        traces: of the larger picture.
        scale: width of the smaller one by that of the larger, below 1.

    Returns:
        By how many powers of ten the power falls from just below that end to just above, in
        the direction in which it falls less; None where the two sizes are too near or too far
        from each other to tell.
    """
    end = scale / 2  # of the finest detail there can be, in cycles a pixel
    below, above = (0.6 * end, 0.9 * end), (1.15 * end, min(1.5 * end, 0.49))
    if above[1] - above[0] < 0.03 or end < 0.06:
        return None
    tiles = traces.tiles.astype(np.float32)
    tiles -= tiles.mean((1, 2), keepdims=True)
    window = np.hanning(_SIDE + 1)[:_SIDE].astype(np.float32)
    power = np.abs(np.fft.fft2(tiles * window * window[:, None])) ** 2
    mean = power.mean(0)
    frequencies = np.abs(np.fft.fftfreq(_SIDE))
    falls = []
    for plane in (mean, mean.T):
        line = plane[frequencies < 0.9 * end].sum(0)
        near = line[(frequencies >= below[0]) & (frequencies <= below[1])].mean()
        far = line[(frequencies >= above[0]) & (frequencies <= above[1])].mean()
        falls.append(float(np.log10(max(near, 1e-6) / max(far, 1e-6))))
    return min(falls)


def _blocks(tiles: Tiles) -> npt.NDArray[np.float32]:
    """The cosine transform of every 8 x 8 block, as a JPEG has it: (blocks, 8, 8)."""
    count = _SIDE // 8
    blocks = tiles.reshape(-1, count, 8, count, 8).swapaxes(2, 3).reshape(-1, 8, 8)
    waves = _waves()
    return np.asarray(waves @ (blocks.astype(np.float32) - 128) @ waves.T, np.float32)


@cache
def _waves() -> npt.NDArray[np.float32]:
    """The orthonormal cosine transform of 8 numbers (ITU-T T.81, A.3.3): (8, 8)."""
    place = np.arange(8)
    waves = np.cos((2 * place + 1) * place[:, None] * np.pi / 16) / 2
    waves[0] /= np.sqrt(2)
    return np.asarray(waves, np.float32)
