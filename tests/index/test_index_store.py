"""What is written into the index is read from it again, byte for byte."""

import os
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dedupe.errors import IndexDamaged, IndexProblem
from dedupe.index.library import open_library, thumbnails
from dedupe.index.rows import file_row
from dedupe.index.store import EncoderRow, Index, is_under
from dedupe.photos.photo import Photo, PhotoFile, Skip

PHOTO = Photo(
    file=PhotoFile(
        path=Path("/p/a.jpg"), size=10**12, mtime_ns=-5, device=(1 << 64) - 1, inode=1 << 63
    ),
    content=bytes(range(32)),
    width=4000,
    height=3000,
    format="HEIF",
    taken=datetime(2019, 7, 14, 10, 15, 12, 730_000),
    taken_from="original",
    camera="Canon EOS 450D",
    software="a\0b",
    gps=True,
    latitude=-89.9999999,
    longitude=0.0,
    orientation=6,
    frames=3,
    jpeg_quality=92,
    pixel_hash=bytes(range(100, 132)),
    reduced=8,
    dct_hash=bytes(range(200, 232)),
)
DAY_S = 24 * 3600
VECTOR = np.array([0.5, -1.25, 60_000, 6e-8], np.float32)


def filled(index: Path, *photos: Photo) -> tuple[Index, EncoderRow]:
    store = Index(index, create=True)
    row = store.encoder("quick", "quick-1", len(VECTOR))
    store.use_encoder(row)
    for photo in photos:
        remember(store, row, photo)
    return store, row


def remember(
    store: Index,
    row: EncoderRow,
    photo: Photo,
    vector: npt.NDArray[np.float32] = VECTOR,
    thumbnail: bytes | None = None,
) -> None:
    store.remember_photos(row, [photo], vector[None], [thumbnail])
    store.remember_files([photo])


def at(path: str | bytes, content: int = 0, **facts: int) -> Photo:
    file = replace(PHOTO.file, path=Path(os.fsdecode(path)), **facts)
    return replace(PHOTO, file=file, content=bytes([content]) * 32)


def test_a_photo_and_its_vector_come_back_as_they_were(index: Path) -> None:
    store, row = filled(index, PHOTO)
    with store:
        assert store.last_encoder() == row
    with Index(index) as store:
        photos, vectors, *_ = store.photos(row, [])
    assert photos == [PHOTO]
    assert vectors.dtype == np.float16
    assert np.array_equal(vectors[0], VECTOR.astype(np.float16))


@pytest.mark.parametrize("number", [0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_numbers_of_64_bits_come_back_as_they_were(index: Path, number: int) -> None:
    photo = at("/p/a.jpg", device=number, inode=number)
    store, row = filled(index, photo)
    with store:
        assert store.photos(row, [])[0] == [photo]
        assert store.files(row, [])[0] == {b"/p/a.jpg": file_row(photo.file, 1)}


@pytest.mark.parametrize(
    "name", [b"caf\xe9.jpg", b"\xff\xfe", b"new\nline.jpg", b"'; DROP TABLE files; --", b"%_*?["]
)
def test_odd_names_come_back_byte_for_byte(index: Path, name: bytes) -> None:
    path = b"/p/" + name
    store, row = filled(index, at(path))
    with store:
        store.remember_skip(Skip(Path(os.fsdecode(path + b"2")), "is odd", True))
        store.remember_roots([Path(os.fsdecode(path))])
        assert [os.fsencode(photo.path) for photo in store.photos(row, [])[0]] == [path]
        assert [os.fsencode(skip.path) for skip in store.skips([])] == [path + b"2"]
        assert [os.fsencode(root) for root in store.roots()] == [path]
        assert store.files_under([Path(os.fsdecode(path))]) == {path}
        store.forget([path], [path + b"2"])
        assert store.files_under([]) == store.skips_under([]) == set()


def test_photos_come_in_the_order_of_the_bytes_of_their_paths_with_their_own_vectors(
    index: Path,
) -> None:
    paths = [b"/p/b", b"/p/B", b"/p/a/z", b"/p/a b", b"/p/\xff", b"/p/a"]
    store, row = filled(index)
    with store:
        for number, path in enumerate(paths):
            remember(store, row, at(path, number), np.full(4, number, np.float32))
        photos, vectors, *_ = store.photos(row, [])
    assert [os.fsencode(photo.path) for photo in photos] == sorted(paths)
    assert vectors[:, 0].tolist() == [float(paths.index(path)) for path in sorted(paths)]


@pytest.mark.parametrize(
    ("path", "root", "under"),
    [
        (b"/p", "/p", True),
        (b"/p/a", "/p", True),
        (b"/pa", "/p", False),
        (b"/p", "/p/a", False),
        (b"/p", "/", True),
        (b"/p b/c", "/p", False),
    ],
)
def test_what_lies_under_a_folder_has_its_name_and_a_slash(
    path: bytes, root: str, under: bool
) -> None:
    assert is_under(path, [Path(root)]) is under
    assert is_under(path, [])


def test_a_batch_that_fails_leaves_nothing(index: Path) -> None:
    store, row = filled(index)

    def fail() -> None:
        with store.batch():
            remember(store, row, PHOTO)
            raise KeyboardInterrupt

    with store:
        with pytest.raises(KeyboardInterrupt):
            fail()
        assert store.photos(row, [])[0] == []
        with store.batch():
            remember(store, row, PHOTO)
    with Index(index) as store:
        assert store.photos(row, [])[0] == [PHOTO]


def test_moved_photos_are_remembered_where_they_are_now(index: Path) -> None:
    store, row = filled(index, at("/p/a", 1), at("/p/b", 2), at("/p/c", 3))
    with store:
        # a chain: b makes room for a; and what was remembered at a taken place is no more
        store.follow([(Path("/p/b"), Path("/q/b")), (Path("/p/a"), Path("/p/b"))])
        store.follow([(Path("/p/nothing"), Path("/p/x"))])
        photos, *_ = store.photos(row, [])
        assert {os.fspath(photo.path): photo.content[0] for photo in photos} == {
            "/p/b": 1,
            "/p/c": 3,
            "/q/b": 2,
        }
        store.follow([(Path("/p/c"), Path("/p/b"))])
        assert {photo.content[0] for photo in store.photos(row, [])[0]} == {2, 3}


def test_what_is_not_known_of_a_photo_comes_back_as_not_known(index: Path) -> None:
    bare = Photo(file=PHOTO.file, content=PHOTO.content, width=1, height=2, format="PNG")
    store, row = filled(index, bare)
    with store:
        assert store.photos(row, [])[0] == [bare]


def test_a_name_that_is_no_text_is_kept_as_an_escape(index: Path) -> None:
    store, row = filled(index, replace(PHOTO, camera="a\udcffb"))
    with store:
        store.remember_skip(Skip(Path("/p/x"), "is \udcff", True))
        assert store.photos(row, [])[0][0].camera == "a\\udcffb"
        assert store.skips([])[0].reason == "is \\udcff"


def test_what_another_encoder_finds_out_about_a_photo_replaces_what_was_known(
    index: Path,
) -> None:
    store, row = filled(index, PHOTO)
    better = replace(PHOTO, camera="Canon EOS R5", pixel_hash=bytes(32), width=1)
    with store:
        other = store.encoder("other", "other-1", 2)
        remember(store, other, better, np.ones(2, np.float32))
        assert store.photos(row, [])[0] == store.photos(other, [])[0] == [better]
        assert store.photos(row, [])[1][0].tolist() == VECTOR.astype(np.float16).tolist()
        assert store.photos(other, [])[1].tolist() == [[1, 1]]


def test_the_vectors_of_two_encoders_lie_in_files_named_after_them(index: Path) -> None:
    store, row = filled(index, PHOTO)
    with store:
        remember(store, store.encoder("b/d", "b/d.x-2", 2), PHOTO, np.ones(2, np.float32))
        assert (index.parent / "index.db.quick-1.1.vectors").stat().st_size == 8
        assert (index.parent / "index.db.b_d_x-2.2.vectors").stat().st_size == 4
        assert store.vector_file(row).path.name == "index.db.quick-1.1.vectors"


def test_thumbnails_come_back_by_content_and_none_does_not_replace_one(index: Path) -> None:
    store, row = filled(index)
    with store:
        for number, jpeg in enumerate([b"one" * 5000, None, b"three"]):
            remember(store, row, at(f"/p/{number}", number), thumbnail=jpeg)
        remember(store, row, at("/p/0", 0), thumbnail=None)
        remember(store, row, at("/p/2", 2), thumbnail=b"new")
        contents = [bytes([number]) * 32 for number in range(5)]
        assert store.thumbnails(iter(contents)) == {
            contents[0]: b"one" * 5000,
            contents[2]: b"new",
        }
        assert store.thumbnails([]) == {}
        store.forget([b"/p/0"], [])
        store.drop_unused(at_once=True)
        assert store.thumbnails(contents) == {contents[2]: b"new"}


def test_files_are_told_apart_by_whether_their_content_has_a_vector(index: Path) -> None:
    store, row = filled(index, at("/p/a", 1), at("/p/b", 2), at("/q/c", 3))
    with store:
        other = store.encoder("other", "other-1", 4)
        remember(store, other, at("/p/b", 2))
        remember(store, other, at("/p/d", 4))
        known, without = store.files(other, [Path("/p")])
        assert known.keys() == {b"/p/a", b"/p/b", b"/p/d"} == store.files_under([Path("/p")])
        assert without == {b"/p/a"}
        assert store.known_contents(row) == {bytes([n]) * 32 for n in (1, 2, 3)}


def test_what_no_file_holds_is_kept_for_90_days_and_then_dropped_with_its_vectors(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_800_000_000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    store, row = filled(index, at("/p/a", 1), at("/p/b", 1), at("/p/c", 2), at("/p/d", 3))
    with store:
        store.forget([b"/p/a", b"/p/c", b"/p/d"], [])
        store.drop_unused()
        clock[0] += 50 * DAY_S
        store.remember_files([at("/elsewhere/d", 3)])
        store.drop_unused()
        clock[0] += 40 * DAY_S - 1
        store.drop_unused()
        assert store.known_contents(row) == {bytes([n]) * 32 for n in (1, 2, 3)}
        clock[0] += 1
        store.drop_unused()
        assert store.known_contents(row) == {bytes([n]) * 32 for n in (1, 3)}
        store.forget([b"/elsewhere/d"], [])
        store.drop_unused()
        clock[0] += 89 * DAY_S
        store.drop_unused()
        assert len(store.known_contents(row)) == 2  # counted from when it became unused again


def test_what_is_forgotten_at_once_leaves_nothing(index: Path) -> None:
    store, row = filled(index, at("/p/a", 1), at("/p/b", 1), at("/p/c", 2))
    with store:
        store.forget([b"/p/a", b"/p/c"], [])
        assert len(store.known_contents(row)) == 2
        store.drop_unused(at_once=True)
        assert store.known_contents(row) == {b"\1" * 32}


def test_a_photo_without_a_known_content_is_damage_and_not_forgotten(index: Path) -> None:
    store, _ = filled(index, at("/p/a", 1))
    with store, pytest.raises(IndexDamaged, match="content of /p/b"):
        store.remember_files([at("/p/b", 2)])


def test_a_lasting_fault_takes_the_place_of_a_photo_and_a_passing_one_does_not(
    index: Path,
) -> None:
    store, _ = filled(index, at("/p/a", 1), at("/p/b", 2))
    with store:
        store.remember_skip(Skip(Path("/p/a"), "no", True), PHOTO.file)
        store.remember_skip(Skip(Path("/p/b"), "no", True, passing=True), PHOTO.file)
        assert store.files_under([]) == {b"/p/b"}
        assert store.known_skips([])[b"/p/a"][:2] == (10**12, -5)
        assert store.known_skips([])[b"/p/b"][:2] == (-1, -1)
        store.remember_files([at("/p/b", 2)])
        assert store.skips_under([]) == {b"/p/a"}


def test_the_last_encoder_is_the_one_last_used_and_none_that_never_was(index: Path) -> None:
    with Index(index, create=True) as store:
        rows = [store.encoder("quick", f"quick-{number}", 4) for number in range(3)]
        assert store.encoder("quick", "quick-0", 4) == rows[0]
        with pytest.raises(IndexProblem, match="nothing was scanned yet"):
            store.last_encoder()
        store.use_encoder(rows[2])
        store.use_encoder(rows[0])
        assert store.last_encoder() == store.last_encoder("quick") == rows[0]
        with pytest.raises(IndexProblem, match="nothing was scanned with --encoder other yet"):
            store.last_encoder("other")


def test_roots_are_remembered_once_and_sorted(index: Path) -> None:
    with Index(index, create=True) as store:
        for _ in range(2):
            store.remember_roots([Path("/b"), Path("/a"), Path("/a/x"), Path("/ab")])
        store.forget_roots([Path("/a")])
        assert store.roots() == (Path("/ab"), Path("/b"))


def test_what_went_wrong_in_a_batch_is_said_even_where_sqlite_rolled_back_already(
    tmp_path: Path,
) -> None:
    with Index(tmp_path / "index.db", create=True) as store:

        def fill_the_disk() -> None:
            store._db.execute("ROLLBACK")
            raise ValueError("the disk is full")

        with pytest.raises(ValueError, match="the disk is full"), store.batch():
            fill_the_disk()
        with store.batch():
            store.remember_roots([tmp_path])
        assert store.roots() == (tmp_path,)


def test_a_library_finds_the_thumbnails_of_its_photos(index: Path) -> None:
    store, row = filled(index)
    with store:
        for number, jpeg in enumerate([b"one", None, b"three"]):
            remember(store, row, at(f"/p/{number}", number), thumbnail=jpeg)
    library = open_library(index=index)
    assert thumbnails(library, library.photos[:2]) == {bytes(32): b"one"}
