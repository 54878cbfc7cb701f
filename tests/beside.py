"""Small real files that belong together: photos with headers, videos, sidecars."""

import json
import struct
from datetime import datetime
from io import BytesIO

from PIL import ExifTags, Image

Base = ExifTags.Base
WHEN = datetime(2019, 7, 14, 10, 15, 12, 340_000)
IDENTIFIER = "A1B2C3D4-0000-4111-8222-ABCDEF012345"


def apple_note(identifier: str) -> bytes:
    """Apple's MakerNote with a content identifier, as ExifTool's Apple.pm describes it."""
    text = identifier.encode() + b"\0"
    entries = struct.pack(">HHII", 1, 9, 1, 14)  # MakerNoteVersion
    entries += struct.pack(">HHII", 0x11, 2, len(text), 16 + 2 * 12 + 4)
    return b"Apple iOS\0\0\1MM" + struct.pack(">H", 2) + entries + b"\0\0\0\0" + text


def header(
    taken: datetime | None = WHEN,
    camera: str = "Canon EOS 450D",
    *,
    identifier: str = "",
    fractions: bool = True,
) -> Image.Exif:
    exif = Image.Exif()
    if camera:
        exif[Base.Make], exif[Base.Model] = camera.split()[0], camera
    details = exif.get_ifd(ExifTags.IFD.Exif)
    if taken is not None:
        details[Base.DateTimeOriginal] = f"{taken:%Y:%m:%d %H:%M:%S}"
        if fractions:
            details[Base.SubsecTimeOriginal] = f"{taken.microsecond // 10_000:02d}"
    if identifier:
        details[Base.MakerNote] = apple_note(identifier)
    return exif


def jpeg(exif: Image.Exif | None = None, *, colour: int = 90, motion: bool = False) -> bytes:
    """A JPEG of one colour; with `motion` it says that a video is in it."""
    file = BytesIO()
    xmp = b'<x:xmpmeta><rdf:Description GCamera:MotionPhoto="1"/></x:xmpmeta>' if motion else None
    image = Image.new("RGB", (64, 48), (colour, colour // 2, 30))
    image.save(file, "JPEG", exif=exif if exif is not None else header(), xmp=xmp)
    return file.getvalue()


def raw(exif: Image.Exif | None = None) -> bytes:
    """What most RAW files begin as: a TIFF with a header."""
    block = (exif if exif is not None else header()).tobytes()
    return block.removeprefix(b"Exif\0\0") + b"the sensor's pixels"


def atom(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return (8 + len(data)).to_bytes(4, "big") + kind + data


def video(identifier: str = IDENTIFIER, *, mp4: bool = False) -> bytes:
    """A QuickTime file without frames, by whose header it belongs to a Live Photo."""
    key = b"com.apple.quicktime.content.identifier"
    keys = atom(
        b"keys",
        bytes(4) + (2).to_bytes(4, "big"),
        atom(b"mdta", b"com.apple.quicktime.make"),
        atom(b"mdta", key),
    )
    values = atom(
        b"ilst",
        atom((1).to_bytes(4, "big"), atom(b"data", b"\0\0\0\1\0\0\0\0", b"Apple")),
        atom((2).to_bytes(4, "big"), atom(b"data", b"\0\0\0\1\0\0\0\0", identifier.encode())),
    )
    meta = atom(b"meta", bytes(4) if mp4 else b"", atom(b"hdlr", bytes(25)), keys, values)
    return (
        atom(b"ftyp", b"qt  " + bytes(4))
        + atom(b"wide")
        + atom(b"mdat", b"frames")
        + atom(b"moov", atom(b"mvhd", bytes(100)), meta if identifier else b"")
    )


def takeout(title: str) -> bytes:
    facts = {"title": title, "photoTakenTime": {"timestamp": "1563099312"}}
    return json.dumps(facts).encode()


def xmp(taken: datetime | None = None, extension: str = "") -> bytes:
    when = f'exif:DateTimeOriginal="{taken.isoformat()}"' if taken else ""
    which = f'photoshop:SidecarForExtension="{extension}"' if extension else ""
    return f"<x:xmpmeta><rdf:Description {when} {which}/></x:xmpmeta>".encode()
