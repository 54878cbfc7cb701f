"""Tight sets of photos: verified to be one picture, moment or scene, or look-alikes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.library import Library
from dedupe.matching.near.distances import Pairs
from dedupe.matching.near.remembered import near_pairs
from dedupe.matching.pairs.examination import method
from dedupe.matching.pairs.related import Related, none_related
from dedupe.matching.pairs.relations import RULES, Relation
from dedupe.matching.sets.asking import Order, Wins
from dedupe.matching.sets.chosen import chosen
from dedupe.matching.sets.contents import Contents, contents_of
from dedupe.matching.sets.hanging import Naming, hanging
from dedupe.matching.sets.joining import Joint, as_unit, near, of_same_pixels, without
from dedupe.matching.sets.labels import photos_of_each
from dedupe.matching.sets.made import Made, Member, made_of
from dedupe.matching.sets.proved import Proved, apart_of, proved_sets
from dedupe.matching.sets.remembered_parts import RememberedParts
from dedupe.matching.sets.remembered_sets import RememberedSets
from dedupe.matching.sets.verdicts import Verdicts
from dedupe.matching.sets.verified import Choose, default_name, largest_first, nobody
from dedupe.photos.photo import Photo
from dedupe.uncollected import uncollected


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more photos, each verified against the one that is kept, or all near each other.

    Attributes:
        photos: sorted by path, so that the same library prints the same way twice.
        spread: the largest L2 distance between any two of them, in seed units.
        all_vectors: (N, D) float16, of the library; 30,000 of 100,000 rows took 0.15 s to copy.
        kept_place: which of `photos` is the one that is kept: the others were verified against it.
        members: of each of `photos`, what it is to that one; of itself the same file.
        rows: where their vectors are in `all_vectors`; as they come if none is given.
    """

    photos: Sequence[Photo]
    spread: float
    all_vectors: npt.NDArray[np.floating] = field(compare=False, repr=False)
    kept_place: int
    members: tuple[Member, ...]
    rows: tuple[int, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.photos) < 2:
            raise ValueError(f"a group needs at least 2 photos, got {len(self.photos)}")

    @property
    def kept(self) -> Photo:
        """The photo that the others were verified against."""
        return self.photos[self.kept_place]

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
            proved is remembered, and another threshold only joins it anew.
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
    related = verdicts.related if verdicts else none_related()
    with uncollected():
        contents = contents_of(library, order)
        name = known_as or ("" if choose else default_name(order, wins))
        rests_on = f"{relation.name} {RULES} {method()} {name}".encode()
        # a library that is not as an index gave it is not known by a name
        is_known = verdicts is not None and verdicts.key and library.key and name
        naming = Naming(library, related) if is_known else None
        proved = _proved(library, contents, related, relation, wins, naming, rests_on)
        joints = _joints(proved, contents, pairs)
        said: dict[Joint, Made] = {}
        if naming is not None:
            memory = RememberedSets(naming, contents, (rests_on, b"%d" % (choose is not None)))
            said = memory.recall(joints, proved.collages)
        new = [joint for joint in joints if joint not in said]
        ranks = contents.ranks([unit[0] for joint in new if len(joint) > 1 for unit in joint])
        units = [as_unit(joint, ranks) for joint in new]
    best_first, unsettled = chosen(units, contents, related, proved.collages, choose)
    with uncollected():
        made = made_of(best_first, contents, related, library.vectors)
        lasting = {
            joint: its
            for joint, unit, its in zip(new, units, made, strict=True)
            if unit not in unsettled
        }
        if naming is not None and lasting:
            memory.add(lasting)
        sets = [*said.values(), *made]
        sets.sort(key=lambda each: (_weakest(each), each.spread, contents.places[each.rows[0]]))
        return _groups(library, sets)


def _proved(
    library: Library,
    contents: Contents,
    related: Related,
    relation: Relation,
    wins: Wins,
    naming: Naming | None,
    rests_on: bytes,
) -> Proved:
    """The proved sets; those of parts that have a name are remembered."""
    apart = apart_of(library)
    by_pixels = relation >= Relation.SAME_PIXELS
    equal = of_same_pixels(contents.photos, contents.copies) if by_pixels else []
    if naming is None:
        return proved_sets(contents, related, equal, apart, relation, wins)
    parts = hanging(naming, equal, relation)
    memory = RememberedParts(library, (rests_on,))
    known, is_new = memory.recall(parts)
    rows = set(parts.of_parts(is_new).tolist())
    if not rows:
        return replace(known, apart=apart)
    makes = (related.relations <= relation) & np.isin(related.pairs[:, 0], list(rows))
    some = [its for its in equal if its[0] in rows]
    new = proved_sets(contents, related.at(makes), some, apart, relation, wins)
    memory.add(parts, is_new, new)
    return Proved(
        units=[*known.units, *new.units],
        collages=known.collages | new.collages,
        apart=apart,
        shots=known.shots | new.shots,
    )


def _joints(proved: Proved, contents: Contents, pairs: Pairs | None) -> list[Joint]:
    """The units of each set: what is proved, together where all are near each other."""
    copies, units = contents.copies, proved.units
    linked = {row for unit in units for row in unit}
    if pairs is None:
        joints: list[Joint] = [(unit,) for unit in units]
    else:
        paired = {*pairs.a.tolist(), *pairs.b.tolist()}
        units = [*units, *((row,) for row in sorted(paired - linked))]
        linked |= paired
        joints = near(units, contents.places, without(pairs, proved.apart), proved.shots)
    several = [
        joint
        for joint in joints
        if len(joint) > 1 or len(joint[0]) > 1 or len(copies[joint[0][0]]) > 1
    ]
    copied = ((its[0],) for its in contents.copied if its[0] not in linked)
    return [*several, *((unit,) for unit in copied)]


def _weakest(its: Made) -> Relation:
    return max(member.relation for member in its.members)


def _groups(library: Library, sets: Sequence[Made]) -> list[Group]:
    """The groups that sets of rows are."""
    photos = photos_of_each(library.photos, [each.rows for each in sets])
    return [
        Group(
            photos=its,
            spread=each.spread,
            all_vectors=library.vectors,
            kept_place=each.rows.index(each.kept),
            members=each.members,
            rows=each.rows,
        )
        for each, its in zip(sets, photos, strict=True)
    ]
