"""What the header of a QuickTime or MP4 video says: by which still it belongs to a Live Photo."""

import os
from collections.abc import Iterator
from typing import BinaryIO

_IDENTIFIER = b"com.apple.quicktime.content.identifier"
# A phone's video has 5 atoms on top, and 4 in `moov`; its metadata is a few kilobytes.
_MOST_ATOMS = 1000
_MOST_BYTES = 1 << 20


def content_identifier(file: BinaryIO) -> str:
    """The identifier that a Live Photo's video shares with its still; "" where there is none.

    Reads headers of atoms, and at most 1 MiB of metadata; the sizes that a file states are
    believed only as far as the file goes. After Apple's QuickTime File Format, "Metadata atoms".

    Args:
        file: opened for reading bytes.

    Raises:
        OSError: it cannot be read.
    """
    end = os.fstat(file.fileno()).st_size
    for kind, at, stop in _atoms(file, 0, end):
        if kind != b"moov":
            continue
        for inner, begin, inner_stop in _atoms(file, at, stop):
            if inner == b"meta" and inner_stop - begin <= _MOST_BYTES:
                file.seek(begin)
                if found := _in_metadata(file.read(inner_stop - begin)):
                    return found
    return ""


def _atoms(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of the content of each atom between two places of a file."""
    for _ in range(_MOST_ATOMS):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(16)
        size, begin = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, begin = int.from_bytes(head[8:16], "big"), at + 16
        elif size == 0:  # up to the end
            size = end - at
        if len(head) < 8 or size < begin - at or at + size > end:
            return
        yield head[4:8], begin, at + size
        at += size


def _in_metadata(data: bytes) -> str:
    """The identifier out of the content of a `meta` atom, or ""."""
    # MP4 has four bytes of version before the first atom, QuickTime has not
    parts = _parts(data if data[4:8] == b"hdlr" else data[4:])
    keys, values = parts.get(b"keys", b""), parts.get(b"ilst", b"")
    at = 8
    for number in range(1, _MOST_ATOMS):
        size = int.from_bytes(keys[at : at + 4], "big")
        if size < 8 or at + size > len(keys):
            return ""
        if keys[at + 8 : at + size] == _IDENTIFIER:
            return _value(_parts(values).get(number.to_bytes(4, "big"), b""))
        at += size
    return ""


def _value(item: bytes) -> str:
    # type 1 is UTF-8; four bytes of locale stand before the text
    data = _parts(item).get(b"data", b"")
    if int.from_bytes(data[:4], "big") != 1:
        return ""
    return data[8:].decode("ascii", "replace").strip("\0 ")


def _parts(data: bytes) -> dict[bytes, bytes]:
    """The first atom of each kind, without its head."""
    found: dict[bytes, bytes] = {}
    at = 0
    for _ in range(_MOST_ATOMS):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > len(data):
            break
        found.setdefault(data[at + 4 : at + 8], data[at + 8 : at + size])
        at += size
    return found
