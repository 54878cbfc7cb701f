"""The middle and the name of each cluster, remembered: found only for those that change."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from dedupe.index.facts import names_of_lists
from dedupe.index.library import Library
from dedupe.matching.sets.named import Columns, Named, columns_of

# Goes up with every change of how clusters are named.
_VERSION = 1

_THINGS = {"sizes": "<i4", "middles": "<i4", "said": "<i4"}

COLUMNS = columns_of(_THINGS, {})
"""Of each cluster how many contents it has, the place of its middle among them, and its name."""

_Rows = npt.NDArray[np.int64]
_Said = tuple[int, str]


def known_names(
    library: Library,
    found: Sequence[_Rows],
    rests_on: bytes,
    name: Callable[[Sequence[_Rows]], list[_Said]],
    *,
    worth: bool,
) -> list[_Said]:
    """The row in the middle of each cluster, and its name.

    Args:
        library: that they are of.
        found: rows of each, one at least, in an order that settles ties.
        rests_on: what decides names beside what is known of their photos.
        name: finds them for some clusters.
        worth: whether they are remembered, where all facts of photos have names.
    """
    if not worth or not library.key or not found:
        return name(found)
    rows = np.searchsorted(library.first_rows, np.concatenate(found))
    sizes = np.array([len(members) for members in found], np.int64)
    names = names_of_lists(library.fact_keys, rows, sizes)
    table = Named(library, "names", (b"%d" % _VERSION, rests_on), _THINGS, {})
    if not _are_sound(table.known, len(table.words)):
        table.forget()
    place = table.places(names)
    there = place >= 0
    there[there] = table.known["sizes"][place[there]] == sizes[there]
    here = table.of(place[there])
    told = iter(zip(here["middles"].tolist(), here["said"].tolist(), strict=True))
    new = [members for members, its in zip(found, there.tolist(), strict=True) if not its]
    answers = name(new)
    if new:
        _remember(table, place[there], names[~there], new, answers)
    found_now = iter(answers)

    def known(members: _Rows) -> _Said:
        middle, said = next(told)
        return int(members[middle]), table.words[said]

    return [
        known(members) if its else next(found_now)
        for members, its in zip(found, there.tolist(), strict=True)
    ]


def _remember(
    table: Named,
    here: _Rows,
    names: npt.NDArray[np.uint64],
    new: Sequence[_Rows],
    answers: Sequence[_Said],
) -> None:
    """Some clusters more."""
    columns: Columns = {
        "names": names.reshape(-1),
        "sizes": np.array([len(members) for members in new]),
        "middles": np.array(
            [
                int((members == middle).argmax())
                for members, (middle, _) in zip(new, answers, strict=True)
            ]
        ),
        "said": np.array(table.numbers_of(words for _, words in answers)),
    }
    table.write(here, columns, said="said")


def _are_sound(found: Columns, words: int) -> bool:
    """Whether these can be said of clusters: the seal tells of damage, not of who wrote them."""
    middles, said = found["middles"], found["said"]
    return bool(
        ((middles >= 0) & (middles < found["sizes"])).all() and ((said >= 0) & (said < words)).all()
    )
