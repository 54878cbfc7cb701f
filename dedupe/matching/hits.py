"""What the hits of a search are to the example that they are nearest to."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.library import Library, thumbnails
from dedupe.matching.crew import Crew
from dedupe.matching.near.hashes import hash_bits
from dedupe.matching.pairs.compare import evidence_of, look_at, relation_and_edit
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.relations import same_pixels
from dedupe.matching.points.features import features_of
from dedupe.matching.points.remembered import RememberedFeatures
from dedupe.matching.search import Hit, row_of
from dedupe.photos.photo import Photo
from dedupe.photos.read import photo_file
from dedupe.progress import Progress, Silent

MOST = 50
"""Hits that are laid on their example, the nearest: a search stays fast."""

_Pair = tuple[Path, bytes]  # an example, and the content of a hit


def verify_hits(
    library: Library, hits: Iterable[Hit], *, progress: Progress | None = None
) -> list[Hit]:
    """Say of each hit what it is to the example that it is nearest to, as `explain` would.

    Same bytes and same pixels are known by their hashes. Of the other hits the nearest 50 are
    laid on their example by their thumbnails; copies of one file count once. Look-alikes are
    those within 16 seed units, whatever the search was limited to: what a hit is called does
    not depend on how many are asked for. Nothing is remembered.

    Args:
        library: that was searched.
        hits: as `search` gives them. Their examples are read again where they are not in the
            library.
        progress: told of every pair that is compared.

    Returns:
        The same hits in the same order, with `relation` and `edit`, and `verified` but for
        those beyond the nearest 50 and those scanned without thumbnails.

    Raises:
        PhotoUnreadable: an example is no photo that can be read, or changed meanwhile.
        IndexProblem: the index cannot be read.
        IndexDamaged: a thumbnail in it is not as it was written.
    """
    hits = list(hits)
    # thumbnails of those examples alone that are not in the library
    examples: dict[Path, Photo] = {}
    small: dict[bytes, bytes] = {}
    for path in dict.fromkeys(hit.nearest for hit in hits):
        file = photo_file(path)
        row = row_of(library, file)
        if row is not None:
            examples[path] = library.photos[row]
        else:
            examples[path], small[examples[path].content] = look_at(file, library)
    pairs: dict[_Pair, tuple[Photo, Photo]] = {}
    for hit in hits:
        example = examples[hit.nearest]
        if len(pairs) < MOST and not _is_proved(example, hit.photo):
            pairs.setdefault((hit.nearest, hit.photo.content), (example, hit.photo))
    evidence = _evidence(library, pairs, small, progress or Silent())
    return [_verified(hit, examples[hit.nearest], evidence) for hit in hits]


def _evidence(
    library: Library,
    pairs: Mapping[_Pair, tuple[Photo, Photo]],
    small: Mapping[bytes, bytes],
    progress: Progress,
) -> dict[_Pair, Evidence | None]:
    """What is found of each pair whose hit has a thumbnail."""
    known = thumbnails(library, (photo for pair in pairs.values() for photo in pair))
    jpegs = {**known, **small}
    for (path, _), (example, _) in pairs.items():
        if example.content not in jpegs:  # scanned without; the file itself is here
            jpegs[example.content] = look_at(photo_file(path), library)[1]
    pairs = {key: pair for key, pair in pairs.items() if pair[1].content in jpegs}
    photos = [photo for pair in pairs.values() for photo in pair]
    bits = hash_bits(photos, np.arange(len(photos)).reshape(-1, 2)).tolist()
    progress.start("Verifying hits", len(pairs))
    with Crew(0) as crew:  # a search is too short for other processes
        shown = {photo.content: jpegs[photo.content] for photo in photos}
        with closing(RememberedFeatures(library.index)) as memory:
            features = memory.recall(shown)
        new = {content: jpeg for content, jpeg in shown.items() if content not in features}
        features |= zip(new, crew.map(features_of, list(new.values())), strict=True)

        def look(asked: tuple[tuple[Photo, Photo], int]) -> Evidence | None:
            pair, apart = asked
            # looked at, they are larger: only for as long as this takes
            one, other = ((photo, replace(features[photo.content])) for photo in pair)
            return evidence_of(one, other, apart)

        asked = list(zip(pairs.values(), bits, strict=True))
        found: dict[_Pair, Evidence | None] = {}
        for key, each in zip(pairs, crew.map(look, asked), strict=True):
            found[key] = each
            progress.advance()
    return found


def _verified(hit: Hit, example: Photo, evidence: Mapping[_Pair, Evidence | None]) -> Hit:
    key = hit.nearest, hit.photo.content
    if key not in evidence and not _is_proved(example, hit.photo):
        return hit
    near = hit.distance <= SEED_THRESHOLD
    relation, edit = relation_and_edit(example, hit.photo, evidence.get(key), near=near)
    return replace(hit, relation=relation, edit=edit, verified=True)


def _is_proved(example: Photo, photo: Photo) -> bool:
    """Whether no thumbnail is needed to know what they are to each other."""
    return example.content == photo.content or same_pixels(example, photo)
