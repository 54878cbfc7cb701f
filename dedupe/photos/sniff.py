"""What a file holds, by its first bytes: extensions lie."""

import os
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from dedupe.photos.photo import Skip

HEAD = 64  # bytes that `sniff` wants to see

# by which a file with unknown bytes is called broken instead of "not a photo"
PHOTO_EXTENSIONS = frozenset(
    ".jpg .jpeg .jpe .png .webp .gif .tif .tiff .bmp .heic .heif .hif .avif .jp2 .j2k .jxl"
    .split()
)  # fmt: skip
RAW_EXTENSIONS = frozenset(
    ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .gpr .iiq .k25 .kdc .mef .mos .mrw .nef .nrw"
    " .orf .pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f".split()
)
_PHOTO_MAGIC = re.compile(
    rb"""  \xff\xd8\xff                                       # JPEG, MPO
    | \x89PNG\r\n\x1a\n
    | GIF8[79]a
    | RIFF....WEBP
    | II\*\0 | MM\0\* | II\+\0 | MM\0\+                      # TIFF, BigTIFF
    | BM.{4}\0{4}                                            # BMP
    | \0\0\0\x0cjP\x20\x20\r\n\x87\n | \xff\x4f\xff\x51      # JPEG 2000
    | P[1-6]\s+[\d\#]                                       # PBM, PGM, PPM
    | .{4}ftyp(?:heic|heix|heim|heis|hevc|hevx|mif1|msf1|mif2|avif|avis|avio)""",
    re.DOTALL | re.VERBOSE,
)
_TIFF_MAGIC = re.compile(rb"II\*\0|MM\0\*|II\+\0|MM\0\+")
_RAW_MAGIC = re.compile(
    rb""" (?P<CR2> II\*\0....CR)
    | (?P<CRW> II\x1a\0\0\0HEAPCCDR)
    | (?P<CR3> .{4}ftypcrx)
    | (?P<RAF> FUJIFILMCCD-RAW)
    | (?P<X3F> FOVb)
    | (?P<ORF> IIR[OS] | MMOR)          # Olympus
    | (?P<RW2> IIU\0)                   # Panasonic, Leica
    | (?P<MRW> \0MRM)                   # Minolta""",
    re.DOTALL | re.VERBOSE,
)
_JPEG_XL = rb"\0\0\0\x0cJXL\x20\r\n\x87\n|\xff\x0a"
_EXPORT = "; export it as JPEG or PNG to have it compared"
# what the bytes begin with (regular expressions), and the half sentence that is said of it
_OTHER_PICTURES = {
    _JPEG_XL: "is JPEG XL; to have it read: pip install pillow-jxl-plugin",
    rb"8BPS": f"is a Photoshop document{_EXPORT}",
    rb"gimp xcf": f"is a GIMP document{_EXPORT}",
    rb"\x76\x2f\x31\x01": f"is an OpenEXR picture, which is not read{_EXPORT}",
    rb"\#\?RADIANCE|\#\?RGBE": f"is a Radiance HDR picture, which is not read{_EXPORT}",
    rb"II\xbc": f"is a JPEG XR picture, which is not read{_EXPORT}",
    rb"qoif": f"is a QOI picture, which is not read{_EXPORT}",
    rb"\x0a\x05\x01": f"is a PCX picture, which is not read{_EXPORT}",
}
_VIDEO = (
    rb".{4}(?:ftyp|moov|mdat|wide|free|skip)|\x1aE\xdf\xa3|RIFF....AVI\x20|\0\0\x01[\xb3\xba]"
    rb"|FLV\x01"
)
_COMPANION = rb"\0\x05\x16\x07"  # AppleDouble: what a Mac keeps of IMG_1.jpg in ._IMG_1.jpg
_NO_PICTURES = {
    _VIDEO: "is a video, not a photo",
    _COMPANION: "is a macOS companion file, not a photo",
    rb"\0\0\x01\0": "is an icon, not a photo",
}


def sniff(path: Path, head: bytes) -> Skip | None:
    """Why a file is not to be decoded, or None if it may well be a photo.

    Args:
        path: only its extension is looked at, to tell a broken photo from a text, and a
            RAW file from the TIFF it pretends to be.
        head: its first HEAD bytes, or fewer where it is shorter.
    """
    if head and _is_readable(path, head):
        return None
    extension = path.suffix.lower()
    claims_photo = extension in PHOTO_EXTENSIONS or extension in RAW_EXTENSIONS
    if not head:
        return Skip(path, "is empty (0 bytes)", claims_photo)
    if (kind := raw_kind(path, head)) is not None:
        return Skip(path, raw_refusal(kind), True)
    if (reason := _reason(_OTHER_PICTURES, head)) is not None:
        return Skip(path, reason, True)
    if claims_photo and re.match(_COMPANION, head) and _is_orphan(path):
        lost = "is a macOS companion file, and the photo it belongs to is not beside it"
        return Skip(path, lost, True, passing=True)
    if (reason := _reason(_NO_PICTURES, head)) is not None:
        return Skip(path, reason, False)
    if extension == ".tga":  # has no magic
        return Skip(path, f"is a Targa picture, which is not read{_EXPORT}", True)
    if claims_photo:
        return Skip(path, f"is named like a photo ({extension}), but its bytes are none", True)
    return Skip(path, "is not a photo", False)


def _reason(kinds: dict[bytes, str], head: bytes) -> str | None:
    return next((kinds[magic] for magic in kinds if re.match(magic, head, re.DOTALL)), None)


def _is_orphan(companion: Path) -> bool:
    name = companion.name.removeprefix("._")
    return name != companion.name and not os.path.lexists(companion.with_name(name))


def _is_readable(path: Path, head: bytes) -> bool:
    if raw_kind(path, head) is not None:
        return _is_installed("rawpy")
    if re.match(_JPEG_XL, head, re.DOTALL):
        return _is_installed("pillow_jxl")
    return _PHOTO_MAGIC.match(head) is not None


def raw_kind(path: Path, head: bytes) -> str | None:
    """Which camera RAW a file is, or None if it is none.

    Most RAW files are TIFFs whose first picture is a thumbnail: read as such, postage stamps
    would be compared. Those without a magic of their own are known by their name.

    Args:
        path: only its extension is looked at.
        head: the file's first HEAD bytes.

    Returns:
        "CR2", "NEF", "DNG", ...: by the bytes where they say it, else by the extension.
    """
    extension = path.suffix.lower()
    named = extension.removeprefix(".").upper() if extension in RAW_EXTENSIONS else None
    magic = _RAW_MAGIC.match(head)
    if magic is None:
        return named if _TIFF_MAGIC.match(head) else None
    # Panasonic's bytes are found in .rw2, .raw and .rwl
    return named if named and magic.lastgroup == "RW2" else magic.lastgroup


def raw_refusal(kind: str) -> str:
    """Why a RAW file is passed over where rawpy is missing, and what to do about it."""
    return f"is camera RAW ({kind}); to have it read: pip install 'dedupe-photos[raw]'"


@cache
def _is_installed(module: str) -> bool:
    # not imported: that takes 0.1 s, and a folder may hold none of its photos
    return find_spec(module) is not None
