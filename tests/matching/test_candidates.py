"""Which pairs are worth verifying: near ones and those alike by hash, a bounded number."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photos_by_number import DIM, library, vector

from dedupe.index.library import Library
from dedupe.index.lock import WriteLock
from dedupe.index.neighbours import NeighbourFile
from dedupe.matching.crew import Crew
from dedupe.matching.near import candidates as module
from dedupe.matching.near import in_fields, listing, sharing
from dedupe.matching.near.candidates import candidates
from dedupe.matching.near.hashes import ALIKE, hash_bits
from dedupe.matching.near.listing import ALIKE_PARTS, MOST_ALIKE, NEAREST
from dedupe.matching.near.neighbours import Kept, Listed, Neighbours
from dedupe.matching.near.sharing import SHARED_WORDS
from dedupe.matching.points.words import WORDS
from dedupe.photos.photo import Photo


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few photos are worth a file; their thumbnails are numbers."""
    monkeypatch.setattr(module, "_WORTH", 2)
    monkeypatch.setattr(module, "thumbnails", thumbnails)
    monkeypatch.setattr(module, "hashes_within", parts)
    monkeypatch.setattr(in_fields, "thumbnails", thumbnails)
    monkeypatch.setattr(in_fields, "squares_of_fields", lambda task: squares(task[0]))
    monkeypatch.setattr(in_fields, "_Encoder", Encoder)
    monkeypatch.setattr(in_fields, "is_encoder_here", lambda *_: True)
    monkeypatch.setattr(module, "HeldFeatures", Words)
    monkeypatch.setattr(sharing, "_MOST", COMMON)
    monkeypatch.setattr(sharing, "_PHOTOS", 7)
    monkeypatch.setattr(sharing, "_POINTS", 40)
    monkeypatch.setattr(sharing, "_AT_ONCE", 5)


def thumbnails(library: Library, photos: Iterable[Photo]) -> dict[bytes, bytes]:
    """Most photos have one."""
    numbers = {photo.content: number_of(photo) for photo in photos}
    return {its: str(number).encode() for its, number in numbers.items() if number % 9 != 8}


def number_of(photo: Photo) -> int:
    return int(photo.path.name[:5])


def bits_of(number: int) -> npt.NDArray[np.int64]:
    """Every third is like the next two."""
    bits = np.random.default_rng(number // 3).integers(0, 2, 256)
    bits[: 20 * (number % 3)] ^= 1
    return bits


def parts(thumbnail: bytes) -> bytes:
    """Every fourth shows two or three of the others."""
    number = int(thumbnail)
    shown = [number * 7 % 60, number * 7 % 60 + 1, number // 2] if number % 4 == 0 else []
    return b"".join(np.packbits(bits_of(each)[::-1]).tobytes() for each in shown)


def squares(thumbnail: bytes) -> list[bytes]:
    """Every third has one to three fields, which show nearly what some photo shows."""
    number = int(thumbnail)
    shown = [number * 5 % 90, number * 7 % 60, number // 2][: number % 4] if number % 3 == 1 else []
    return [(vector(each) + np.float16(0.25)).astype(np.float16).tobytes() for each in shown]


COMMON = 6
"""Photos that have a word, up to which it counts."""


def words(number: int) -> dict[int, tuple[int, int]]:
    """Every fifth has five words that some others have, too: each with its turn and size."""
    chance = np.random.default_rng(number)
    some = chance.choice(14, 6, replace=False) + number % 3 * 9 if number % 5 else []
    turn, size = 50 * (number % 4), 16 * (number % 2)
    return {
        int(word): ((turn + chance.integers(0, 30)) % 256, 40 + size + chance.integers(0, 9))
        for word in some
    }


@dataclass
class Seen:
    """Features of which words alone are asked for."""

    words: npt.NDArray[np.uint64]


class Words:
    """Finds made-up words."""

    def __init__(self, _: Path, photos: Sequence[Photo]) -> None:
        self.photos = photos

    def hold(self, rows: list[int], _: Crew) -> dict[int, Seen]:
        return {row: Seen(marked(number_of(self.photos[row]))) for row in rows}

    def close(self) -> None:
        pass


def marked(number: int) -> npt.NDArray[np.uint64]:
    each = [word << 16 | turn << 8 | size for word, (turn, size) in words(number).items()]
    return np.array(sorted(each), np.uint64)


class Encoder:
    """Takes the bytes of vectors for pixels."""

    wants = None

    def __init__(self, _: Library, weights: Path | None) -> None:
        pass

    def vectors(self, squares: list[bytes]) -> npt.NDArray[np.float16]:
        return np.frombuffer(b"".join(squares), np.float16).reshape(-1, DIM)


def hashed(index: Path, numbers: list[int], folder: str = "/p") -> Library:
    """Photos by number, of which some have no hash."""
    bare = library(index, numbers, folder)
    photos = []
    for photo in bare.photos:
        number = number_of(photo)
        bits = bits_of(number)[::-1]  # so that few are like their own mirror
        dct_hash = b"" if number % 11 == 10 else np.packbits(bits).tobytes()
        photos.append(replace(photo, dct_hash=dct_hash))
    return replace(bare, photos=tuple(photos))


def nearest(
    away: npt.NDArray[np.float32], contents: list[bytes], kept: Kept
) -> set[tuple[int, int]]:
    """By looking at all others of each: away is (N, N)."""
    found = set()
    for row in range(len(away)):
        others = [other for other in range(len(away)) if other != row]
        others.sort(key=lambda other: (away[row, other], contents[other]))
        for place, other in enumerate(others):
            limit = kept.most if away[row, other] <= kept.near else kept.some
            if place < limit and away[row, other] <= kept.far:
                found.add((min(row, other), max(row, other)))
    return found


def brute(photos: Library) -> list[list[int]]:
    """The candidates as the docstring says them."""
    count = len(photos.photos)
    exact = photos.vectors.astype(np.float64)
    away = np.linalg.norm(exact[:, None] - exact[None], axis=2).astype(np.float32)
    every = np.stack(np.divmod(np.arange(count * count), count), 1)
    bits = hash_bits(photos.photos, every).reshape(count, count).astype(np.float32)
    bits[bits > ALIKE] = np.inf
    contents = [photo.content for photo in photos.photos]
    found = nearest(away, contents, NEAREST) | nearest(bits, contents, MOST_ALIKE)
    found |= nearest(part_bits(photos), contents, ALIKE_PARTS)
    found |= nearest_to_fields(photos, contents)
    found |= nearest(unshared_words(photos), contents, SHARED_WORDS)
    return sorted(map(list, found))


def nearest_to_fields(photos: Library, contents: list[bytes]) -> set[tuple[int, int]]:
    """Each photo, and the nearest others of each of its fields."""
    found = set()
    known = thumbnails(photos, photos.photos)
    exact = photos.vectors.astype(np.float64)
    for row, photo in enumerate(photos.photos):
        for square in squares(known[photo.content]) if photo.content in known else []:
            field = np.frombuffer(square, np.float16).astype(np.float64)
            away = np.linalg.norm(exact - field, axis=1).astype(np.float32)
            others = [each for each in range(len(exact)) if each != row and away[each] <= 24]
            others.sort(key=lambda other: (away[other], contents[other]))
            found |= {(min(row, other), max(row, other)) for other in others[:4]}
    return found


def sharing_words(photos: Library) -> list[list[int]]:
    contents = [photo.content for photo in photos.photos]
    return sorted(map(list, nearest(unshared_words(photos), contents, SHARED_WORDS)))


def unshared_words(photos: Library) -> npt.NDArray[np.float32]:
    """(N, N): how many of 256 words no window of turns and sizes has in common."""
    known = thumbnails(photos, photos.photos)
    each = [words(number_of(its)) if its.content in known else {} for its in photos.photos]
    has = Counter(word for its in each for word in its)
    unshared = np.full((len(each),) * 2, np.inf, np.float32)
    for one, first in enumerate(each):
        for other, second in enumerate(each):
            # the same way round, whoever is asked about
            if photos.photos[one].content >= photos.photos[other].content:
                continue
            windows: Counter[tuple[int, int, int, int]] = Counter()
            for word in first.keys() & second:
                if has[word] <= COMMON:
                    (turn, size), (turn_of, size_of) = first[word], second[word]
                    turned, sized = (turn_of - turn) % 256 // 16, (size_of - size + 256) // 8
                    windows.update(
                        (a, b, (turned + a) % 16 // 2, (sized + b) // 2)
                        for a in (0, 1)
                        for b in (0, 1)
                    )
            most = max(windows.values(), default=0)
            if most >= 3:
                unshared[one, other] = unshared[other, one] = WORDS - most
    return unshared


def part_bits(photos: Library) -> npt.NDArray[np.float32]:
    """(N, N): by how many bits the most alike part of one and the other differ."""
    bits = np.full((len(photos.photos),) * 2, np.inf, np.float32)
    known = thumbnails(photos, photos.photos)
    inside = {content: parts(thumbnail) for content, thumbnail in known.items()}
    for row, photo in enumerate(photos.photos):
        shown = inside.get(photo.content, b"")
        for start in range(0, len(shown), 32):
            part = replace(photo, dct_hash=shown[start : start + 32])
            for other, whole in enumerate(photos.photos):
                away = hash_bits([part, whole], np.array([[0, 1]]))[0]
                if row != other and away <= ALIKE:
                    bits[row, other] = min(bits[row, other], away)
    smaller: npt.NDArray[np.float32] = np.minimum(bits, bits.T)
    return smaller


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_photos_that_come_and_go_leave_the_candidates_that_all_of_them_have(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    index = tmp_path_factory.mktemp("library") / "index.db"
    for step in range(4):
        numbers = data.draw(st.lists(st.integers(0, 90), unique=True, max_size=70))
        photos = hashed(index, numbers, folder=f"/{step % 2}")
        assert candidates(photos).pairs.tolist() == brute(photos)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_words_that_become_common_or_rare_count_as_if_they_had_always_been_so(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    index = tmp_path_factory.mktemp("library") / "index.db"
    numbers = data.draw(st.sets(st.integers(0, 90), min_size=30, max_size=45))
    for _ in range(6):
        photos = hashed(index, sorted(numbers))
        assert candidates(photos).alike.tolist() == sharing_words(photos)
        numbers = numbers ^ data.draw(st.sets(st.integers(0, 90), min_size=1, max_size=4))


def test_a_crowd_of_look_alikes_brings_its_nearest_alone(tmp_path: Path) -> None:
    photos = library(tmp_path / "index.db", range(200))
    crowd = replace(photos, vectors=(photos.vectors * 0.2).astype(np.float16))
    wanted = candidates(crowd).pairs
    assert wanted.tolist() == brute(crowd)
    assert 12 * 200 < len(wanted) < 24 * 200


def test_only_new_photos_are_compared_with_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index.db"
    real, asked = listing.compared, []

    def counted(*args: object, **options: object) -> object:
        asked.append(options["lefts"])
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(listing, "compared", counted)
    for numbers in (range(60), range(60), range(63), range(63)):
        photos = hashed(index, list(numbers))
        candidates(photos)
    assert asked == [60, 3]


def test_a_few_photos_of_one_folder_do_not_take_the_place_of_a_library(tmp_path: Path) -> None:
    index = tmp_path / "index.db"
    photos = hashed(index, list(range(60)))
    candidates(photos)
    [path] = tmp_path.glob("*.neighbours")
    before = path.read_bytes()
    few = hashed(index, list(range(20)))
    assert candidates(few).pairs.tolist() == brute(few)
    assert path.read_bytes() == before
    most = hashed(index, list(range(40)))
    assert candidates(most).pairs.tolist() == brute(most)
    assert path.read_bytes() != before


@pytest.mark.parametrize("at", [0, 9, 40, 300, -1])
def test_a_damaged_neighbour_file_is_as_good_as_none(tmp_path: Path, at: int) -> None:
    photos = hashed(tmp_path / "index.db", list(range(50)))
    first = candidates(photos).pairs.tolist()
    [path] = tmp_path.glob("*.neighbours")
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert candidates(photos).pairs.tolist() == first
    path.write_bytes(data[: at if at > 0 else 3])
    assert candidates(photos).pairs.tolist() == first
    assert NeighbourFile(photos.index, photos.encoder.fingerprint).read("another") is None


def test_while_another_process_writes_candidates_are_found_and_not_remembered(
    tmp_path: Path,
) -> None:
    photos = hashed(tmp_path / "index.db", list(range(50)))
    lock = WriteLock(tmp_path / "index.db.neighbours")
    lock.acquire()
    assert candidates(photos).pairs.tolist() == brute(photos)
    lock.release()
    assert not list(tmp_path.glob("*1.neighbours"))


def test_another_hash_of_a_photo_is_compared_anew(tmp_path: Path) -> None:
    photos = hashed(tmp_path / "index.db", list(range(50)))
    candidates(photos)
    swapped = [photo.dct_hash for photo in reversed(photos.photos)]
    other = tuple(
        replace(photo, dct_hash=its) for photo, its in zip(photos.photos, swapped, strict=True)
    )
    changed = replace(photos, photos=other)
    assert candidates(changed).pairs.tolist() == brute(changed)


def test_parts_that_could_not_be_looked_for_are_found_once_there_are_thumbnails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = hashed(tmp_path / "index.db", list(range(50)))
    with monkeypatch.context() as patch:
        patch.setattr(module, "thumbnails", lambda *_: {})
        without = candidates(photos).pairs.tolist()
    assert without != brute(photos)
    assert candidates(photos).pairs.tolist() == brute(photos)


def test_fields_that_nobody_could_encode_are_looked_for_once_the_weights_are_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = hashed(tmp_path / "index.db", list(range(60)))
    with monkeypatch.context() as patch:
        patch.setattr(in_fields, "is_encoder_here", lambda *_: False)
        without = candidates(photos)
    assert without.without_fields == 60
    assert without.pairs.tolist() != brute(photos)
    found = candidates(photos)
    assert found.without_fields == 0
    assert found.pairs.tolist() == brute(photos)


def test_only_new_fields_are_compared_with_all_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index.db"
    real, asked = in_fields.compared, []

    def counted(vectors: npt.NDArray[np.float16], *args: object, **options: int) -> object:
        asked.append((options["lefts"], len(vectors) - options["lefts"]))
        return real(vectors, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(in_fields, "compared", counted)
    for numbers in (range(60), range(60), range(63), range(63)):
        candidates(hashed(index, list(numbers)))
    fields = [
        sum(len(squares(str(each).encode())) for each in range(count) if each % 9 != 8)
        for count in (60, 63)
    ]
    assert asked == [(fields[0], 60), (fields[1] - fields[0], 63), (fields[0], 3)]


def test_without_anything_near_or_alike_there_are_no_candidates(tmp_path: Path) -> None:
    for count in (0, 1):
        photos = hashed(tmp_path / "index.db", list(range(count)))
        assert candidates(photos).pairs.shape == (0, 2)


@given(st.randoms(), st.integers(2, 12))
def test_neighbours_do_not_depend_on_how_pairs_come(chance: object, count: int) -> None:
    rng = np.random.default_rng(chance.randrange(1 << 30))  # type: ignore[attr-defined]
    a, b = np.triu_indices(count, 1)
    away = rng.integers(0, 8, len(a)).astype(np.float32)
    kept = Kept(near=3, most=4, far=6, some=2)
    answers = []
    for _ in range(2):
        neighbours = Neighbours(count, kept, np.arange(count))
        order = rng.permutation(len(a))
        for part in np.array_split(order, 3):
            neighbours.add(b[part], a[part], away[part])
            neighbours.add(a[part[:1]], b[part[:1]], away[part[:1]])  # a second time
        answers.append(neighbours.of(np.arange(count))[0].tolist())
    assert answers[0] == answers[1]


@given(st.randoms(), st.integers(2, 12), st.integers(0, 4))
def test_what_was_recalled_is_as_if_it_had_been_found_now(
    chance: object, count: int, gone: int
) -> None:
    rng = np.random.default_rng(chance.randrange(1 << 30))  # type: ignore[attr-defined]
    kept = Kept(near=3, most=4, far=6, some=2)
    everyone = count + gone
    exact = rng.integers(0, 8, (everyone, everyone)).astype(np.float32)
    exact = np.minimum(exact, exact.T)

    def of(rows: list[int]) -> Neighbours:
        found = Neighbours(len(rows), kept, np.argsort(np.argsort(rows)))
        add(found, rows, range(len(rows)))
        return found

    def add(found: Neighbours, rows: list[int], some: Iterable[int]) -> None:
        pairs = [(i, j) for i in some for j in range(len(rows)) if i != j]
        a, b = np.array(pairs, np.int64).reshape(-1, 2).T
        found.add(a, b, exact[np.array(rows)[a], np.array(rows)[b]])

    before = rng.permutation(everyone)[: rng.integers(1, everyone + 1)].tolist()
    now = rng.permutation(count).tolist()
    known = of(before)
    listed = known.listed()
    recalled = Neighbours(count, kept, np.argsort(np.argsort(now)))
    there = np.array([now.index(row) if row < count else -1 for row in before], np.int64)
    here = there >= 0
    each = np.repeat(here, known.counts)
    new = recalled.recall(
        there[here], known.counts[here], there[listed.other[each]], listed.away[each]
    )
    bounds = recalled.bounds()
    add(recalled, now, new.tolist())
    expected = of(now)
    assert (bounds >= recalled.bounds()).all()
    assert recalled.bounds().tolist() == expected.bounds().tolist()
    assert recalled.counts.tolist() == expected.counts.tolist()
    for one, other in zip(
        (*vars_of(recalled.listed()), *recalled.of(np.arange(count))),
        (*vars_of(expected.listed()), *expected.of(np.arange(count))),
        strict=True,
    ):
        assert one.tolist() == other.tolist()
    order = rng.permutation(count)
    turned = recalled.in_order(order)
    assert turned.bounds().tolist() == expected.bounds(order).tolist()
    assert turned.pairs().tolist() == of([now[row] for row in order.tolist()]).pairs().tolist()


def vars_of(listed: Listed) -> tuple[npt.NDArray[np.generic], ...]:
    return listed.own, listed.other, listed.away


@pytest.mark.parametrize("equal", [0, 8, 31])
def test_contents_that_begin_alike_are_in_their_order(equal: int, tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    (photo,) = library(tmp_path / "index.db", [1]).photos
    alike = [b"\0" * equal + chance.bytes(32 - equal) for _ in range(200)]
    for contents in (alike, [b"b", b"a"], [*alike, b"another length"], []):
        order = module._in_order([replace(photo, content=each) for each in contents]).tolist()
        assert [contents[place] for place in order] == sorted(contents)


@pytest.mark.parametrize("wrong", ["count", "other", "away", "keys", "short", "fields", "lost"])
def test_lists_that_cannot_be_are_not_believed(tmp_path: Path, wrong: str) -> None:
    photos = hashed(tmp_path / "index.db", list(range(40)))
    candidates(photos)
    file = NeighbourFile(photos.index, photos.encoder.fingerprint)
    method = module.candidates_method(40)
    known = file.read(method)
    assert known is not None
    first, *others = known.lists
    spoiled = {
        "count": replace(
            first, count=np.full(40, 99, np.uint8), other=np.zeros(40 * 99, np.int32),
            away=np.zeros(40 * 99, np.float32),
        ),
        "other": replace(first, other=np.full_like(first.other, 40)),
        "away": replace(first, away=np.full_like(first.away, -1)),
    }.get(wrong, first)  # fmt: skip
    keys = known.keys[:16] * 40 if wrong == "keys" else known.keys
    file.write(method, replace(known, keys=keys, lists=[spoiled, *others]))
    if wrong == "short":
        file.write(method, replace(known, lists=[replace(first, other=first.other[:-1]), *others]))
    if wrong == "fields":
        vectors = np.full_like(known.fields.vectors, np.nan)
        file.write(method, replace(known, fields=replace(known.fields, vectors=vectors)))
    if wrong == "lost":
        near = replace(known.fields.nearest, other=known.fields.nearest.other + 40)
        file.write(method, replace(known, fields=replace(known.fields, nearest=near)))
    more = hashed(tmp_path / "index.db", list(range(41)))
    assert candidates(more).pairs.tolist() == brute(more)
