"""The quality benchmark: what it counts, and the sets that it makes and reads."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"
SAMPLES = ROOT / "sample_photos"

pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="only the package is here")


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> object:
    """Imports a module of the benchmarks by its name."""
    monkeypatch.syspath_prepend(BENCHMARKS)

    def module(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield module
    for name in [each for each in sys.modules if each.startswith("quality") or each == "rivals"]:
        del sys.modules[name]


# two originals with two edits each, two negatives of one scene and one of another
ROWS = """path,group,attack,scene
img/a.jpg,1,original,
img/a1.jpg,1,grey,
img/a2.jpg,1,crop_10,
img/b.jpg,2,original,
img/b1.jpg,2,grey,
img/b2.jpg,2,crop_10,
img/x.jpg,3,negative,beach
img/y.jpg,4,negative,beach
img/z.jpg,5,negative,wood
"""


@pytest.fixture
def scored(load, tmp_path: Path):
    """Scores sets, or pairs, of names such as "a1"."""
    (tmp_path / "groups.csv").write_text(ROWS)
    items = load("quality_set").read_set(tmp_path)
    score, answer = load("quality_score").score, load("quality_score").Answer

    def measure(*sets: str, pairs: bool = False):
        paths = [[f"/somewhere/img/{name}.jpg" for name in each.split()] for each in sets]
        return score(answer(pairs=paths) if pairs else answer(paths), items)

    return measure


@pytest.mark.parametrize("pairs", [False, True])
def test_nothing_found_is_nothing_wrong(scored, pairs: bool) -> None:
    found = scored(pairs=pairs)
    assert (found.precision, found.recall, found.f1, found.edits_found) == (1, 0, 0, 0)


def test_all_found_is_all_right(scored) -> None:
    found = scored("a a1 a2", "b b1 b2")
    assert (found.precision, found.recall, found.f1, found.edits_found) == (1, 1, 1, 1)
    assert found.by_edit == {"grey": 1, "crop_10": 1}
    assert (found.true_pairs, found.unrelated, found.same_scene, found.mixed) == (6, 0, 0, 0)


def test_an_edit_counts_only_with_its_original(scored) -> None:
    found = scored("a1 a2", "b b1")
    assert found.edits_found == 0.25
    assert found.by_edit == {"grey": 0.5, "crop_10": 0}
    assert (found.true_pairs, found.recall) == (2, pytest.approx(2 / 6))


def test_wrong_pairs_are_those_of_one_scene_and_unrelated_ones(scored) -> None:
    found = scored("x y z", "a a1 b")
    assert (found.true_pairs, found.same_scene, found.unrelated) == (1, 1, 4)
    assert found.precision == pytest.approx(1 / 6)
    assert found.mixed == 2


def test_pairs_count_as_said_but_an_edit_is_found_through_others(scored) -> None:
    found = scored("a a1", "a1 a2", "a1 a", "x x", "y nowhere", pairs=True)
    assert (found.true_pairs, found.unrelated, found.sets) == (2, 0, 1)
    assert found.by_edit == {"grey": 0.5, "crop_10": 0.5}


def test_sets_that_overlap_count_each_pair_once(scored) -> None:
    found = scored("a a1", "a a1 a2", "a2 x")
    assert (found.true_pairs, found.unrelated) == (3, 1)


def test_a_set_is_made_the_same_twice_and_read_as_it_was_made(load, tmp_path: Path) -> None:
    quality_set = load("quality_set")
    names = ["jpeg_60", "grey", "crop_25", "collage_two", "png"]
    made = [
        quality_set.make_set(
            tmp_path / str(number), [SAMPLES / "camera", SAMPLES / "phone"], originals=2,
            edits=names, negatives=[SAMPLES / "screenshots"], side=300, processes=1,
        )
        for number in range(2)
    ]  # fmt: skip
    assert made[0] == made[1] == quality_set.read_set(tmp_path / "0")
    assert [item.edit for item in made[0] if item.group == "o00001"] == ["original", *names]
    negatives = [item for item in made[0] if item.edit == "negative"]
    assert negatives
    assert {item.scene for item in negatives} == {str(SAMPLES / "screenshots")}
    for item in made[0]:
        first, second = ((tmp_path / number / item.path).read_bytes() for number in "01")
        assert first == second
        with Image.open(tmp_path / "0" / item.path) as image:
            assert max(image.size) <= 300 or item.edit == "collage_two"


def test_an_original_may_get_some_of_the_edits_only(load, tmp_path: Path) -> None:
    items = load("quality_set").make_set(
        tmp_path / "set", [SAMPLES / "phone"], originals=3, edits=["grey", "half", "warm", "cool"],
        each=2, side=120, processes=1,
    )  # fmt: skip
    assert len(items) == 3 * 3


def test_of_two_photos_of_a_set_the_weaker_relation_counts(load) -> None:
    photos = [("/a", "keep"), ("/b", "same file"), ("/c", "look-alike"), ("/d", "keep")]
    sets = [{"photos": [{"path": path, "relation": each} for path, each in photos]}]
    groups = {"/a": "1", "/b": "1", "/c": "1", "/d": "2"}
    right, wrong = load("quality").by_relation(sets, groups)
    assert dict(right) == {"same file": 1, "look-alike": 2}
    assert dict(wrong) == {"keep": 1, "same file": 1, "look-alike": 1}


def test_rivals_that_are_not_installed_are_named(load, tmp_path: Path) -> None:
    ready, missing = load("quality_rivals").installed(tmp_path)
    assert ready == []
    assert len(missing) == len(load("quality_rivals").FINDERS)
