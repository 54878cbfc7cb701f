"""Which photos share visual words: a part of one that is somewhere in another proposes both."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from dedupe.index.neighbours import UNKNOWN, Nearest, Neighbourhood
from dedupe.index.words import Shelf
from dedupe.matching.near.neighbours import Kept, Neighbours, recalled
from dedupe.matching.near.words import (
    WordsOfPhotos,
    in_pieces,
    numbers_in,
    places_on,
    some_keys,
    with_any,
    without_numbers,
)
from dedupe.matching.points.words import WORDS
from dedupe.progress import Progress

# Words that two photos have in common, all turned and sized alike, to be a pair: of 100,000 photos
# of different people one in 8 has such a partner; with two words, each has 1.7.
_FEWEST = 3

SHARED_WORDS = Kept(near=WORDS - _FEWEST, most=4, far=WORDS - _FEWEST, some=4)
"""Of each photo, by how many of 256 words are not shared."""

# A word that more photos have says nothing of any: a status bar, a logo, a plain corner.
_MOST = 64

# Photos that are compared at once with all others, and points that are at once: 0.3 GB.
_PHOTOS, _POINTS = 8192, 1 << 21

# Words of which all are looked for that have them, at once: most photos of a library may.
_AT_ONCE = 256

# How far turns and sizes may lie apart: windows of 45 degrees and of an octave, that each overlap
# half of the next. In steps of marks, 256 a circle and 16 an octave.
_HALF_TURN, _HALF_OCTAVE = 16, 8

_Rows = npt.NDArray[np.int64]
_Marks = npt.NDArray[np.uint16]


def compare_words(
    shared: Neighbours,
    words: WordsOfPhotos,
    known: Neighbourhood | None,
    there: _Rows,
    rank: _Rows,
    progress: Progress,
) -> None:
    """Fill the list of who shares most words: what is remembered, and what changed since.

    Two photos share a word if at most 64 photos of the library have it. So who comes or goes may
    change what others share; these are compared with all once more.

    Args:
        shared: of the library's rows, with nobody in it.
        words: of all photos that have a thumbnail.
        known: what is remembered; its last list is this one.
        there: of each photo that is remembered its row; -1 where it is gone.
        rank: of each row its place by content: two are compared the same way round each time.
        progress: told of every photo that is compared with all.

    Source: turns and sizes that agree: H. Jégou, M. Douze and C. Schmid, "Hamming embedding and
    weak geometric consistency for large scale image search" (2008).
    """
    row_of = words.row_of
    new = np.sort(row_of[row_of >= 0])
    if known is not None:
        had, nearest = known.parts.count != UNKNOWN, known.lists[-1]
        was = _numbers(words, known.keys, there)[had]
        stale = _stale(words.all_shelves, row_of, was, nearest, there, len(shared))
        if stale is not None:
            # no row is the last: there may be none
            stays = had & ~np.append(stale, False)[there]
            new = new[np.isin(new, recalled(shared, there, nearest, stays))]
    if not len(new):
        return
    progress.start("Comparing words", len(new))
    shelves, is_new = words.shelves(row_of >= 0), np.zeros(len(shared), np.bool_)
    is_new[new] = True
    for start in range(0, len(new), _PHOTOS):
        some = new[start : start + _PHOTOS]
        for (own, other), marks in _common(shelves, row_of, some):
            # of two that are both compared with all others, once
            once = (own != other) & (~is_new[other] | (own < other))
            own, other, marks = own[once], other[once], marks[:, once].astype(np.int64)
            before = rank[own] < rank[other]
            one_mark, other_mark = np.where(before, marks, marks[::-1])
            pairs, count = _alike(own * len(shared) + other, one_mark, other_mark)
            a, b = np.divmod(pairs, len(shared))
            shared.add(a, b, (WORDS - count).astype(np.float32))
        progress.advance(len(some))


def _numbers(words: WordsOfPhotos, keys: bytes, there: _Rows) -> _Rows:
    """Of photos the numbers of their words, by their rows; of those that are gone by keys."""
    numbers = np.append(words.numbers, -1)[there]  # no row is the last
    gone = np.flatnonzero(there < 0)
    numbers[gone] = words.numbers_of(some_keys(keys, gone))
    return numbers


def _stale(
    shelves: Sequence[Shelf],
    row_of: _Rows,
    was: _Rows,
    nearest: Nearest,
    there: _Rows,
    count: int,
) -> npt.NDArray[np.bool_] | None:
    """Rows whose list is another one now because a word became too common, or no longer is.

    Args:
        shelves: of all photos that are remembered.
        row_of: of the numbers on them.
        was: the numbers of those that were compared before.
        nearest: what was found then.
        there: of each photo of that time its row.
        count: rows.

    Returns:
        (N,) bool; None where it is easier to compare all anew, or not known.
    """
    before, now = np.zeros(len(row_of), np.bool_), row_of >= 0
    before[was] = True
    changed = before != now
    if (was < 0).any() or 2 * int(changed.sum()) > count:
        return None
    some = [np.empty(0, np.uint64)]
    for shelf, piece in with_any(shelves, changed):
        its = shelf.words[piece]
        some.append(without_numbers(its[changed[numbers_in(its)]]))
    stale, is_lost = np.zeros((2, count), np.bool_)
    changing = np.unique(np.concatenate(some))
    for piece in in_pieces(changing, _AT_ONCE):
        place, number = _having(shelves, changing[piece])
        size = len(changing[piece])
        counts = [np.bincount(place[each[number]], minlength=size) for each in (before, now)]
        was_common, is_common = (each > _MOST for each in counts)
        stale[row_of[number[now[number] & (was_common & ~is_common)[place]]]] = True
        is_lost[row_of[number[now[number] & (is_common & ~was_common)[place]]]] = True
    # who is listed for a word that counts no more: more than need be, and never too few
    own = there[np.repeat(np.arange(len(there)), nearest.count)]
    other = there[nearest.other]
    listed = (own >= 0) & (other >= 0)
    own, other = own[listed], other[listed]
    stale[own[is_lost[own] & is_lost[other]]] = True
    return stale


def _having(shelves: Sequence[Shelf], words: npt.NDArray[np.uint64]) -> tuple[_Rows, _Rows]:
    """Who has some words: places in `words`, and the numbers of the photos."""
    places, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for shelf in shelves:
        first, count = places_on(shelf, words)
        places.append(np.repeat(np.arange(len(words)), count))
        numbers.append(numbers_in(shelf.words[_each(first, count)]))
    return np.concatenate(places), np.concatenate(numbers)


def _common(shelves: Sequence[Shelf], row_of: _Rows, some: _Rows) -> Iterator[tuple[_Rows, _Marks]]:
    """The words that some photos have in common with any, whole photos at a time.

    Args:
        shelves: of the photos of the library alone.
        row_of: of the numbers on them.
        some: rows, in order.

    Yields:
        (2, P) one of the rows, and one of any; and (2, P) the marks of the word in both.
    """
    place = np.full(int(row_of.max()) + 1, -1)
    place[some] = np.arange(len(some))
    rows, asked, marks = [], [], []
    for shelf, piece in with_any(shelves, (row_of >= 0) & (place[row_of] >= 0)):
        its = shelf.words[piece]
        row = row_of[numbers_in(its)]
        here = place[row] >= 0
        rows.append(row[here])
        asked.append(without_numbers(its[here]))
        marks.append(shelf.marks[piece][here])
    row, word, mark = np.concatenate(rows), np.concatenate(asked), np.concatenate(marks)
    found = [places_on(shelf, word) for shelf in shelves]
    counts = np.stack([count for _, count in found])
    counts[:, counts.sum(0) > _MOST] = 0
    # by photo, so that what it has in common with another one comes at once
    order = np.argsort(row, kind="stable")
    points = np.cumsum(counts.sum(0)[order])
    ends = np.searchsorted(row[order], some, side="right") - 1  # of each photo its last word
    start = 0
    while start < len(order):
        done = points[start - 1] if start else 0
        whole = ends[(ends >= start) & (points[ends] <= done + _POINTS)]
        # a photo has at most 256 words of 64 photos
        end = int(whole.max() if len(whole) else ends[ends >= start].min()) + 1
        part = order[start:end]
        both, marked = [], []
        for shelf, (first, _), count in zip(shelves, found, counts, strict=True):
            own = np.repeat(part, count[part])
            at = _each(first[part], count[part])
            both.append(np.stack([row[own], row_of[numbers_in(shelf.words[at])]]))
            marked.append(np.stack([mark[own], shelf.marks[at]]))
        yield np.concatenate(both, 1), np.concatenate(marked, 1)
        start = end


def _each(first: _Rows, count: _Rows) -> _Rows:
    """All places of ranges: of each from `first` on so many."""
    starts = np.cumsum(count) - count
    places: _Rows = np.arange(int(count.sum())) + np.repeat(first - starts, count)
    return places


def _alike(pairs: _Rows, one: _Rows, other: _Rows) -> tuple[_Rows, _Rows]:
    """The pairs that have enough words in common that are turned and sized alike, and how many.

    Args:
        pairs: a number of each pair, once for each word that it shares.
        one: of each of these the mark in one photo.
        other: in the other.
    """
    order = np.argsort(pairs)
    pairs = pairs[order]
    starts = np.flatnonzero(np.diff(pairs, prepend=-1))
    many = np.diff(np.append(starts, len(pairs)))
    enough = np.repeat(many >= _FEWEST, many)
    order, pairs = order[enough], pairs[enough]
    one, other = one[order], other[order]
    turn = ((other >> 8) - (one >> 8)) % 256 // _HALF_TURN
    size = ((other & 255) - (one & 255) + 256) // _HALF_OCTAVE
    alone, place = np.unique(pairs, return_inverse=True)
    best = np.zeros(len(alone), np.int64)
    for more_turn in (0, 1):
        for more_size in (0, 1):
            window = (turn + more_turn) % (256 // _HALF_TURN) // 2, (size + more_size) // 2
            key = (place * 64 + window[0]) * 64 + window[1]
            its, count = np.unique(key, return_counts=True)
            np.maximum.at(best, its >> 12, count)
    near = best >= _FEWEST
    return alone[near], best[near]
