"""Which vectors an encoder would make, known without loading it."""

import hashlib
from pathlib import Path

from dedupe.encoders.encoder import Encoder
from dedupe.encoders.weights import find_weights
from dedupe.photos.version import DECODE_VERSION


def known_fingerprint(encoder: Encoder, weights: Path | None = None) -> str | None:
    """The fingerprint that `load_encoder` would give, without importing torch.

    A scan in which nothing changed needs no more than this: loading torch takes longer
    than looking through 100,000 files.

    Args:
        encoder: out of the registry.
        weights: the user's own file instead of the published one.

    Returns:
        The fingerprint, or None if the weights are not on this machine. The file is not
        judged here: a wrong one has another fingerprint, and is refused when it is loaded.
    """
    place = find_weights(encoder, weights)
    if place is None:
        return None
    with place.open("rb") as handle:
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
    calibration = ""
    if encoder.scale is None:
        from dedupe.encoders.scale import calibration_name  # it loads numpy and the decoders

        calibration = calibration_name()
    return encoder.fingerprint(sha256, DECODE_VERSION, calibration)
