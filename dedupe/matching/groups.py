"""Tight sets of photos: verified to be one picture, moment or scene, or look-alikes."""

import os
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.library import Library
from dedupe.matching.crew import Crew
from dedupe.matching.edits import Asked, named_edits
from dedupe.matching.joining import (
    Unit,
    joined,
    near,
    of_same_pixels,
    same_pixels_as_best,
    without,
)
from dedupe.matching.measure import farthest
from dedupe.matching.middle import possible_middles
from dedupe.matching.relations import Relation, same_pixels
from dedupe.matching.remembered import near_pairs
from dedupe.matching.stars import Link, pair, stars
from dedupe.matching.verdicts import Verdict, Verdicts
from dedupe.matching.verified import Choose, Order, Wins, largest_first, nobody
from dedupe.matching.verify import Evidence
from dedupe.photos.photo import Photo
from dedupe.photos.shots import partners
from dedupe.uncollected import uncollected

# What geometry proves, strongest first.
_VERIFIED = (Relation.SAME_PICTURE, Relation.SAME_MOMENT, Relation.SAME_SCENE)


@dataclass(frozen=True, slots=True)
class Member:
    """What one photo of a group is to the one that is kept.

    Attributes:
        relation: the strongest that is proved; look-alike where nothing but the distance
            relates them.
        edit: what was done to it, where it is the same picture: "cropped to 62 %"; else "".
    """

    relation: Relation
    edit: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more photos, each verified against the one that is kept, or all near each other.

    Attributes:
        photos: sorted by path, so that the same library prints the same way twice.
        spread: the largest L2 distance between any two of them, in seed units.
        vectors: (k, D) float16, the embeddings of `photos`, row by row, as the library has them.
        kept: the one that the others were verified against, one of `photos`.
        members: of each of `photos`, what it is to `kept`; of `kept` itself the same file.
    """

    photos: tuple[Photo, ...]
    spread: float
    vectors: npt.NDArray[np.floating] = field(compare=False, repr=False)
    kept: Photo
    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        if len(self.photos) < 2:
            raise ValueError(f"a group needs at least 2 photos, got {len(self.photos)}")

    @property
    def relation(self) -> Relation:
        """The weakest relation of a member to the one that is kept."""
        return max(member.relation for member in self.members)

    @property
    def is_verified(self) -> bool:
        """Whether more than bytes and distances was compared to make it."""
        return any(
            Relation.SAME_FILE < member.relation < Relation.LOOK_ALIKE for member in self.members
        )

    def distances_to(self, photo: Photo) -> dict[Photo, float]:
        """The L2 distance of every member to `photo`, a member, in seed units."""
        # in float64: members of one group are close, and float32 differences of close
        # vectors lose the digits that are printed
        rows = self.vectors.astype(np.float64)
        away = np.linalg.norm(rows - rows[self.photos.index(photo)], axis=1)
        return dict(zip(self.photos, away.tolist(), strict=True))


def find_groups(
    library: Library,
    threshold: float = SEED_THRESHOLD,
    *,
    verdicts: Verdicts | None = None,
    relation: Relation = Relation.LOOK_ALIKE,
    order: Order = largest_first,
    wins: Wins = nobody,
    choose: Choose | None = None,
    device: str = "auto",
) -> list[Group]:
    """Sets of photos that belong together, each photo in at most one.

    From the strongest relation to the weakest: the photo that most others are proved to be one
    picture with (the best of equal ones) takes these, then likewise of its moment, then of its
    scene, whole sets at a time; what is left is joined where every two photos are within
    `threshold`. So every member of a set is verified against the one that is kept, or within
    the threshold of it; nothing is chained.

    Photos that are said to be different (`dedupe.ignore`) are never in one set, whoever else is
    in it, and neither are a RAW and the JPEG of its shot, or a photo and its edit
    (`photos/shots.py`).

    The same library gives the same groups, whatever the device or the order in which the
    photos were found. Copies of one file cost one comparison, not many.

    Args:
        library: as `scan` or `open_library` gives it.
        threshold: L2 in seed units for look-alikes; up to 16 it is the same kind of picture.
        verdicts: as `verify` gives them; without them sets are of same files, same pixels
            and look-alikes alone.
        relation: the weakest to look for: with `Relation.SAME_PICTURE`, no set holds two
            shots, or two photos that are merely alike.
        order: which photo is to be kept, of those that as many others are verified against;
            as given to `verify`.
        wins: which photos are kept before all others, likewise; `order` must put them first.
        choose: asked once for each set, which of those photos to keep that all others are
            verified against; it may look at files, which `order` cannot for all photos, and
            must bear to be asked by several threads. Without it that is the best by `order`.
        device: "auto", "cpu", "cuda" or "mps".

    Returns:
        The strongest relation first; then the tightest; equal ones in the order of their
        first path.

    Raises:
        ValueError: `threshold` is negative.
        DeviceMissing: the device is not on this machine.
    """
    if not threshold >= 0:
        raise ValueError(f"a threshold is 0 or more, got {threshold}")
    pairs = None
    if relation is Relation.LOOK_ALIKE:
        pairs = near_pairs(library, threshold, device=device)
    photos = library.photos
    related = verdicts.related if verdicts else {}
    with uncollected():
        places = _places(photos)
        copies = _copies(photos, places)
        apart = _apart(library, copies)
        equal = of_same_pixels(photos, copies) if relation >= Relation.SAME_PIXELS else []
        # most photos of a library are linked to none: only the others are ranked
        linked = {row for link in related for row in link}.union(*equal)
        ranks = _ranks(photos, copies, linked, order)
        chosen = {row for row in linked if any(wins(photos[each]) for each in copies[row])}
        units: list[Unit] = [(row,) for row in linked]
        units = stars(units, same_pixels_as_best(equal, ranks), ranks, apart)
        collages: Set[int] = frozenset()
        for level in _VERIFIED:
            if level <= relation:
                units, found = joined(photos, units, related, level, ranks, chosen, apart)
                collages |= found
        if pairs is not None:
            paired = {*pairs.a.tolist(), *pairs.b.tolist()}
            units += [(row,) for row in sorted(paired - linked)]
            linked |= paired
            ranked = partial(_ranks, photos, copies, order=order)
            units = near(units, places, without(pairs, apart), ranked)
        units += [(row,) for row in copies if row not in linked]
        units = [unit for unit in units if len(unit) > 1 or len(copies[unit[0]]) > 1]
    if choose is not None:
        one = partial(_chosen, photos, copies, related, collages, choose)
        with Crew(0) as crew:  # reading a file leaves Python's lock to others
            units = list(crew.map(one, units))
    contents = [[copies[row] for row in unit] for unit in units]
    with uncollected():
        groups = _made(library, contents, places, related, order)
    return sorted(
        groups,
        key=lambda group: (group.relation, group.spread, os.fsencode(group.photos[0].path)),
    )


def _places(photos: Sequence[Photo]) -> list[int]:
    """Of each row its place in the order of paths: ties end with the path."""
    names = [os.fsencode(photo.path) for photo in photos]
    places = [0] * len(names)
    for place, row in enumerate(sorted(range(len(names)), key=names.__getitem__)):
        places[row] = place
    return places


def _copies(photos: Sequence[Photo], places: Sequence[int]) -> dict[int, list[int]]:
    """Of each content the rows in the order of their paths, by the first one; all in that order."""
    contents: dict[bytes, list[int]] = {}
    for row in sorted(range(len(photos)), key=places.__getitem__):
        contents.setdefault(photos[row].content, []).append(row)
    return {rows[0]: rows for rows in contents.values()}


def _apart(library: Library, copies: Mapping[int, list[int]]) -> set[Link]:
    """The contents that are said to be different, and those of one shot.

    A RAW is no duplicate of its JPEG, nor an edit of its photo: somebody wanted both.
    """
    photos = library.photos
    of_one_shot = {(photos[one].content, photos[other].content) for one, other in partners(photos)}
    apart = library.ignored.pairs | of_one_shot
    row_of = {photos[row].content: row for row in copies} if apart else {}
    return {
        pair(row_of[one], row_of[other])
        for one, other in apart
        if one in row_of and other in row_of and one != other
    }


def _ranks(
    photos: Sequence[Photo], copies: Mapping[int, list[int]], rows: Collection[int], order: Order
) -> dict[int, int]:
    """By row how good its content is, the best is 0: the best copy of each stands for it."""
    ranks: dict[int, int] = {}
    row_of = {photos[each].path: row for row in rows for each in copies[row]}
    asked = [photos[each] for row in rows for each in copies[row]]
    for place, photo in enumerate(order(asked)):
        ranks.setdefault(row_of[photo.path], place)
    return ranks


def _chosen(
    photos: Sequence[Photo],
    copies: Mapping[int, list[int]],
    related: Mapping[Link, Verdict],
    collages: Set[int],
    choose: Choose,
    unit: Unit,
) -> Unit:
    """A unit with the row first that is to be kept, of those that can be."""
    pictures = possible_middles(photos, unit, related, collages)
    rows = [row for picture in pictures for row in picture]
    if len(rows) == 1:
        return unit
    kept = choose(
        [[photos[each] for row in picture for each in copies[row]] for picture in pictures]
    )
    best = next(row for row in rows if photos[row].content == kept.content)
    return (best, *(row for row in unit if row != best))


def _made(
    library: Library,
    units: Sequence[Sequence[Sequence[int]]],
    places: Sequence[int],
    related: Mapping[Link, Verdict],
    order: Order,
) -> list[Group]:
    """The groups of some contents, given by the rows of each, the one to keep first."""
    photos = library.photos
    kept: list[Photo] = []
    members: list[dict[int, Member]] = []
    edited: list[tuple[dict[int, Member], Sequence[int], Asked]] = []
    for best, *others in units:
        kept.append(photos[best[0]] if len(best) == 1 else order(photos[row] for row in best)[0])
        members.append(dict.fromkeys(best, Member(Relation.SAME_FILE)))
        for rows in others:
            relation, evidence = _proved(photos, best[0], rows[0], related)
            members[-1] |= dict.fromkeys(rows, Member(relation))
            if relation is Relation.SAME_PICTURE and evidence is not None:
                edited.append((members[-1], rows, (kept[-1], photos[rows[0]], evidence)))
    # the words for all at once: one by one they were half of what a group costs
    words = named_edits([asked for *_, asked in edited])
    for (found, rows, _), edit in zip(edited, words, strict=True):
        found |= dict.fromkeys(rows, Member(Relation.SAME_PICTURE, edit))
    ordered = [sorted(found, key=places.__getitem__) for found in members]
    ends = np.cumsum([len(rows) for rows in ordered], dtype=np.int64)
    together = np.array([row for rows in ordered for row in rows], np.int64)
    vectors = np.split(library.vectors[together], ends)[: len(ordered)]
    made = zip(ordered, farthest(library.vectors, ordered), vectors, kept, members, strict=True)
    return [
        Group(
            photos=tuple(photos[row] for row in rows),
            spread=spread,
            vectors=its,
            kept=first,
            members=tuple(found[row] for row in rows),
        )
        for rows, spread, its, first, found in made
    ]


def _proved(
    photos: Sequence[Photo], best: int, row: int, related: Mapping[Link, Verdict]
) -> tuple[Relation, Evidence | None]:
    """What another content is to the best one, and by what it is proved."""
    if same_pixels(photos[best], photos[row]):
        return Relation.SAME_PIXELS, None
    verdict = related.get(pair(best, row))
    return (verdict.relation, verdict.evidence) if verdict else (Relation.LOOK_ALIKE, None)
