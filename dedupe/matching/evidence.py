"""Evidence of a pair as bytes, so that it is worked out once."""

import struct

import numpy as np

from dedupe.matching.agreement import Agreement
from dedupe.matching.verify import FORMS, Evidence

# inliers, form, mirrored, sizes of both thumbnails; then the homography and twelve numbers
_PACKED = struct.Struct("<HBB4H9d12d")


def packed(evidence: Evidence | None) -> bytes:
    """The bytes of some evidence; none where there is none."""
    if evidence is None:
        return b""
    found = evidence.agreement
    return _PACKED.pack(
        evidence.inliers,
        FORMS.index(evidence.form),
        evidence.mirrored,
        *evidence.sizes[0],
        *evidence.sizes[1],
        *evidence.homography.ravel().tolist(),
        *(found.texture, found.share, found.colour, found.beneath, found.tone, *found.chroma),
        *(evidence.of_first, evidence.of_second, *evidence.news, evidence.motion),
    )


def unpacked(data: bytes) -> Evidence | None:
    """What was packed; the same numbers to the last bit."""
    if not data:
        return None
    inliers, form, mirrored, *numbers = _PACKED.unpack(data)
    wide, high, other_wide, other_high = numbers[:4]
    texture, share, colour, beneath, tone, chroma, other_chroma = numbers[13:20]
    of_first, of_second, new_in_first, new_in_second, motion = numbers[20:]
    return Evidence(
        inliers=inliers,
        homography=np.array(numbers[4:13], np.float64).reshape(3, 3),
        mirrored=bool(mirrored),
        form=FORMS[form],
        agreement=Agreement(
            texture=texture,
            share=share,
            colour=colour,
            beneath=beneath,
            tone=tone,
            chroma=(chroma, other_chroma),
        ),
        of_first=of_first,
        of_second=of_second,
        news=(new_in_first, new_in_second),
        motion=motion,
        sizes=((wide, high), (other_wide, other_high)),
    )
