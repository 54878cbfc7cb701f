"""The pairs of a library that were verified, each with what the two photos are to each other."""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.indexed import photos_at
from dedupe.index.library import Library
from dedupe.matching.near.candidates import candidates, candidates_method
from dedupe.matching.near.in_fields import is_encoder_here, other_weights
from dedupe.matching.pairs.examination import Examination, method
from dedupe.matching.pairs.relations import RULES
from dedupe.matching.pairs.remembered_pairs import RememberedPairs
from dedupe.matching.sets.asking import Asking, Order, Wins
from dedupe.matching.sets.verdicts import COLUMNS, Verdicts, verdicts_as_columns, verdicts_of
from dedupe.photos.photo import Photo
from dedupe.progress import Progress, Silent
from dedupe.uncollected import uncollected


@dataclass(frozen=True, slots=True)
class Choice:
    """The photo to keep of several.

    Attributes:
        photo: one of them.
        settled: False where a file could not be looked at, and the answer may be another one
            when it can.
    """

    photo: Photo
    settled: bool = True


Choose = Callable[[Sequence[Sequence[Photo]]], Choice]
"""The photo to keep of several, those of one picture together."""


# Photos from which on verdicts, and the sets they make, are remembered as one answer.
WORTH = 2048

# Libraries whose verdicts are remembered: all of it, and the folders that were asked about last.
_REMEMBERED = 2

# Goes up with every change of which pairs are asked.
_VERSION = 7


def nobody(photo: Photo) -> bool:
    """No photo wins by itself: the one that most others are verified against is kept."""
    return False


def largest_first(photos: Iterable[Photo]) -> Sequence[Photo]:
    """Most pixels first, then what still has its capture time, then by path."""
    return sorted(
        photos, key=lambda photo: (-photo.pixels, photo.taken is None, os.fsencode(photo.path))
    )


def verify(
    library: Library,
    *,
    order: Order = largest_first,
    wins: Wins = nobody,
    known_as: str = "",
    weights: Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Verdicts:
    """Verify the pairs of a library that may be the same picture, moment or scene.

    Which pairs those are is said in candidates.py; then, of what is found to be one picture,
    each photo against the one that most others are, and so whoever shows the scene of one of
    these (asking.py). What was verified once is remembered in
    the index; where that cannot be written, nothing is. The answer for a library of 2,048
    photos and more is remembered as well: as long as nothing changes, it is read at once.

    The same library gives the same verdicts, whatever was verified before.

    Memory: 66 kB for each of up to 8,192 photos and as much for each of their fields, 400 bytes
    for each photo, 2.6 kB for its words while new ones are compared, and 100 bytes a pair.
    Features of more photos lie in a file beside the index meanwhile, 56 kB each. For 2,000 pairs
    and more there is a process for each core, 16 at most, of 90 MB each; where fields are
    encoded, 0.45 GB for that.

    Args:
        library: as `scan` or `open_library` gives it.
        order: which photo is to be kept, of those that as many others are verified against.
        wins: which photos are to be kept before all others.
        known_as: stands for `order` and `wins`, so that the answer can be remembered; without
            it that is done for the default ones alone.
        weights: the file that the library was scanned with, if it was not the published one: with
            it what shows where it ends in a photo is encoded, too.
        device: "auto", "cpu", "cuda" or "mps", for the distances.
        progress: told of every pair.

    Returns:
        What is proved, for `find_groups`.

    Raises:
        DeviceMissing: the device is not on this machine.
        IndexProblem: the index cannot be read, or was made with other weights than `weights`.
        IndexDamaged: a thumbnail in it is not as it was written.
    """
    if weights is not None and not is_encoder_here(library, weights):
        raise other_weights(library)
    file, key = _file_for(library, known_as or default_name(order, wins))
    if file is not None and (answer := file.read(key)) is not None:
        known_verdicts = verdicts_of(answer, library.first_rows, key)
        # weights that are here by now may find more
        if known_verdicts and not (
            known_verdicts.without_fields and is_encoder_here(library, weights)
        ):
            return known_verdicts
    with uncollected():
        rows = library.first_rows
        photos = photos_at(library.photos, rows)
    memory = RememberedPairs(library, method()) if key else None
    with Examination(library, photos, progress or Silent(), memory) as examination:
        to_verify = candidates(
            library,
            features=examination.features,
            weights=weights,
            device=device,
            progress=progress,
        )
        asking = Asking(library, photos, examination, to_verify.pairs, to_verify.alike)
        asking.until_known(order, wins)
        if memory is not None:
            memory.remember(asking.asked, asking.related, examination.without)
    verdicts = Verdicts(
        asking.related.of_rows(rows),
        len(asking.asked),
        len(examination.without),
        to_verify.without_fields,
        to_verify.recall,
        key,
        to_verify.near,
    )
    if file is not None:
        with suppress(IndexProblem):  # then it is put together anew next time
            file.write(key, verdicts_as_columns(verdicts))
    return verdicts


def _file_for(library: Library, name: str) -> tuple[AnswerFile | None, bytes]:
    """Where the answer is remembered, and by what it is known; None and b"" where it is not."""
    if not name or not library.key or len(library.photos) < WORTH:
        return None, b""
    rests_on = f"{_VERSION} {RULES} {method()} {candidates_method(len(library.first_rows))} {name}"
    file = AnswerFile(library.index, library.encoder.fingerprint, "verdicts", COLUMNS, _REMEMBERED)
    return file, answer_key((library.key, rests_on.encode()))


def default_name(order: Order, wins: Wins) -> str:
    """What stands for the default order; "" for any other, which has to be named."""
    return "largest first" if order is largest_first and wins is nobody else ""
