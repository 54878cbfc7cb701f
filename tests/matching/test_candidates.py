"""Which pairs are worth verifying: near ones and those alike by hash, a bounded number."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedupe.matching.candidates import ALIKE, alike_hashes, candidates, hash_bits, says_something
from dedupe.matching.distances import Pairs
from dedupe.photos.dct_hash import dct_hashes
from dedupe.photos.photo import Photo, PhotoFile

NOTHING = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


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
    pairs, bits = alike_hashes(photos)
    every = np.array([[a, b] for a in range(len(photos)) for b in range(a + 1, len(photos))])
    exact = hash_bits(photos, every)
    assert pairs.tolist() == every[exact <= ALIKE].tolist()
    assert bits.tolist() == exact[exact <= ALIKE].tolist()


def test_hashes_without_texture_say_nothing() -> None:
    flat = [np.full((64, 64), value) for value in (0, 128, 255)]
    photos = [*hashed(flat), photo(7, b"")]
    assert not any(map(says_something, photos))
    assert len(alike_hashes(photos)[0]) == 0
    assert hash_bits(photos, np.array([[0, 1], [0, 3]])).tolist() == [256, 256]


def test_of_a_crowd_each_photo_brings_its_nearest_alone() -> None:
    count = 200
    a, b = np.triu_indices(count, 1)
    near = Pairs(a, b, np.abs(a - b).astype(np.float32))
    photos = [photo(number, b"") for number in range(count)]
    wanted = candidates(photos, near)
    assert len(wanted) < 24 * count
    assert {(0, 1), (7, 8), (100, 111)} <= {tuple(each) for each in wanted.tolist()}
    assert (0, 199) not in {tuple(each) for each in wanted.tolist()}


def test_without_anything_near_or_alike_there_are_no_candidates() -> None:
    assert candidates([], NOTHING).shape == (0, 2)
    assert candidates([photo(1, b""), photo(2, b"")], NOTHING).shape == (0, 2)
