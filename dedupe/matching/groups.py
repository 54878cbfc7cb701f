"""Tight sets of photos: verified to be one picture, moment or scene, or look-alikes."""

import os
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.library import Library
from dedupe.matching.collages import without_collages
from dedupe.matching.crew import Crew
from dedupe.matching.distances import Pairs
from dedupe.matching.edits import named_edit
from dedupe.matching.linkage import complete_linkage
from dedupe.matching.middle import possible_middles
from dedupe.matching.relations import Relation, same_pixels
from dedupe.matching.remembered import near_pairs
from dedupe.matching.stars import Link, pair, stars
from dedupe.matching.verdicts import Verdict, Verdicts
from dedupe.matching.verified import Choose, Order, Wins, largest_first, nobody
from dedupe.photos.photo import Photo
from dedupe.photos.shots import partners

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
        vectors: (k, D) float32, the embeddings of `photos`, row by row.
        kept: the one that the others were verified against, one of `photos`.
        members: of each of `photos`, what it is to `kept`; of `kept` itself the same file.
    """

    photos: tuple[Photo, ...]
    spread: float
    vectors: npt.NDArray[np.float32] = field(compare=False, repr=False)
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
    copies = _copies(library)
    # the best copy of each content stands for it
    rank = {photo.path: place for place, photo in enumerate(order(library.photos))}
    ranks = {row: min(rank[library.photos[each].path] for each in copies[row]) for row in copies}
    chosen = {row for row in copies if any(wins(library.photos[each]) for each in copies[row])}
    related = verdicts.related if verdicts else {}
    apart = _apart(library, copies)
    units: list[tuple[int, ...]] = [(row,) for row in copies]
    if relation >= Relation.SAME_PIXELS:
        units = stars(units, _same_pixels(library, ranks), ranks, apart)
    collages: Set[int] = frozenset()
    for level in _VERIFIED:
        if level <= relation:
            units, found = _joined(library, units, related, level, ranks, chosen, apart)
            collages |= found
    if relation is Relation.LOOK_ALIKE:
        units = _near(library, units, threshold, ranks, apart, device)
    units = [unit for unit in units if len(unit) > 1 or len(copies[unit[0]]) > 1]
    if choose is not None:
        one = partial(_chosen, library, copies, related, collages, choose)
        with Crew(0) as crew:  # reading a file leaves Python's lock to others
            units = list(crew.map(one, units))
    groups = [_group(library, [copies[row] for row in unit], related, rank) for unit in units]
    return sorted(
        groups,
        key=lambda group: (group.relation, group.spread, os.fsencode(group.photos[0].path)),
    )


def _copies(library: Library) -> dict[int, list[int]]:
    """Of each content the rows, by the row whose path is first."""
    contents: dict[bytes, list[int]] = {}
    photos = library.photos
    for row in sorted(range(len(photos)), key=lambda row: os.fsencode(photos[row].path)):
        contents.setdefault(photos[row].content, []).append(row)
    return {rows[0]: rows for rows in contents.values()}


def _apart(library: Library, copies: Mapping[int, list[int]]) -> set[Link]:
    """The contents that are said to be different, and those of one shot.

    A RAW is no duplicate of its JPEG, nor an edit of its photo: somebody wanted both.
    """
    photos = library.photos
    row_of = {photos[row].content: row for row in copies}
    of_one_shot = {(photos[one].content, photos[other].content) for one, other in partners(photos)}
    return {
        pair(row_of[one], row_of[other])
        for one, other in library.ignored.pairs | of_one_shot
        if one in row_of and other in row_of and one != other
    }


def _same_pixels(library: Library, ranks: Mapping[int, int]) -> set[Link]:
    """The best of all contents of the same pixels with each of the others, by their hashes."""
    links: set[Link] = set()
    best: dict[bytes, int] = {}
    for row in sorted(ranks, key=lambda row: ranks[row]):
        photo = library.photos[row]
        if same_pixels(photo, photo) and best.setdefault(photo.pixel_hash, row) != row:
            links.add(pair(best[photo.pixel_hash], row))
    return links


def _joined(
    library: Library,
    units: list[tuple[int, ...]],
    related: Mapping[Link, Verdict],
    level: Relation,
    ranks: Mapping[int, int],
    chosen: set[int],
    apart: set[Link],
) -> tuple[list[tuple[int, ...]], Set[int]]:
    """Units around the best ones, by what is proved to be of `level` and stronger; collages."""
    collages: Set[int] = frozenset()
    if level is Relation.SAME_PICTURE:
        links, collages = without_collages(library.photos, related)
        # a collage may be a member, and keeps nobody
        ranks = {row: rank + len(ranks) * (row in collages) for row, rank in ranks.items()}
        chosen = chosen - collages
    else:
        links = {each for each, verdict in related.items() if verdict.relation <= level}
    return stars(units, links, ranks, apart, chosen=chosen), collages


def _chosen(
    library: Library,
    copies: Mapping[int, list[int]],
    related: Mapping[Link, Verdict],
    collages: Set[int],
    choose: Choose,
    unit: tuple[int, ...],
) -> tuple[int, ...]:
    """A unit with the row first that is to be kept, of those that can be."""
    pictures = possible_middles(library.photos, unit, related, collages)
    rows = [row for picture in pictures for row in picture]
    if len(rows) == 1:
        return unit
    kept = choose(
        [[library.photos[each] for row in picture for each in copies[row]] for picture in pictures]
    )
    best = next(row for row in rows if library.photos[row].content == kept.content)
    return (best, *(row for row in unit if row != best))


def _near(
    library: Library,
    units: list[tuple[int, ...]],
    threshold: float,
    ranks: Mapping[int, int],
    apart: set[Link],
    device: str,
) -> list[tuple[int, ...]]:
    """Units of which every two photos are within the threshold, joined; the others as they were."""
    # units by number, in the order of their first path: ties end with the path
    first = {row: place for place, row in enumerate(ranks)}
    units = sorted(units, key=lambda unit: min(first[row] for row in unit))
    home = np.zeros(len(library.photos), np.int64)
    for number, unit in enumerate(units):
        home[list(unit)] = number
    pairs = _without(near_pairs(library, threshold, device=device), apart)
    linked = complete_linkage(_whole(pairs, home, np.array([len(unit) for unit in units])))
    joined = []
    for cluster in linked:
        together = sorted((units[each] for each in cluster.tolist()), key=lambda u: ranks[u[0]])
        joined.append(tuple(row for unit in together for row in unit))
    alone = set(range(len(units))).difference(*(cluster.tolist() for cluster in linked))
    return joined + [units[each] for each in sorted(alone)]


def _without(pairs: Pairs, apart: set[Link]) -> Pairs:
    """Pairs but for some: of their units not every two are pairs, so they are not joined."""
    if not apart:
        return pairs
    # one number for each pair: rows are below 2**31
    barred = np.array([one << 32 | other for one, other in apart], np.int64)
    here = ~np.isin(pairs.a << 32 | pairs.b, barred)
    return Pairs(pairs.a[here], pairs.b[here], pairs.distance[here])


def _whole(pairs: Pairs, home: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> Pairs:
    """Pairs of units of which all members are pairs, at the distance of the farthest two."""
    a, b = home[pairs.a], home[pairs.b]
    apart = a != b
    a, b, distance = np.minimum(a, b)[apart], np.maximum(a, b)[apart], pairs.distance[apart]
    order = np.lexsort((b, a))
    a, b, distance = a[order], b[order], distance[order]
    new = np.ones(len(a), np.bool_)
    new[1:] = (np.diff(a) != 0) | (np.diff(b) != 0)
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, len(a)))
    farthest = np.maximum.reduceat(distance, starts) if len(starts) else distance
    a, b = a[starts], b[starts]
    full = counts == sizes[a] * sizes[b]
    return Pairs(a[full], b[full], farthest[full])


def _group(
    library: Library,
    copies: list[list[int]],
    related: Mapping[Link, Verdict],
    rank: Mapping[Path, int],
) -> Group:
    """The group of some contents, given by the rows of each, the one to keep first."""
    photos = library.photos
    best = copies[0][0]
    kept = min((photos[row] for row in copies[0]), key=lambda photo: rank[photo.path])
    found: dict[int, Member] = {}
    for rows in copies:
        member = _member(library, best, rows[0], kept, related)
        found |= dict.fromkeys(rows, member)
    ordered = sorted(found, key=lambda row: os.fsencode(photos[row].path))
    vectors = library.vectors[ordered].astype(np.float32)
    return Group(
        photos=tuple(photos[row] for row in ordered),
        spread=_spread(vectors),
        vectors=vectors,
        kept=kept,
        members=tuple(found[row] for row in ordered),
    )


def _member(
    library: Library, best: int, row: int, kept: Photo, related: Mapping[Link, Verdict]
) -> Member:
    if row == best:
        return Member(Relation.SAME_FILE)
    if same_pixels(kept, library.photos[row]):
        return Member(Relation.SAME_PIXELS)
    verdict = related.get(pair(best, row))
    if verdict is None:
        return Member(Relation.LOOK_ALIKE)
    if verdict.relation is Relation.SAME_PICTURE and verdict.evidence is not None:
        return Member(verdict.relation, named_edit(kept, library.photos[row], verdict.evidence))
    return Member(verdict.relation)


def _spread(vectors: npt.NDArray[np.float32]) -> float:
    """The largest distance between any two rows."""
    # np.unique along an axis took 18 ms for three rows, most of all that a run needs
    different = {row.tobytes(): row for row in vectors}
    exact = np.stack(list(different.values())).astype(np.float64)
    squares = np.einsum("ij,ij->i", exact, exact)
    # the product nominates the farthest partner of each row, subtraction measures it
    partners = [(squares - 2 * (exact @ row)).argmax() for row in exact]
    return float(np.linalg.norm(exact - exact[partners], axis=1).max(initial=0.0))
