"""Everything that is known of one pair of photos, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.library import Library
from dedupe.matching.near.distances import distances_to
from dedupe.matching.near.hashes import ALIKE, hash_bits
from dedupe.matching.near.listing import REACH
from dedupe.matching.pairs.agreed import (
    SAME_THING,
    agrees_plainly,
    is_agreed,
    shows_too_little,
)
from dedupe.matching.pairs.carried import holder_of_field
from dedupe.matching.pairs.compare import evidence_of, look_at, relation_and_edit
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.relations import (
    Relation,
    same_pixels,
    second_shot,
    shows_the_same,
)
from dedupe.matching.points.features import features_of
from dedupe.matching.search import vectors_of
from dedupe.matching.sets.groups import Group
from dedupe.photos.photo import Photo
from dedupe.photos.read import photo_file
from dedupe.photos.shots import partnership

_SAID = "You said that they are different (`dedupe ignore`): no set holds both."


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What two photos are to each other, and why.

    Attributes:
        first: a photo, as it is on the disk now.
        second: the other.
        distance: L2 in seed units.
        threshold: up to which they count as look-alikes.
        bits: of 256 that their hashes differ by, turned and mirrored as may be; 256 where one
            of them has no hash that says anything.
        evidence: of geometry and agreement; None where nothing says that both show the same.
        relation: the strongest that is proved; None where nothing relates them.
        edit: what was done to the first to get the second, where both are one picture.
        why: sentences that lead to the relation.
        ignored: whether somebody said that the two are different.
    """

    first: Photo
    second: Photo
    distance: float
    threshold: float
    bits: int
    evidence: Evidence | None
    relation: Relation | None
    edit: str
    why: tuple[str, ...]
    ignored: bool = False


def explain(
    library: Library,
    first: Path | str,
    second: Path | str,
    *,
    threshold: float = SEED_THRESHOLD,
    weights: Path | None = None,
    device: str = "auto",
) -> Explanation:
    """Compare two photos as `verify` does, and say what was found at each step.

    Args:
        library: whose encoder measures their distance; the photos may be in it or not.
        first: a photo file.
        second: another one.
        threshold: distance up to which they count as look-alikes, in seed units.
        weights: the file that the library was scanned with, if it was not the published one.
        device: "auto", "cpu", "cuda" or "mps", where they must be encoded.

    Returns:
        All that was found. The photos are read from the disk as they are now.

    Raises:
        PhotoUnreadable: one of the two is no photo that can be read.
        IndexProblem: the library was scanned with other weights than are here now.
        DedupeError: the encoder cannot be loaded.
    """
    files = [photo_file(first), photo_file(second)]
    vectors = vectors_of(library, files, weights, device)
    distance = float(distances_to(vectors[:1], vectors[1])[0])
    (one, small), (other, other_small) = (look_at(file, library) for file in files)
    bits = int(hash_bits([one, other], np.array([[0, 1]]))[0])
    looked_at = (one, features_of(small)), (other, features_of(other_small))
    evidence = evidence_of(*looked_at, bits, however_little=True)
    relation, edit = relation_and_edit(one, other, evidence, near=distance <= threshold)
    ignored = library.ignored.apart(one.content, other.content)
    why = _why(one, other, evidence, distance, bits, threshold)
    why += [_SAID] if ignored else []
    if (shot := partnership(one, other)) is not None:
        why.append(f"They are {shot}: no set holds both, and one goes where the other goes.")
    return Explanation(
        first=one,
        second=other,
        distance=distance,
        threshold=threshold,
        bits=bits,
        evidence=evidence,
        relation=relation,
        edit=edit,
        why=tuple(why),
        ignored=ignored,
    )


def which_sets(
    explanation: Explanation, groups: Sequence[Group], hidden: Sequence[Group] = ()
) -> str:
    """Say whether two photos are in one set, and if not, where they are.

    Args:
        explanation: of the two.
        groups: those that are shown; they are numbered from 1.
        hidden: those that are not.
    """
    places = [
        next((n for n, group in enumerate(groups, 1) if _holds(group, photo)), 0)
        for photo in (explanation.first, explanation.second)
    ]
    for group in hidden:
        if all(_holds(group, photo) for photo in (explanation.first, explanation.second)):
            return "Both are in a set that is hidden (`dedupe ignore --set`)."
    one, other = (f"in set {place}" if place else "in no set" for place in places)
    if places[0] and places[0] == places[1]:
        return f"Both are {one}."
    if not any(places):
        return "Both are in no set."
    return (
        f"The first is {one}, the second {other}: a photo joins the set of the best photo that it "
        "is verified with, and sets join whole or not at all."
    )


def _holds(group: Group, photo: Photo) -> bool:
    return any(photo.path == each.path or photo.path in each.hard_links for each in group.photos)


def _why(
    first: Photo,
    second: Photo,
    evidence: Evidence | None,
    distance: float,
    bits: int,
    threshold: float,
) -> list[str]:
    """The steps of `relation_of` in words."""
    if first.content == second.content:
        return ["Every byte is the same."]
    if same_pixels(first, second):
        return ["Every pixel is the same; only the file around them differs."]
    told = []
    is_negative = evidence is not None and evidence.negative
    if distance > REACH and bits > ALIKE and not is_negative:
        told.append(
            f"They are farther than {REACH:g} apart, and their hashes differ by more than {ALIKE} "
            "bits: group looks at them only if one is a part of the other, or by way of a third."
        )
    told += _of_geometry(first, second, evidence)
    if evidence is None or not (is_agreed(evidence) or shows_the_same(evidence)):
        verb = "within" if distance <= threshold else "beyond"
        told.append(f"Their distance is {verb} the threshold of {threshold:g}.")
    return told


def _of_geometry(first: Photo, second: Photo, evidence: Evidence | None) -> list[str]:
    if evidence is None:
        return ["No points of the one were found again in the other."]
    found = evidence.agreement
    enough = "enough" if evidence.inliers >= SAME_THING else "too few"
    told = []
    if holder := holder_of_field(first, second, evidence):
        part, whole = ("second", "first") if holder is first else ("first", "second")
        told.append(
            f"The {part} lies in a field of the {whole} (of a collage, in a frame, on a page), "
            "which was looked at by itself."
        )
    if evidence.negative:
        told.append("One is in negative, and was looked at with its colours inverted.")
    told += [
        f"{evidence.inliers} points of the one fit on the other: {enough} to prove that both "
        f"show some of the same ({SAME_THING})."
    ]
    if found.recoloured:
        return [
            *told,
            f"One thing has another colour ({found.recoloured * 100:.0f} % of what both show), "
            "while all else has the same: that is another thing.",
        ]
    if shows_too_little(evidence):
        texture = f"{found.texture * 100:.0f} % of what both show has any texture"
        return [*told, f"They agree, but only {texture}: too little to be sure."]
    if not is_agreed(evidence):
        return [
            *told,
            "Where they overlap they do not agree: "
            f"{found.share * 100:.0f} % of the texture, {found.colour * 100:.0f} % of the colours.",
        ]
    where = "Where they overlap" if agrees_plainly(evidence) else "Beneath what is laid over one"
    told.append(
        f"{where} they agree: "
        f"{max(found.share, found.beneath) * 100:.0f} % of the texture, "
        f"{found.colour * 100:.0f} % of the colours."
    )
    shot = second_shot(first, second, evidence)
    told.append(
        f"But they are two shots: {shot}." if shot else "Nothing says that they are two shots."
    )
    return told
