"""Two photos compared as `verify` compares them, whether they are in a library or not."""

from dataclasses import replace

import numpy as np

from dedupe.encoders.registry import find_encoder
from dedupe.errors import PhotoUnreadable
from dedupe.index.library import Library
from dedupe.matching.near.hashes import ALIKE, are_negatives
from dedupe.matching.pairs.edits import named_edit
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.relations import Relation, relation_of
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import Features
from dedupe.names import safe
from dedupe.photos.dct_hash import dct_hashes
from dedupe.photos.photo import Photo, PhotoFile, Skip
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.read import read_photo


def look_at(file: PhotoFile, library: Library) -> tuple[Photo, bytes]:
    """A photo as it is on the disk, and its thumbnail, both as a scan would make them.

    Args:
        file: in the library or not.
        library: whose encoder decides how it is decoded.

    Raises:
        PhotoUnreadable: it is no photo that can be read, or changed since it was found.
    """
    with quiet_pillow():
        reading = read_photo(file, find_encoder(library.encoder.name))
    if isinstance(reading, Skip) or reading.thumbnail is None:
        reason = reading.reason if isinstance(reading, Skip) else "has no pixels"
        raise PhotoUnreadable(f"{safe(file.path)} {reason}")
    hashed = replace(reading.photo, dct_hash=dct_hashes([reading.grey])[0].tobytes())
    return hashed, reading.thumbnail


def evidence_of(
    first: tuple[Photo, Features],
    second: tuple[Photo, Features],
    bits: int,
    *,
    however_little: bool = False,
) -> Evidence | None:
    """What geometry and agreement say of two photos, whatever the order they are given in.

    Args:
        first: a photo, and the features of its thumbnail.
        second: another one.
        bits: of 256 that their hashes differ by (`hash_bits`).
        however_little: also of two that nothing can relate (`examine`).

    Returns:
        Of the two in the order of their contents; None where nothing says that both show the
        same.
    """
    # evidence is of one direction, whatever the order they are asked for in
    (_, one), (_, other) = sorted((first, second), key=lambda each: each[0].content)
    negative = bool(are_negatives([first[0], second[0]], np.array([[0, 1]]))[0])
    return examine(
        one, other, alike=bits <= ALIKE, negative=negative, however_little=however_little
    )


def relation_and_edit(
    first: Photo, second: Photo, evidence: Evidence | None, *, near: bool
) -> tuple[Relation | None, str]:
    """What two photos are to each other, and what was done to the first to get the second.

    Args:
        first: a photo.
        second: another one.
        evidence: of the two in the order of their contents.
        near: whether their distance makes them look-alikes at least.

    Returns:
        The strongest relation that is proved, None where nothing relates them; and the edit in
        words, "" where both are not one picture.
    """
    one, other = sorted((first, second), key=lambda photo: photo.content)
    relation = relation_of(one, other, evidence, near=near)
    if relation is Relation.SAME_PICTURE and evidence is not None:
        return relation, named_edit(first, second, evidence)
    return relation, ""
