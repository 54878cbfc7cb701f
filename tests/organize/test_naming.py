import itertools
import os

import pytest

from dedupe.organize.naming import clash_key, cluster_folder_name, folder_name, photo_names


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("IMG_20190714_101512", "007 IMG_20190714_101512"),
        ("a\nb\x1b[2J", "007 a b[2J"),
        (os.fsdecode(b"caf\xe9"), "007 caf"),
        ('What? "x" <y> a:b\\c|d*', "007 What x y abcd"),
        ("gpj\u202e.exe", "007 gpj.exe"),
        ("end. . ", "007 end"),
        ("\x01\x02", "007 photos"),
        ("x" * 300, "007 " + "x" * 80),
        ("写" * 100, "007 " + "写" * 26),
    ],
)
def test_a_folder_name_is_one_that_every_file_system_takes(stem: str, name: str) -> None:
    assert folder_name(7, 3, stem) == name
    assert len(name.encode()) <= 100


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("2019-08-03, Sicily, near 37.85° N 15.29° E", None),
        ("like a/b: \x1b[2Jc.", "kind like ab [2Jc"),
        ("", "kind photos"),
        ("é" * 100, "kind " + "é" * 40),
    ],
)
def test_a_folder_of_a_cluster_bears_its_name(name: str, folder: str | None) -> None:
    assert cluster_folder_name(name) == (folder or f"kind {name}")


def test_a_photo_keeps_its_name_byte_for_byte_behind_its_rank() -> None:
    odd = os.fsdecode(b"-rf \xff\n\x1b.jpg")
    assert next(photo_names("1 ", odd)) == "1 " + odd


def test_the_next_names_are_numbered_before_the_extension() -> None:
    assert list(itertools.islice(photo_names("1 ", "a.tar.jpg"), 3)) == [
        "1 a.tar.jpg",
        "1 a.tar (2).jpg",
        "1 a.tar (3).jpg",
    ]


@pytest.mark.parametrize("stem", ["x" * 251, "写" * 83 + "ab", "\udcff" * 251])
def test_only_a_name_over_255_bytes_is_shortened_and_its_extension_stays(stem: str) -> None:
    for name in itertools.islice(photo_names("01 ", stem + ".jpg"), 3):
        assert 252 <= len(os.fsencode(name)) <= 255
        assert name.endswith(".jpg")
    assert "\ufffd" not in os.fsencode(name).decode(errors="surrogateescape")


def test_a_sentence_after_a_dot_is_no_extension() -> None:
    name = next(photo_names("1 ", "a." + "very long sentence " * 14 + "end"))
    assert len(name) == 255


@pytest.mark.parametrize(("one", "other"), [("IMG.JPG", "img.jpg"), ("e\u0301", "É"), ("ß", "SS")])
def test_names_that_some_file_system_takes_for_one_have_the_same_key(one: str, other: str) -> None:
    assert clash_key(one) == clash_key(other)
