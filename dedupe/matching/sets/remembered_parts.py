"""The proved sets of what hangs together, remembered: photos more change only their own."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from dedupe.index.library import Library
from dedupe.matching.sets.hanging import Hanging
from dedupe.matching.sets.named import Columns, Named, columns_of, cut
from dedupe.matching.sets.proved import Proved

# Goes up with every change of which sets the same verdicts make.
_VERSION = 4

_THINGS = {"sizes": "<i4", "counts": "<i4"}
_MEMBERS = {
    "units": ("<i4", "sizes"),
    "marks": ("u1", "sizes"),
    "lengths": ("<i4", "counts"),
}
COLUMNS = columns_of(_THINGS, _MEMBERS)
"""Of each part how many contents and units it has. Its contents by their place in it, unit by
unit; which of them, by their place, are collages or keep photos of another shot; how many
contents each unit has."""

_COLLAGE, _SHOT = 1, 2


class RememberedParts:
    """Where the units of parts of a library are remembered; only a cache."""

    def __init__(self, library: Library, rests_on: Iterable[bytes]) -> None:
        """Read what there is.

        Args:
            library: from an index.
            rests_on: what decides its sets, beside what the parts are named by.
        """
        version = b"%d" % _VERSION
        self._table = Named(library, "parts", (version, *rests_on), _THINGS, _MEMBERS)
        if not _are_sound(self._table.known):
            self._table.forget()

    def recall(self, parts: Hanging) -> tuple[Proved, npt.NDArray[np.bool_]]:
        """What is remembered of some parts, and (K,) bool, of which nothing is.

        Args:
            parts: K of them.
        """
        place = self._places(parts)
        here = place >= 0
        found = self._table.of(place[here])
        rows = parts.of_parts(here)
        starts = np.cumsum(found["sizes"], dtype=np.int64) - found["sizes"]
        contents = rows[found["units"] + np.repeat(starts, found["sizes"])]
        proved = Proved(
            units=list(cut(contents.tolist(), found["lengths"].tolist())),
            collages=frozenset(rows[found["marks"] & _COLLAGE > 0].tolist()),
            apart=frozenset(),
            shots=frozenset(rows[found["marks"] & _SHOT > 0].tolist()),
        )
        return proved, ~here

    def _places(self, parts: Hanging) -> npt.NDArray[np.int64]:
        place = self._table.places(parts.names)
        known = place >= 0
        # of equal names they are the same, unless somebody made them up
        known[known] = self._table.known["sizes"][place[known]] == parts.sizes[known]
        return np.where(known, place, -1)

    def add(self, parts: Hanging, is_new: npt.NDArray[np.bool_], new: Proved) -> None:
        """Remember some parts more.

        Args:
            parts: those of the library.
            is_new: which were not known.
            new: what is proved of these.
        """
        rows = parts.of_parts(is_new).tolist()
        sizes = parts.sizes[is_new]
        starts = np.cumsum(sizes) - sizes
        part = dict(zip(rows, np.repeat(np.arange(len(sizes)), sizes).tolist(), strict=True))
        local = dict(
            zip(rows, (np.arange(len(rows)) - np.repeat(starts, sizes)).tolist(), strict=True)
        )
        units = sorted(new.units, key=lambda unit: part[unit[0]])
        counts = np.bincount([part[unit[0]] for unit in units], minlength=len(sizes))
        marks = [_COLLAGE * (row in new.collages) + _SHOT * (row in new.shots) for row in rows]
        columns: Columns = {
            "names": parts.names[is_new].reshape(-1),
            "sizes": sizes,
            "counts": counts,
            "units": np.array([local[row] for unit in units for row in unit], np.int64),
            "lengths": np.array([len(unit) for unit in units], np.int64),
            "marks": np.array(marks, np.uint8),
        }
        self._table.write(self._places(parts)[~is_new], columns)


def _are_sound(found: Columns) -> bool:
    """Whether these can be units: the seal tells of damage, not of who wrote them."""
    sizes, counts, units = found["sizes"].astype(np.int64), found["counts"], found["units"]
    room = np.repeat(sizes, sizes)
    starts = np.cumsum(sizes) - sizes
    contents = units + np.repeat(starts, sizes)
    if not ((units >= 0) & (units < room)).all() or len(np.unique(contents)) != len(contents):
        return False
    if not (found["lengths"] > 0).all():
        return False
    ends = np.cumsum(found["lengths"], dtype=np.int64)
    last = np.cumsum(counts, dtype=np.int64) - 1
    return bool(np.array_equal(ends[last], np.cumsum(sizes))) if len(sizes) else not len(units)
