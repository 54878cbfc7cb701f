"""A whole library verified: every edit in the set of its photo, by name, the same each time."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from dedupe.encoders import encode as loading
from dedupe.encoders.encode import LoadedEncoder
from dedupe.index import reading
from dedupe.index.library import Library, open_library
from dedupe.index.scan import update_index
from dedupe.index.store import Index
from dedupe.index.verdicts import known_evidence
from dedupe.matching import crew
from dedupe.matching.pairs import examination
from dedupe.matching.pairs.related import none_related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.groups import Group, find_groups
from dedupe.matching.sets.verdicts import Verdicts
from dedupe.matching.sets.verified import verify

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_photos"
TRUTH = json.loads((ROOT / "tests/data/sample_photos.json").read_text("utf-8"))
ORIGINALS = {entry["scene"]: entry["path"] for entry in TRUTH if entry["edit"] == "original"}
# two photos of one scene, and all else that is no edit
SHOTS = ("original", "another shot", "same scene", "burst")
Numbers = Callable[..., Library]


def relative(photo_path: Path, root: Path = SAMPLES) -> str:
    return photo_path.relative_to(root).as_posix()


def told(groups: list[Group]) -> list[object]:
    """All that is said of groups, in a form that can be compared."""
    return [
        (
            [str(photo.path) for photo in group.photos],
            str(group.kept.path),
            [(member.relation, member.edit) for member in group.members],
            group.spread,
        )
        for group in groups
    ]


def pictures(library: Library, **options: object) -> list[Group]:
    verdicts = verify(library)
    return find_groups(library, verdicts=verdicts, relation=Relation.SAME_PICTURE, **options)  # type: ignore[arg-type]


def test_every_edit_of_the_sample_photos_is_in_the_set_of_its_original(samples: Library) -> None:
    sets = [{relative(photo.path) for photo in group.photos} for group in pictures(samples)]
    for entry in TRUTH:
        if entry["edit"].startswith(SHOTS):
            continue
        pair = {entry["path"], ORIGINALS[entry["scene"]]}
        assert any(pair <= each for each in sets), entry


def test_evidence_among_few_photos_is_that_among_all(
    samples: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify(samples)
    contents = sorted({photo.content for photo in samples.photos})
    with Index(samples.index) as store:
        everything = known_evidence(store, examination.method(), contents)
        assert len(everything) > 20
        for few in (contents[::2], contents[:3], []):
            expected = {pair: its for pair, its in everything.items() if {*pair} <= {*few}}
            assert known_evidence(store, examination.method(), few) == expected
            monkeypatch.setattr(reading, "_FEW", 0)
            assert known_evidence(store, examination.method(), few) == expected
            monkeypatch.undo()


def test_no_set_of_one_picture_mixes_two_scenes(samples: Library) -> None:
    scenes = {entry["path"]: entry["scene"] for entry in TRUTH}
    for group in pictures(samples):
        assert len({scenes[relative(photo.path)] for photo in group.photos}) == 1


def test_every_member_is_verified_against_the_one_that_is_kept(samples: Library) -> None:
    verdicts = verify(samples)
    rows = {photo.path: row for row, photo in enumerate(samples.photos)}
    first = {photo.content: rows[photo.path] for photo in reversed(samples.photos)}
    for group in find_groups(samples, verdicts=verdicts):
        kept = first[group.kept.content]
        away = group.distances_to(group.kept)
        for photo, member in zip(group.photos, group.members, strict=True):
            row = first[photo.content]
            if row == kept:
                continue
            verdict = verdicts.related.get((min(kept, row), max(kept, row)))
            if verdict is None:
                assert member.relation is Relation.LOOK_ALIKE
                assert away[photo] <= 16
            else:
                assert member.relation is verdict.relation


def test_a_relation_limits_what_makes_a_set(samples: Library) -> None:
    verdicts = verify(samples)
    for relation in Relation:
        for group in find_groups(samples, verdicts=verdicts, relation=relation):
            assert group.relation <= relation


def test_what_was_verified_once_is_not_looked_at_again(
    samples: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = verify(samples)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("looked at again")

    monkeypatch.setattr(examination, "examine", refuse)
    again = verify(samples)
    assert told(find_groups(samples, verdicts=again)) == told(find_groups(samples, verdicts=before))


def test_other_processes_find_what_threads_find(
    samples: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_threads = verify(samples)
    with sqlite3.connect(samples.index) as db:
        db.executescript("DELETE FROM verdicts; DELETE FROM unrelated")
    db.close()
    monkeypatch.setattr(crew, "_MANY", 1)
    by_processes = verify(samples)
    assert by_processes.related.keys() == by_threads.related.keys()
    assert told(find_groups(samples, verdicts=by_processes)) == told(
        find_groups(samples, verdicts=by_threads)
    )


def test_what_a_damaged_disk_changed_is_verified_anew(samples: Library) -> None:
    before = told(pictures(samples))
    with sqlite3.connect(samples.index) as db:
        assert db.execute("SELECT count(*) FROM verdicts").fetchone()[0] > 20
        db.execute("UPDATE verdicts SET evidence = x'00' WHERE length(evidence) > 0")
    db.close()
    assert told(pictures(samples)) == before


def test_while_a_scan_holds_the_index_pairs_are_verified_and_not_remembered(
    samples: Library,
) -> None:
    from dedupe.index.store import Index

    with Index(samples.index, lock=True):
        found = verify(samples)
    assert found.verified > 20
    with sqlite3.connect(samples.index) as db:
        assert db.execute("SELECT count(*) FROM verdicts").fetchone() == (0,)
    db.close()


def test_photos_without_thumbnails_are_counted_and_not_compared(
    encoder: LoadedEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "load_encoder", lambda *_, **__: encoder)
    index = tmp_path / "index.db"
    update_index([SAMPLES / "chat", SAMPLES / "phone"], index=index, thumbnails=False)
    library = open_library(index=index)
    found = verify(library)
    assert found.without_thumbnail > 0
    # the same pixels need no thumbnail
    assert {each.relation for each in found.related.values()} <= {Relation.SAME_PIXELS}


def test_photos_found_in_any_order_by_several_scans_make_the_same_sets(
    encoder: LoadedEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "load_encoder", lambda *_, **__: encoder)
    shutil.copytree(SAMPLES, tmp_path / "photos")
    photos = tmp_path / "photos"
    files = sorted(path for path in photos.rglob("*") if path.is_file())
    rng = random.Random(4)
    answers = []
    for trial, scans in enumerate((1, 2, 5)):
        rng.shuffle(files)
        index = tmp_path / f"{trial}.db"
        parts = [files[start::scans] for start in range(scans)]
        for part in parts:
            update_index(part, index=index, workers=0)
            library = open_library(index=index)
            groups = find_groups(library, verdicts=verify(library))
        answers.append(told(groups))
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0]) > 5


def test_a_library_without_photos_has_no_verdicts(samples: Library) -> None:
    from dataclasses import replace

    empty = replace(samples, photos=(), vectors=samples.vectors[:0])
    assert verify(empty) == Verdicts(none_related(), 0, 0)
