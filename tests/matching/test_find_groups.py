"""Sets of look-alikes: the right photos, together, the same way every time."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dedupe.encoders import encode as loading
from dedupe.encoders.encode import LoadedEncoder
from dedupe.index import scan as scanning
from dedupe.index.library import Library, open_library
from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.groups import Group, find_groups
from dedupe.matching.sets.made import Member
from dedupe.matching.sets.verdicts import Verdicts

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_photos"
TRUTH = json.loads((ROOT / "tests/data/sample_photos.json").read_text("utf-8"))
SCENES = {entry["path"]: entry["scene"] for entry in TRUTH}
ORIGINALS = {entry["scene"]: entry["path"] for entry in TRUTH if entry["edit"] == "original"}
# edits that no one would call another picture; a crop, a turn or another shot may be one
SMALL_EDITS = (
    *("byte copy", "metadata only", "EXIF-turned", "HEIC", "PNG", "WebP", "re-encoded"),
    *("mirrored", "half size", "grey"),
)
Numbers = Callable[..., Library]


def sets(groups: list[Group], root: Path = SAMPLES) -> list[list[str]]:
    return [[photo.path.relative_to(root).as_posix() for photo in group.photos] for group in groups]


def paths(groups: list[Group]) -> list[list[str]]:
    return [[str(photo.path) for photo in group.photos] for group in groups]


# --- the sample photos ---------------------------------------------------------------------


def test_no_set_of_the_sample_photos_mixes_two_scenes(samples: Library) -> None:
    for group in sets(find_groups(samples)):
        assert len({SCENES[path] for path in group}) == 1, group


@pytest.mark.parametrize("edit", SMALL_EDITS)
def test_small_edits_are_in_the_set_of_their_original(samples: Library, edit: str) -> None:
    groups = sets(find_groups(samples))
    edited = [entry for entry in TRUTH if entry["edit"].startswith(edit)]
    assert edited
    for entry in edited:
        original = ORIGINALS[entry["scene"]]
        assert any({entry["path"], original} <= set(group) for group in groups), entry


def test_photos_that_are_alone_are_in_no_set(samples: Library) -> None:
    scenes = [entry["scene"] for entry in TRUTH]
    alone = {entry["path"] for entry in TRUTH if scenes.count(entry["scene"]) == 1}
    assert len(alone) >= 8
    assert alone.isdisjoint(path for group in sets(find_groups(samples)) for path in group)


def test_at_threshold_zero_the_same_pixels_are_together_and_nothing_else(samples: Library) -> None:
    groups = find_groups(samples, 0.0)
    assert all(group.spread == 0 for group in groups)
    for entry in TRUTH:
        if entry["edit"] in ("byte copy", "metadata only"):
            pair = {entry["path"], ORIGINALS[entry["scene"]]}
            assert any(pair <= set(group) for group in sets(groups)), entry
    edits = {entry["path"]: entry["edit"] for entry in TRUTH}
    lossless = {"original", "byte copy", "metadata only", "PNG"}
    assert {edits[path] for group in sets(groups) for path in group} <= lossless


def test_every_two_members_of_every_set_are_within_the_threshold(samples: Library) -> None:
    for threshold in (1.0, 8.0, 16.0, 24.0):
        for group in find_groups(samples, threshold):
            exact = group.vectors.astype(np.float64)
            away = np.linalg.norm(exact[:, None] - exact[None], axis=2)
            assert away.max() <= threshold
            assert group.spread == pytest.approx(away.max())


def test_a_set_holds_the_vectors_of_its_photos_row_by_row(samples: Library) -> None:
    rows = {photo.path: row for row, photo in enumerate(samples.photos)}
    for group in find_groups(samples):
        for photo, vector in zip(group.photos, group.vectors, strict=True):
            assert np.array_equal(vector, samples.vectors[rows[photo.path]].astype(np.float32))


def test_distances_inside_a_set_are_of_each_member_to_one(samples: Library) -> None:
    group = max(find_groups(samples), key=lambda each: len(each.photos))
    away = group.distances_to(group.photos[1])
    assert tuple(away) == group.photos
    assert away[group.photos[1]] == 0
    assert max(away.values()) <= group.spread + 1e-9
    exact = group.vectors.astype(np.float64)
    assert away[group.photos[0]] == pytest.approx(np.linalg.norm(exact[0] - exact[1]))


def test_neither_workers_nor_batches_change_vectors_or_sets(
    samples: Library, encoder: LoadedEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "load_encoder", lambda *_, **__: encoder)
    monkeypatch.setattr(scanning, "BATCH", 5)
    folders = [SAMPLES / "camera", SAMPLES / "chat", SAMPLES / "downloads"]
    scanning.update_index(folders, index=tmp_path / "other.db", workers=1)
    other, same = (
        open_library(folders, index=each) for each in (tmp_path / "other.db", samples.index)
    )
    assert other.photos == same.photos
    assert other.vectors.tobytes() == same.vectors.tobytes()
    assert find_groups(other) == find_groups(same) != []


# --- order ---------------------------------------------------------------------------------


def test_the_tightest_set_comes_first_and_photos_are_sorted_by_path(numbers: Numbers) -> None:
    library = numbers([[0], [3], [100], [101], [200], [201]], ["/z", "/y", "/b", "/c", "/a", "/d"])
    assert paths(find_groups(library)) == [["/a", "/d"], ["/b", "/c"], ["/y", "/z"]]
    assert [group.spread for group in find_groups(library)] == [1, 1, 3]


def test_the_order_in_which_photos_are_listed_changes_nothing(
    samples: Library, numbers: Numbers
) -> None:
    chance = np.random.default_rng(0)
    # many equal distances: ties end with the path, not with the place in the list
    grid = numbers(chance.integers(0, 4, (60, 3)) * 10.0)
    for library, threshold in ((samples, 16.0), (grid, 10.0), (grid, 15.0)):
        expected = find_groups(library, threshold)
        assert expected
        for _ in range(5):
            order = chance.permutation(len(library.photos))
            shuffled = replace(
                library,
                photos=tuple(library.photos[row] for row in order),
                vectors=library.vectors[order],
            )
            again = find_groups(shuffled, threshold)
            assert paths(again) == paths(expected)
            assert [each.spread for each in again] == [each.spread for each in expected]
            for one, other in zip(again, expected, strict=True):
                assert np.array_equal(one.vectors, other.vectors)


# --- copies --------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.0, 5.0, 16.0])
def test_copies_of_one_file_are_together_at_any_threshold(
    numbers: Numbers, threshold: float
) -> None:
    library = numbers(
        [[0], [0], [50], [50], [50], [100]],
        [("/c", 1), ("/a", 1), ("/b", 2), ("/d", 2), ("/e", 2), ("/f", 3)],
    )
    assert paths(find_groups(library, threshold)) == [["/a", "/c"], ["/b", "/d", "/e"]]


def test_copies_join_the_look_alikes_of_their_content(numbers: Numbers) -> None:
    library = numbers([[0], [0], [4], [9]], [("/a", 1), ("/d", 1), ("/b", 2), ("/c", 3)])
    assert paths(find_groups(library, 5.0)) == [["/a", "/b", "/d"]]
    assert paths(find_groups(library, 10.0)) == [["/a", "/b", "/c", "/d"]]


def test_thousands_of_copies_cost_one_comparison(numbers: Numbers) -> None:
    library = numbers(np.zeros((5000, 8)), [(f"/{number:05}", 7) for number in range(5000)])
    (group,) = find_groups(library)
    assert len(group.photos) == 5000


def test_look_alikes_are_not_chained(numbers: Numbers) -> None:
    library = numbers([[0], [10], [20], [30]])
    assert paths(find_groups(library, 12.0)) == [["/p/00000", "/p/00001"], ["/p/00002", "/p/00003"]]


def verdicts(relations: dict[tuple[int, int], Relation]) -> Verdicts:
    return Verdicts(Related.of({pair: (its, b"") for pair, its in relations.items()}), 0, 0)


@pytest.mark.parametrize("relation", [Relation.SAME_MOMENT, Relation.SAME_SCENE])
def test_two_bursts_that_look_alike_stay_two(numbers: Numbers, relation: Relation) -> None:
    library = numbers([[0], [1], [3], [4], [5]])
    proved = verdicts({(0, 1): relation, (2, 3): relation})
    groups = find_groups(library, verdicts=proved)
    assert paths(groups) == [["/p/00000", "/p/00001"], ["/p/00002", "/p/00003", "/p/00004"]]
    assert [each.relation for each in groups] == [relation, Relation.LOOK_ALIKE]
    # and neither does what is alike bring them together
    assert paths(find_groups(numbers([[0], [1], [2], [3], [1.5]]), verdicts=proved)) == [
        ["/p/00002", "/p/00003"],
        ["/p/00000", "/p/00001", "/p/00004"],
    ]


def test_edits_of_two_photos_that_look_alike_are_one_set(numbers: Numbers) -> None:
    library = numbers([[0], [1], [3], [4]])
    same = Relation.SAME_PICTURE
    (group,) = find_groups(library, verdicts=verdicts({(0, 1): same, (2, 3): same}))
    assert group.photos == library.photos


# --- edges ---------------------------------------------------------------------------------


def test_an_empty_library_has_no_sets(numbers: Numbers) -> None:
    library = numbers([[0.0]])
    assert find_groups(library) == []
    assert find_groups(replace(library, photos=(), vectors=library.vectors[:0])) == []


@pytest.mark.parametrize("threshold", [-1.0, float("nan")])
def test_a_threshold_below_zero_is_refused(numbers: Numbers, threshold: float) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        find_groups(numbers([[0], [1]]), threshold)


def test_a_set_of_one_is_refused(numbers: Numbers) -> None:
    lone = numbers([[0]]).photos
    member = (Member(Relation.SAME_FILE),)
    with pytest.raises(ValueError, match="at least 2 photos, got 1"):
        Group(lone, 0.0, np.zeros((1, 1), np.float32), 0, member)


def test_the_same_pixels_are_a_set_without_any_verdict_or_distance(numbers: Numbers) -> None:
    same, other = {"pixel_hash": b"\7" * 32}, {"pixel_hash": b"\7" * 32, "reduced": 2}
    library = numbers([[0], [90], [180]], known=[same, same, other])
    for relation in (Relation.SAME_PIXELS, Relation.LOOK_ALIKE):
        (group,) = find_groups(library, relation=relation)
        # of the third not every pixel was compared
        assert group.photos == library.photos[:2]
        assert group.relation is Relation.SAME_PIXELS
    assert find_groups(library, relation=Relation.SAME_FILE) == []
