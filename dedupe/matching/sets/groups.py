"""Tight sets of photos: verified to be one picture, moment or scene, or look-alikes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.library import Library
from dedupe.matching.near.distances import Pairs
from dedupe.matching.near.remembered import near_pairs
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.chosen import chosen
from dedupe.matching.sets.contents import Contents, contents_of
from dedupe.matching.sets.joining import Unit, near, without
from dedupe.matching.sets.made import Made, Member, made_of
from dedupe.matching.sets.proved import Proved, proved_sets
from dedupe.matching.sets.remembered_sets import RememberedSets
from dedupe.matching.sets.verdicts import Verdicts
from dedupe.matching.sets.verified import Choose, Order, Wins, default_name, largest_first, nobody
from dedupe.photos.photo import Photo
from dedupe.uncollected import uncollected


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more photos, each verified against the one that is kept, or all near each other.

    Attributes:
        photos: sorted by path, so that the same library prints the same way twice.
        spread: the largest L2 distance between any two of them, in seed units.
        all_vectors: (N, D) float16, of the library; 30,000 of 100,000 rows took 0.15 s to copy.
        kept: the one that the others were verified against, one of `photos`.
        members: of each of `photos`, what it is to `kept`; of `kept` itself the same file.
        rows: where their vectors are in `all_vectors`; as they come if none is given.
    """

    photos: tuple[Photo, ...]
    spread: float
    all_vectors: npt.NDArray[np.floating] = field(compare=False, repr=False)
    kept: Photo
    members: tuple[Member, ...]
    rows: tuple[int, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.photos) < 2:
            raise ValueError(f"a group needs at least 2 photos, got {len(self.photos)}")

    @property
    def vectors(self) -> npt.NDArray[np.floating]:
        """(k, D) float16, the embeddings of `photos`, row by row, as the library has them."""
        return self.all_vectors[list(self.rows)] if self.rows else self.all_vectors

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
    known_as: str = "",
    device: str = "auto",
) -> list[Group]:
    """Sets of photos that belong together, each photo in at most one.

    From the strongest relation to the weakest: the photo that most others are proved to be one
    picture with (the best of equal ones) takes these, then likewise of its moment, then of its
    scene, whole sets at a time; what is left is joined where every two photos are within
    `threshold`, but never two sets of several shots each. So every member of a set is verified
    against the one that is kept, or within the threshold of it; nothing is chained.

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
        known_as: stands for `order`, `wins` and `choose`, as given to `verify`; then what is
            proved is remembered with the verdicts, and another threshold only joins it anew.
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
        # of what faiss looked for some may be missing
        listed = verdicts.near if verdicts and verdicts.recall is None else None
        pairs = near_pairs(library, threshold, listed=listed, device=device)
    related = verdicts.related if verdicts else {}
    with uncollected():
        contents = contents_of(library, order)
        name = known_as or ("" if choose else default_name(order, wins))
        memory = _memory(library, verdicts, relation, name, chooses=choose is not None)
        proved = memory.read(contents) if memory is not None else None
        if proved is None:
            proved = proved_sets(library, contents, related, relation, wins)
        units = _units(proved, contents, pairs)
        new = [unit for unit in units if unit not in proved.made]
    best_first, unsettled = chosen(new, contents, related, proved.collages, choose)
    with uncollected():
        made = dict(zip(new, made_of(best_first, contents, related, library.vectors), strict=True))
        sets = [made.get(unit) or proved.made[unit] for unit in units]
        sets.sort(key=lambda each: (_weakest(each), each.spread, contents.places[each.rows[0]]))
        groups = _groups(library, sets)
        known = set(proved.units) - unsettled
        # copies of one file are a set whatever else is
        lasting = {unit: made[unit] for unit in new if len(unit) == 1 or unit in known}
        if memory is not None and lasting:
            memory.add(proved, lasting)
    return groups


def _memory(
    library: Library, verdicts: Verdicts | None, relation: Relation, name: str, *, chooses: bool
) -> RememberedSets | None:
    """Where the proved sets are remembered; None where they are not."""
    if verdicts is None or not verdicts.key or not name:
        return None
    rests_on = f"{relation.name} {chooses} {name}"
    return RememberedSets(library, (verdicts.key, rests_on.encode()))


def _units(proved: Proved, contents: Contents, pairs: Pairs | None) -> list[Unit]:
    """The contents of each set: what is proved, joined where all are near each other."""
    copies = contents.copies
    units = proved.units
    linked = {row for unit in units for row in unit}
    if pairs is not None:
        paired = {*pairs.a.tolist(), *pairs.b.tolist()}
        units = [*units, *((row,) for row in sorted(paired - linked))]
        linked |= paired
        pairs = without(pairs, proved.apart)
        units = near(units, contents.places, pairs, contents.ranks, proved.shots)
    units = [*units, *((row,) for row in copies if row not in linked)]
    return [unit for unit in units if len(unit) > 1 or len(copies[unit[0]]) > 1]


def _weakest(its: Made) -> Relation:
    return max(member.relation for member in its.members)


def _groups(library: Library, sets: Sequence[Made]) -> list[Group]:
    """The groups that sets of rows are."""
    photos = library.photos
    return [
        Group(
            photos=tuple(map(photos.__getitem__, each.rows)),
            spread=each.spread,
            all_vectors=library.vectors,
            kept=photos[each.kept],
            members=each.members,
            rows=each.rows,
        )
        for each in sets
    ]
