"""What geometry and agreement say of a pair, and that as bytes: it is worked out once."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.agreement import Agreement

FORMS = ("whole", "upright", "free", "bent", "tilted")
"""What lays one picture on another: the whole on the whole; quarter turns, one scale and a
shift; any homography; or one of these once one of them was bent, as lenses bend lines."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What geometry and agreement say of two photos.

    Attributes:
        inliers: points that one homography carries from the first to the second.
        homography: (3, 3) float64, in pixels of the thumbnails.
        mirrored: whether the first is mirrored before.
        form: one of FORMS.
        agreement: of their overlap.
        of_first: share of the first picture's area that the second shows too.
        of_second: share of the second's area that the first shows too.
        news: share of each picture that shows something that lies outside the other; 0 where
            that is too little to look at, or decides nothing.
        motion: pixels that things moved by, median; 0 where that decides nothing.
        sizes: width and height of both thumbnails.
        field_in: 1 where all this, but for the shares of areas and `news`, is of a field of the
            first picture and the whole second one; 2 of the whole first and a field of the
            second; 0 of both as they are.
        negative: whether all this is of the first in negative, and the second.
    """

    inliers: int
    homography: npt.NDArray[np.float64]
    mirrored: bool
    form: str
    agreement: Agreement
    of_first: float
    of_second: float
    news: tuple[float, float]
    motion: float
    sizes: tuple[tuple[int, int], tuple[int, int]]
    field_in: int = 0
    negative: bool = False


_PACKED = np.dtype(
    [
        ("inliers", "<u2"),
        ("form", "u1"),
        ("mirrored", "u1"),
        ("field_in", "u1"),
        ("negative", "u1"),
        ("sizes", "<u2", (2, 2)),  # of both thumbnails
        ("homography", "<f8", (3, 3)),
        ("shares", "<f8", 13),
    ]
)


# Where among the shares `of_first` and `of_second` are.
_OF_BOTH = slice(8, 10)

SIZE = _PACKED.itemsize
"""Bytes of what was packed, where there is any."""


def is_sound(data: bytes) -> bool:
    """Whether bytes can be what was packed of some evidence, one behind the other."""
    if len(data) % SIZE:
        return False
    rows = np.frombuffer(data, _PACKED)
    homographies = rows["homography"]
    with np.errstate(all="ignore"):  # any bytes may be there
        areas = np.linalg.det(homographies)
    lays = np.isfinite(homographies).all() and np.isfinite(areas).all() and bool(areas.all())
    told = (rows["form"] < len(FORMS)).all() and (rows["field_in"] <= 2).all()
    return bool(lays and told and np.isfinite(rows["shares"]).all())


def packed(evidence: Evidence | None) -> bytes:
    """The bytes of some evidence; none where there is none."""
    if evidence is None:
        return b""
    found = evidence.agreement
    colours = found.colour, found.beneath, found.tone, *found.chroma, found.recoloured
    shares = found.texture, found.share, *colours
    row = (
        evidence.inliers,
        FORMS.index(evidence.form),
        evidence.mirrored,
        evidence.field_in,
        evidence.negative,
        evidence.sizes,
        evidence.homography,
        (*shares, evidence.of_first, evidence.of_second, *evidence.news, evidence.motion),
    )
    return np.array(row, _PACKED).tobytes()


def places_in(
    evidence: npt.NDArray[np.uint8],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    """Of packed evidence how much of both pictures is in each other, without unpacking it.

    Args:
        evidence: (E, SIZE) uint8.

    Returns:
        (E, 2) `of_first` and `of_second`, and (E,) `field_in`.
    """
    rows = np.ascontiguousarray(evidence).view(_PACKED).reshape(-1)
    return rows["shares"][:, _OF_BOTH], rows["field_in"]


def each_unpacked(data: Iterable[bytes]) -> list[Evidence | None]:
    """What was packed, pair by pair; the same numbers to the last bit."""
    data = list(data)
    rows = np.frombuffer(b"".join(data), _PACKED)
    columns = zip(
        *(
            rows[name].tolist()
            for name in (
                *("inliers", "form", "mirrored", "field_in", "negative"),
                *("sizes", "shares"),
            )
        ),
        rows["homography"].astype(np.float64),
        strict=True,
    )
    return [_evidence(*next(columns)) if each else None for each in data]


def _evidence(
    inliers: int,
    form: int,
    mirrored: int,
    field_in: int,
    negative: int,
    sizes: list[list[int]],
    shares: list[float],
    homography: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
) -> Evidence:
    texture, share, colour, beneath, tone, chroma, other_chroma, recoloured = shares[:8]
    of_first, of_second, new_in_first, new_in_second, motion = shares[8:]
    (wide, high), (other_wide, other_high) = sizes
    return Evidence(
        inliers=inliers,
        homography=homography,
        mirrored=bool(mirrored),
        form=FORMS[form],
        agreement=Agreement(
            texture=texture,
            share=share,
            colour=colour,
            beneath=beneath,
            tone=tone,
            chroma=(chroma, other_chroma),
            recoloured=recoloured,
        ),
        of_first=of_first,
        of_second=of_second,
        news=(new_in_first, new_in_second),
        motion=motion,
        sizes=((wide, high), (other_wide, other_high)),
        field_in=field_in,
        negative=bool(negative),
    )
