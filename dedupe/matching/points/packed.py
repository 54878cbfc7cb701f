"""Features as bytes, and back."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from dedupe.matching.points.features import POINTS, Features
from dedupe.matching.points.words import WORDS
from dedupe.matching.within.field import Field
from dedupe.photos.quiet import quiet_pillow

# Width, height, number of points, words and fields; then points, codes and words; then of each
# field where it is, the length of its JPEG, that, and its features likewise.
_HEAD = np.dtype([("size", "<u2", 2), ("points", "<u2"), ("words", "<u2"), ("fields", "<u2")])
_FIELD = np.dtype([("place", "<f8", (3, 3)), ("size", "<u2", 2), ("jpeg", "<u4")])


def packed(found: Features) -> bytes:
    """Features as bytes, but for the thumbnail: 54 kB, and as much for each field."""
    return b"".join(_parts(found))


def unpacked(data: bytes, thumbnail: bytes) -> Features:
    """What was packed, to the last bit.

    Args:
        data: as `packed` gave it.
        thumbnail: in which it was found.
    """
    found, _ = _unpacked(data, 0, thumbnail)
    return found


def sound(data: bytes, thumbnail: bytes) -> Features | None:
    """What was packed; None where bytes cannot be that: a seal does not tell who wrote them.

    Args:
        data: any bytes.
        thumbnail: in which it was found, a picture.
    """
    try:
        found, end = _unpacked(data, 0, thumbnail)
        with quiet_pillow():
            is_sound = end == len(data) and _is_sound(found) and _are_within(found)
    except (ValueError, OSError, RecursionError):  # OSError: a field is no picture
        return None
    return found if is_sound else None


def _are_within(found: Features) -> bool:
    """Whether the fields are sound, and can lie in the picture."""
    return all(
        max(field.size) <= sum(found.size)
        and shown.size == field.size
        and np.isfinite(field.place).all()
        and np.linalg.det(field.place)
        and _is_sound(shown)
        for field, shown in found.fields
    )


def _is_sound(found: Features) -> bool:
    with Image.open(io.BytesIO(found.thumbnail)) as image:
        size = image.size
    return bool(
        found.size == size
        and len(found.points) <= POINTS
        and len(found.words) <= WORDS
        and np.isfinite(found.points).all()
        and (found.words[1:] > found.words[:-1]).all()
    )


def _parts(found: Features) -> Iterator[bytes]:
    yield np.array(
        (found.size, len(found.points), len(found.words), len(found.fields)), _HEAD
    ).tobytes()
    yield found.points.astype("<f4").tobytes()
    yield found.codes.tobytes()
    yield found.words.astype("<u8").tobytes()
    for field, shown in found.fields:
        yield np.array((field.place, field.size, len(shown.thumbnail)), _FIELD).tobytes()
        yield shown.thumbnail
        yield from _parts(shown)


def _unpacked(data: bytes, at: int, thumbnail: bytes) -> tuple[Features, int]:
    """What was packed from a place on, and where it ends."""
    head = np.frombuffer(data, _HEAD, 1, at)[0]
    at += _HEAD.itemsize
    count = int(head["points"])
    points = np.frombuffer(data, "<f4", 2 * count, at).reshape(count, 2)
    at += points.nbytes
    codes = np.frombuffer(data, "u1", 128 * count, at).reshape(count, 128)
    at += codes.nbytes
    words = np.frombuffer(data, "<u8", int(head["words"]), at)
    at += words.nbytes
    fields = []
    for _ in range(int(head["fields"])):
        its = np.frombuffer(data, _FIELD, 1, at)[0]
        at += _FIELD.itemsize
        jpeg = data[at : at + int(its["jpeg"])]
        shown, at = _unpacked(data, at + len(jpeg), jpeg)
        fields.append((Field(its["place"], _size(its)), shown))
    found = Features(thumbnail, _size(head), points, codes, fields=tuple(fields), words=words)
    return found, at


def _size(record: np.void) -> tuple[int, int]:
    wide, high = record["size"].tolist()
    return wide, high
