"""Photos whose hashes are alike, turned and mirrored as may be."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedupe.matching.near.hashes import ALIKE, alike, hash_bits, hashes_of
from dedupe.photos.dct_hash import dct_hashes
from dedupe.photos.photo import Photo, PhotoFile


def photo(number: int, dct_hash: bytes) -> Photo:
    file = PhotoFile(path=Path(f"/{number:04}"), size=1, mtime_ns=1, device=1, inode=number)
    content = number.to_bytes(32, "big")
    return Photo(file=file, content=content, width=9, height=9, format="PNG", dct_hash=dct_hash)


def hashed(pictures: list[np.ndarray]) -> list[Photo]:
    made = dct_hashes([each.astype(np.uint8).tobytes() for each in pictures])
    return [photo(number, row.tobytes()) for number, row in enumerate(made)]


def views(picture: np.ndarray) -> list[np.ndarray]:
    """All eight ways to turn and mirror it."""
    return [np.rot90(each, turns) for each in (picture, picture[:, ::-1]) for turns in range(4)]


def told(photos: list[Photo], lefts: list[int] | None = None) -> list[tuple[int, int, int]]:
    """Each pair that is alike, by how many bits; those of some with the others."""
    left = hashes_of(photos, range(len(photos)) if lefts is None else lefts)
    others = [row for row in range(len(photos)) if lefts is not None and row not in lefts]
    right = None if lefts is None else hashes_of(photos, others)
    return [
        (min(a, b), max(a, b), int(bits))
        for found in alike(left, right)
        for a, b, bits in zip(*(each.tolist() for each in found), strict=True)
    ]


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 64), np.uint8)


@given(st.integers(0, 10**6))
def test_the_eight_views_of_a_picture_have_hashes_alike(seed: int) -> None:
    photos = hashed(views(noise(seed)))
    pairs = np.array([[0, other] for other in range(1, 8)])
    assert hash_bits(photos, pairs).max() == 0


def test_of_many_pictures_the_alike_ones_are_found_and_no_others() -> None:
    pictures = [view for seed in range(150) for view in views(noise(seed))[: 1 + seed % 3]]
    photos = hashed(pictures)
    every = np.array([[a, b] for a in range(len(photos)) for b in range(a + 1, len(photos))])
    exact = hash_bits(photos, every)
    expected = {(*pair, bits) for pair, bits in zip(every.tolist(), exact, strict=True)}
    expected = {(a, b, int(bits)) for a, b, bits in expected if bits <= ALIKE}
    assert len(expected) > 100
    assert sorted(told(photos)) == sorted(expected)
    some = [3, 77, 200]
    assert sorted(told(photos, some)) == sorted(
        each for each in expected if len(set(each[:2]) & set(some)) == 1
    )


def test_hashes_without_texture_say_nothing() -> None:
    flat = [np.full((64, 64), value) for value in (0, 128, 255)]
    photos = [*hashed(flat), photo(7, b"")]
    assert len(hashes_of(photos, range(len(photos)))) == 0
    assert told(photos) == []
    assert hash_bits(photos, np.array([[0, 1], [0, 3]])).tolist() == [256, 256]


def test_two_hashes_are_compared_by_a_photo_that_has_one_alone() -> None:
    photos = [photo(1, b""), *hashed([noise(1), noise(1)])]
    assert told(photos) == [(1, 2, 0)]
