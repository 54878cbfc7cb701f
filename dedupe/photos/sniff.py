"""What a file holds, by its first bytes: extensions lie."""

import re
from pathlib import Path

from dedupe.photos.photo import Skip

HEAD = 64  # bytes that `sniff` wants to see

# by which a file with unknown bytes is called broken instead of "not a photo"
_PHOTO_EXTENSIONS = frozenset(
    ".jpg .jpeg .jpe .png .webp .gif .tif .tiff .bmp .heic .heif .hif .avif .jp2 .j2k .jxl"
    .split()
)  # fmt: skip
_RAW_EXTENSIONS = frozenset(
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
    rb""" II\*\0....CR                 # Canon CR2
    | II\x1a\0\0\0HEAPCCDR             # Canon CRW
    | .{4}ftypcrx                      # Canon CR3
    | FUJIFILMCCD-RAW | FOVb
    | IIR[OS] | MMOR | IIU\0           # Olympus, Panasonic""",
    re.DOTALL | re.VERBOSE,
)
_JPEG_XL = re.compile(rb"\0\0\0\x0cJXL\x20\r\n\x87\n|\xff\x0a")
_OTHER_PICTURES = {
    b"8BPS": "is a Photoshop document; export it as JPEG or PNG to have it compared",
    b"\x76\x2f\x31\x01": "is an OpenEXR picture, which is not read",
    b"#?RADIANCE": "is a Radiance HDR picture, which is not read",
    b"\x0a\x05\x01": "is a PCX picture, which is not read",
}
_VIDEO_MAGIC = re.compile(
    rb".{4}(?:ftyp|moov|mdat|wide|free|skip)|\x1aE\xdf\xa3|RIFF....AVI\x20|\0\0\x01[\xb3\xba]|FLV\x01",
    re.DOTALL,
)


def sniff(path: Path, head: bytes) -> Skip | None:
    """Why a file is not to be decoded, or None if it may well be a photo.

    Args:
        path: only its extension is looked at, to tell a broken photo from a text, and a
            RAW file from the TIFF it pretends to be.
        head: its first HEAD bytes, or fewer where it is shorter.
    """
    extension = path.suffix.lower()
    claims_photo = extension in _PHOTO_EXTENSIONS or extension in _RAW_EXTENSIONS
    if not head:
        return Skip(path, "is empty (0 bytes)", claims_photo)
    if _RAW_MAGIC.match(head) or (extension in _RAW_EXTENSIONS and _TIFF_MAGIC.match(head)):
        # most RAW files are TIFFs whose first picture is a thumbnail: Pillow would read
        # that one and compare postage stamps
        kind = extension.removeprefix(".").upper() or "unknown maker"
        return Skip(path, f"is camera RAW ({kind}), which this version does not read", True)
    if _PHOTO_MAGIC.match(head):
        return None
    if _JPEG_XL.match(head):
        return Skip(path, "is JPEG XL, which this version does not read", True)
    for magic, reason in _OTHER_PICTURES.items():
        if head.startswith(magic):
            return Skip(path, reason, True)
    if _VIDEO_MAGIC.match(head):
        return Skip(path, "is a video, not a photo", False)
    if head.startswith(b"\0\x05\x16\x07"):
        return Skip(path, "is a macOS companion file, not a photo", False)
    if claims_photo:
        return Skip(path, f"is named like a photo ({extension}), but its bytes are none", True)
    return Skip(path, "is not a photo", False)
