"""What was clustered part by part, remembered: photos more ask only for what they change."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import xxhash

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.facts import names_of_lists, names_of_pairs, places_among
from dedupe.index.library import Library
from dedupe.matching.sets.apart import Together
from dedupe.matching.sets.labels import lengths_of, pieces

COLUMNS = {
    **{"photos": "<i8", "parts": "u1", "sizes": "<i4", "labels": "<i2"},
    **{"clusters": "u1", "pairs": "<i4", "met": "<u8", "away": "<f4"},
}
"""How many photos there were; keys of parts, their sizes, and the clusters of their photos by
number; keys of clusters, and pairs of them that are near; of photos that were met one after the
other the codes, in order, and how far they are."""

_KEY = 16

_Rows = npt.NDArray[np.int64]
_Names = npt.NDArray[np.uint64]


class RememberedKinds:
    """What is known of parts of a library by all that decides it: a cache, and no history.

    A part, or a cluster, is known by the contents, vectors, times and places of its photos, in
    their order. So what comes out is the same, whatever was remembered.
    """

    def __init__(self, library: Library, rows: _Rows, rests_on: bytes, *, worth: bool) -> None:
        """Read what there is.

        Args:
            library: from an index.
            rows: of its photos, by which all other rows here are counted.
            rests_on: what decides clusters beside photos.
            worth: whether anything is to be remembered.
        """
        self._file: AnswerFile | None = None
        self._photos = 0
        self._parts: _Names = np.empty((0, 2), np.uint64)
        self._sizes = np.empty(0, np.int64)
        self._labels: npt.NDArray[np.int16] = np.empty(0, np.int16)
        self._parts_now = [self._parts]
        self._labels_now: list[npt.NDArray[np.integer]] = [self._labels]
        self._clusters = self._clusters_now = self._parts
        self._pairs = self._found = np.empty((0, 2), np.int64)
        nobody = np.empty(0, np.uint64), np.empty(0, np.float32)
        self._met = nobody
        self._met_now = [nobody]
        if not worth:
            return
        self._file = AnswerFile(library.index, library.encoder.fingerprint, "kinds", COLUMNS, 1)
        self._key = answer_key((rests_on,))
        self._keys = _keys(library, rows)
        known = self._file.read(self._key)
        if known is not None and _is_sound(known):
            self._recall(known)

    def _recall(self, known: dict[str, npt.NDArray[np.generic]]) -> None:
        self._parts, self._clusters = (
            known[name].view(np.uint64).reshape(-1, 2) for name in ("parts", "clusters")
        )
        self._sizes = known["sizes"].astype(np.int64)
        self._labels = known["labels"].astype(np.int16)
        self._photos = int(known["photos"][0])
        self._pairs = known["pairs"].astype(np.int64).reshape(-1, 2)
        self._met = known["met"].astype(np.uint64), known["away"].astype(np.float32)

    def met(
        self,
        one: _Rows,
        other: _Rows,
        measure: Callable[[_Rows, _Rows], npt.NDArray[np.floating]],
    ) -> npt.NDArray[np.float32]:
        """How far photos are that were met one after the other.

        Args:
            one: (M,) rows.
            other: (M,) likewise.
            measure: finds it of some, where it is not known.
        """
        if self._file is None:
            return measure(one, other).astype(np.float32)
        words = self._keys.view(np.uint64)
        codes = names_of_pairs(words[one, 0], words[other, 1])
        known, apart = self._met
        away = np.empty(len(one), np.float32)
        order = np.argsort(codes)  # in order they are found in half the time
        place = np.searchsorted(known, codes[order])
        is_known = np.append(known, np.uint64(0))[place] == codes[order]
        is_known &= place < len(known)
        away[order[is_known]] = apart[place[is_known]]
        new = order[~is_known]
        away[new] = measure(one[new], other[new])
        codes, away_in_order = codes[order], away[order]
        self._met_now.append((codes, away_in_order))
        return away

    def clustered(
        self, parts: Sequence[_Rows], cluster: Callable[[_Rows], npt.NDArray[np.integer]]
    ) -> list[npt.NDArray[np.integer]]:
        """Of each part the cluster of each of its rows, by a number.

        Args:
            parts: rows.
            cluster: finds them for a part, where they are not known.
        """
        if self._file is None:
            return [cluster(part) for part in parts]
        names, sizes = self._names(parts), lengths_of(parts)
        place = places_among(self._parts, names)
        # nobody is the last
        is_known = np.append(self._sizes, -1)[place] == sizes
        first = np.append(np.cumsum(self._sizes) - self._sizes, 0)[place]
        found: list[npt.NDArray[np.integer]] = [*pieces(self._labels, first, first + sizes)]
        for number in np.flatnonzero(~is_known).tolist():
            found[number] = cluster(parts[number]).astype(np.int16)
        self._parts_now.append(names)
        self._labels_now += found
        return found

    def near(
        self, clusters: Sequence[_Rows], compare: Callable[[_Rows], npt.NDArray[np.int64]]
    ) -> npt.NDArray[np.int64]:
        """(P, 2) places of clusters that are near to each other.

        Args:
            clusters: the rows of each.
            compare: finds the pairs of those at some places with all.
        """
        if self._file is None:
            return compare(np.arange(len(clusters)))
        self._clusters_now = self._names(clusters)
        there = places_among(self._clusters, self._clusters_now)
        place = np.full(len(self._clusters) + 1, -1)
        place[there] = np.arange(len(there))
        place[-1] = -1
        known = place[self._pairs]
        known = known[(known >= 0).all(1)]
        new = compare(np.flatnonzero(there < 0))
        self._found = np.concatenate([known, new])
        return self._found

    def write(self) -> None:
        """Remember what was found; where that cannot be, it is found anew next time.

        A few photos of one folder do not take the place of a whole library.
        """
        if self._file is None or 2 * len(self._keys) < self._photos:
            return
        codes, away = (np.concatenate(each) for each in zip(*self._met_now, strict=True))
        order = np.argsort(codes, kind="stable")  # of a few that are in order
        with suppress(IndexProblem):
            self._file.write(
                self._key,
                {
                    "photos": [len(self._keys)],
                    "parts": np.concatenate(self._parts_now).view(np.uint8).reshape(-1),
                    "sizes": lengths_of(self._labels_now[1:]),
                    "labels": np.concatenate(self._labels_now),
                    "clusters": self._clusters_now.view(np.uint8).reshape(-1),
                    "pairs": self._found.reshape(-1),
                    "met": codes[order],
                    "away": away[order],
                },
            )

    def _names(self, parts: Sequence[_Rows]) -> _Names:
        """(K, 2) what each part is known by: its photos, in their order."""
        rows = np.concatenate([np.empty(0, np.int64), *parts])
        return names_of_lists(self._keys.view(np.uint64), rows, lengths_of(parts))


def _keys(library: Library, rows: _Rows) -> npt.NDArray[np.uint8]:
    """(N, 16): all that is known of a photo and decides with whom it is clustered."""
    place = np.searchsorted(library.first_rows, rows)
    if library.key:  # as an index gave it: all facts of a photo have a name
        return library.fact_keys[place].view(np.uint8)
    keys = np.frombuffer(b"".join(library.photo_keys), np.uint8).reshape(-1, _KEY)[place]
    photos = [library.photos[row] for row in rows.tolist()]
    dated = np.flatnonzero([photo.taken is not None for photo in photos])
    if len(dated):
        known = Together([photos[number] for number in dated.tolist()]).known()
        both = np.concatenate([keys[dated], known.view(np.uint8)], 1)
        data = both.tobytes()
        size = both.shape[1]
        digests = (
            xxhash.xxh3_128_digest(data[start : start + size])
            for start in range(0, len(data), size)
        )
        keys[dated] = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, _KEY)
    return keys


def _is_sound(known: dict[str, npt.NDArray[np.generic]]) -> bool:
    """Whether this can be what was written: the seal tells of damage, not of who wrote it."""
    sizes, pairs = known["sizes"].astype(np.int64), known["pairs"].astype(np.int64)
    return bool(
        len(known["photos"]) == 1
        and len(known["parts"]) == _KEY * len(sizes)
        and (sizes > 0).all()
        and sizes.sum() == len(known["labels"])
        and len(known["clusters"]) % _KEY == 0
        and len(pairs) % 2 == 0
        and len(known["met"]) == len(known["away"])
        and bool((known["away"].astype(np.float32) >= 0).all())
        and ((pairs >= 0) & (pairs < len(known["clusters"]) // _KEY)).all()
    )
