"""Answers about a library: known by all that they rest on, and never more than a cache."""

from pathlib import Path

import numpy as np
import pytest

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.beside import write_sealed
from dedupe.index.lock import WriteLock

COLUMNS = {"number": "<i4", "words": "u1", "far": "<f8"}
NOTHING = {"words": [], "far": []}
ONE, OTHER = answer_key([b"one"]), answer_key([b"other"])


@pytest.fixture
def file(tmp_path: Path) -> AnswerFile:
    return AnswerFile(tmp_path / "index.db", "encoder-1", "sets", COLUMNS, 2)


def test_an_answer_comes_back_as_it_was(file: AnswerFile) -> None:
    assert file.read(ONE) is None
    file.write(ONE, {"number": [1, -2], "words": [], "far": np.array([0.1])})
    found = file.read(ONE)
    assert found is not None
    assert {name: each.tolist() for name, each in found.items()} == {
        "number": [1, -2], "words": [], "far": [0.1],
    }  # fmt: skip
    assert file.read(OTHER) is None


def test_the_last_few_are_remembered_and_a_new_answer_takes_the_place_of_the_old(
    file: AnswerFile,
) -> None:
    for number, key in enumerate((ONE, OTHER, ONE, answer_key([b"third"]))):
        file.write(key, {"number": [number], **NOTHING})
    assert file.read(OTHER) is None
    found = file.read(ONE)
    assert found is not None
    assert found["number"].tolist() == [2]


def test_damage_anywhere_is_as_if_nothing_were_remembered(file: AnswerFile) -> None:
    file.write(ONE, {"number": [1], **NOTHING})
    data = file.path.read_bytes()
    for at in range(0, len(data), 7):
        file.path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert file.read(ONE) is None
    for damaged in (b"", data[:-1], data + b"x"):
        file.path.write_bytes(damaged)
        assert file.read(ONE) is None


def test_what_is_sealed_and_yet_no_answer_is_not_believed(file: AnswerFile) -> None:
    file.write(ONE, {"number": [1], **NOTHING})
    body = file.path.read_bytes()[:-8]
    sizes = [(0, 0, 0), (4, 0, 1), (3, 1, 0), (4, 0, 8), (2**64 - 1, 0, 5), (2**63, 2**63, 4)]
    for size in sizes:
        answer = b"".join(each.to_bytes(8, "little") for each in size) + bytes(4)
        write_sealed(file.path, [body[:24], len(answer).to_bytes(8, "little"), answer])
        assert (file.read(ONE) is None) == (size != (4, 0, 0))
    for rest in (b"", b"x", bytes(23), bytes(24), b"\xff" * 24, body[8:-1]):
        write_sealed(file.path, [body[:8], rest])
        assert file.read(ONE) is None


def test_while_another_process_writes_nothing_is_written(file: AnswerFile) -> None:
    lock = WriteLock(file.path.with_name("index.db.sets"))
    lock.acquire()
    with pytest.raises(IndexProblem):
        file.write(ONE, {"number": [1], **NOTHING})
    lock.release()
    assert file.read(ONE) is None
