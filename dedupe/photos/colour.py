"""From the colours that a profile describes to sRGB, the space that encoders learned in."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageCms

from dedupe.photos.damaged import unless_damaged

# Colours in both gamuts keep their value, so that copies of one photo in two colour spaces
# come out alike (perceptual tables are each maker's taste); and the darkest ink is black, as
# in Photoshop's own setting: without it a CMYK copy of a photo is grey where that is black.
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOCACHE  # shared by threads

_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}
_CLASSES = ("scnr", "mntr", "prtr", "spac")  # profiles that describe a device or a space
_LARGEST = 4 << 20  # bytes; profiles of printing presses have up to 3 MB

# Of 21 profiles in 1,230 photos, the 9 that mean sRGB change no value by more than 1;
# all others change some by 9 or more.
_SAME = 2


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in mode RGB, its colours in sRGB.

    A profile that is sRGB but for rounding (at most 2 of 255 anywhere), that is broken, or
    that describes another colour space than the picture has, changes nothing: the pixels
    are converted as Pillow does without one. A LAB picture needs no profile. The chunks
    gAMA and cHRM of a PNG are not asked: browsers disagree on them, and writers put a gAMA
    of 1/2.2 into files that are sRGB.

    Args:
        image: 8 bit, mode L, RGB, CMYK or LAB; best when already small: LittleCMS takes 10 to
            30 ns a pixel.
        profile: the ICC profile, `image.info["icc_profile"]`, or None.

    Returns:
        A picture in mode RGB; `image` itself where there was nothing to do.
    """
    if image.mode == "LAB" or (profile and image.mode in _SPACES):
        transform = _transform(b"" if image.mode == "LAB" else bytes(profile or b""), image.mode)
        if transform is not None:
            try:
                return ImageCms.applyTransform(image, transform) or image.convert("RGB")
            except (ImageCms.PyCMSError, ValueError, OSError):
                pass  # the same as for any profile that is of no use
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=32)  # a folder holds a few profiles; the largest with its profile is 10 MB
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """How to get from the profile to sRGB; None where the pixels should stay as they are."""
    return unless_damaged(lambda: _built(profile, mode), None)


def _built(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    if mode == "LAB":
        source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    else:
        if len(profile) > _LARGEST:
            return None
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        described = source.profile
        if described.xcolor_space != _SPACES[mode] or described.device_class not in _CLASSES:
            return None
    transform = ImageCms.buildTransform(
        source, ImageCms.createProfile("sRGB"), mode, "RGB", _INTENT, _FLAGS
    )
    return None if mode in ("L", "RGB") and _changes_nothing(transform, mode) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether a patch of colours, each channel at 0, 32, ... 224, 255, stays as it is."""
    levels = [min(step * 32, 255) for step in range(9)]
    if mode == "L":
        patch = Image.frombytes("L", (256, 1), bytes(range(256)))
    else:
        colours = bytes(v for r in levels for g in levels for b in levels for v in (r, g, b))
        patch = Image.frombytes("RGB", (9**3, 1), colours)
    before = patch.convert("RGB").tobytes()
    after = ImageCms.applyTransform(patch, transform)
    if after is None:
        return False
    return all(abs(a - b) <= _SAME for a, b in zip(before, after.tobytes(), strict=True))
