"""What there is to say of each set, remembered: it is put together anew only where it changes."""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.contents import Contents
from dedupe.matching.sets.hanging import Naming
from dedupe.matching.sets.joining import Joint
from dedupe.matching.sets.labels import in_one, lengths_of
from dedupe.matching.sets.made import Made, Member
from dedupe.matching.sets.named import Columns, Named, columns_of, cut

# Goes up with every change of what is said of the same set.
_VERSION = 5

_THINGS = {"sizes": "<i4", "kept": "<i4", "spreads": "<f8"}
_MEMBERS = {"relations": ("u1", "sizes"), "edits": ("<i4", "sizes")}
COLUMNS = columns_of(_THINGS, _MEMBERS)
"""Of each set how many photos it has, which of them by path is kept, and how wide it is; of each
photo, by path, what it is to that one, and by which edit."""


class RememberedSets:
    """Where what is said of sets is remembered; only a cache."""

    def __init__(self, naming: Naming, contents: Contents, rests_on: Iterable[bytes]) -> None:
        """Read what there is.

        Args:
            naming: of the contents of a library from an index.
            contents: these.
            rests_on: what decides who is kept, beside what the sets are named by.
        """
        self._naming, self._contents = naming, contents
        version = b"%d" % _VERSION
        self._table = Named(naming.library, "sets", (version, *rests_on), _THINGS, _MEMBERS)
        if not _are_sound(self._table.known, len(self._table.words)):
            self._table.forget()

    def recall(self, joints: Sequence[Joint], collages: Set[int]) -> dict[Joint, Made]:
        """What is known of some sets.

        Args:
            joints: of two photos or more, disjoint.
            collages: rows that keep nobody.
        """
        names = self._naming.names_of_sets(joints, collages)
        self._asked = dict(zip(joints, names, strict=True))
        place = self._table.places(names)
        rows, sizes = self._photos(joints)
        known = place >= 0
        known[known] = self._table.known["sizes"][place[known]] == sizes[known]
        self._here = place[known]
        found, rows = self._table.of(self._here), rows[np.repeat(known, sizes)]
        words = self._table.words
        member = cache(lambda relation, edit: Member(Relation(relation), words[edit]))
        members = list(map(member, found["relations"].tolist(), found["edits"].tolist()))
        lengths = found["sizes"].tolist()
        starts = np.cumsum(found["sizes"], dtype=np.int64) - found["sizes"]
        kept = rows[starts + found["kept"]].tolist()
        its = cut(rows.tolist(), lengths), kept, cut(members, lengths), found["spreads"].tolist()
        some = (joint for joint, is_known in zip(joints, known.tolist(), strict=True) if is_known)
        return dict(zip(some, map(Made, *its), strict=True))

    def _photos(
        self, joints: Sequence[Joint]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The rows of the photos of sets, each by path, one behind the other; how many each."""
        places = np.asarray(self._contents.places)
        rows, sizes = in_one(list(chain.from_iterable(joints)))
        # of each row its set; of the few that have copies these, too
        home = np.full(len(places), -1)
        home[rows] = np.repeat(np.repeat(np.arange(len(joints)), lengths_of(joints)), sizes)
        each = [(first, other) for first, *others in self._contents.copied for other in others]
        first, other = np.array(each, np.int64).reshape(-1, 2).T
        home[other] = home[first]
        rows = np.concatenate([rows, other[home[other] >= 0]])
        order = np.lexsort((places[rows], home[rows]))
        return rows[order], np.bincount(home[rows], minlength=len(joints))

    def add(self, lasting: Mapping[Joint, Made]) -> None:
        """Remember what is said of more of the sets that `recall` was asked about last.

        Args:
            lasting: by set; what would not be said again next time is not among it.
        """
        members = [member for made in lasting.values() for member in made.members]
        names = [self._asked[joint] for joint in lasting]
        columns: Columns = {
            "names": np.concatenate(names),
            "sizes": np.array([len(made.rows) for made in lasting.values()]),
            "kept": np.array([made.rows.index(made.kept) for made in lasting.values()]),
            "spreads": np.array([made.spread for made in lasting.values()]),
            "relations": np.array([member.relation for member in members], np.uint8),
            "edits": np.array(self._table.numbers_of(member.edit for member in members)),
        }
        self._table.write(self._here, columns, said="edits")


def _are_sound(found: Columns, words: int) -> bool:
    """Whether these can be said of sets: the seal tells of damage, not of who wrote them."""
    sizes, kept, edits = found["sizes"], found["kept"], found["edits"]
    return bool(
        (sizes > 1).all()
        and ((kept >= 0) & (kept < sizes)).all()
        and (found["relations"] <= max(Relation)).all()
        and ((edits >= 0) & (edits < words)).all()
    )
