"""What the hits of a search are to their example: as explain says, for the nearest alone."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from own_process import said

from dedupe.encoders import encode as loading
from dedupe.encoders.encode import LoadedEncoder
from dedupe.errors import PhotoUnreadable
from dedupe.index.library import Library, open_library
from dedupe.index.scan import update_index
from dedupe.matching import hits as verifying
from dedupe.matching import search as searching
from dedupe.matching.explain import explain
from dedupe.matching.hits import verify_hits
from dedupe.matching.pairs.compare import evidence_of
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.search import Hit, search

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_photos"
TRUTH = json.loads((ROOT / "tests/data/sample_photos.json").read_text("utf-8"))
DOGS = SAMPLES / "phone/2019-07/IMG_20190714_101512.jpg"
MOUNTAIN = SAMPLES / "phone/2019-07/IMG_20190720_093044.jpg"
COFFEE = SAMPLES / "phone/2019-11/IMG_20191117_104433.jpg"
SCREENSHOT = SAMPLES / "screenshots/Screenshot_20200302-211409.png"
HEIC = SAMPLES / "backup/cloud/IMG_3021.heic"


@pytest.fixture
def _loaded(encoder: LoadedEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "load_encoder", lambda *_, **__: encoder)


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[bytes]]:
    """The contents of all pairs that are laid on each other."""
    laid: list[frozenset[bytes]] = []

    def noting(*args: object) -> Evidence | None:
        laid.append(frozenset(each[0].content for each in args[:2]))  # type: ignore[index]
        return evidence_of(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(verifying, "evidence_of", noting)
    return laid


@pytest.fixture
def bare(encoder: LoadedEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Some sample photos, scanned without thumbnails."""
    monkeypatch.setattr(loading, "load_encoder", lambda *_, **__: encoder)
    index = tmp_path / "bare.db"
    update_index([SAMPLES / "phone", SAMPLES / "backup"], index=index, thumbnails=False)
    return open_library(index=index)


def found(hits: list[Hit]) -> dict[str, tuple[Relation | None, str]]:
    return {
        hit.photo.path.relative_to(SAMPLES).as_posix(): (hit.relation, hit.edit) for hit in hits
    }


@pytest.mark.parametrize("example", [COFFEE, SCREENSHOT, HEIC], ids=lambda path: path.name)
def test_every_hit_is_what_explain_says_of_the_two(samples: Library, example: Path) -> None:
    hits = verify_hits(samples, search(samples, example, 39))
    for hit in [*hits[:9], *hits[9::6]]:
        explained = explain(samples, example, hit.photo.path)
        assert hit.verified
        assert (hit.relation, hit.edit) == (explained.relation, explained.edit), hit.photo.path


def test_every_edit_of_a_photo_is_the_same_picture_by_name(samples: Library) -> None:
    originals = {entry["scene"]: entry["path"] for entry in TRUTH if entry["edit"] == "original"}
    proofs = {
        "byte copy": {Relation.SAME_FILE},
        "another shot": {Relation.SAME_MOMENT, Relation.SAME_SCENE},
    }
    looked = 0
    for scene, original in originals.items():
        edits = [each for each in TRUTH if each["scene"] == scene and each["path"] != original]
        if not edits:
            continue
        ranked = search(samples, SAMPLES / original, 39)
        own = {SAMPLES / each["path"] for each in edits}
        near = [hit for number, hit in enumerate(ranked) if number < 9 or hit.photo.path in own]
        hits = found(verify_hits(samples, near))
        for entry in edits:
            relation, edit = hits[entry["path"]]
            picture = {Relation.SAME_PIXELS, Relation.SAME_PICTURE}
            assert relation in proofs.get(entry["edit"], picture), entry
            assert bool(edit) == (relation is Relation.SAME_PICTURE), entry
            looked += 1
        others = {each["path"] for each in TRUTH if each["scene"] != scene} & set(hits)
        assert {hits[path][0] for path in others} <= {None, Relation.LOOK_ALIKE}
    assert looked > 15


@pytest.mark.usefixtures("_loaded")
def test_a_photo_that_was_never_scanned_is_to_its_hits_what_it_would_be_as_one_of_them(
    samples: Library, tmp_path: Path
) -> None:
    for example in (DOGS, HEIC):
        shutil.copyfile(example, tmp_path / "outside")
        outside = verify_hits(samples, search(samples, tmp_path / "outside", 30))
        inside = verify_hits(samples, search(samples, example, 30))
        assert found(outside) == found(inside)
        assert outside[0].relation is Relation.SAME_FILE


def test_the_relation_is_that_to_the_nearest_example(samples: Library) -> None:
    alone = {path: found(verify_hits(samples, search(samples, path, 39))) for path in (DOGS, HEIC)}
    hits = verify_hits(samples, search(samples, [DOGS, HEIC], 39))
    assert {hit.nearest for hit in hits} == {DOGS, HEIC}
    for hit in hits:
        ((path, told),) = found([hit]).items()
        assert alone[hit.nearest][path] == told


def test_how_many_hits_are_asked_for_changes_nothing_of_the_others(samples: Library) -> None:
    everything = verify_hits(samples, search(samples, MOUNTAIN, 39))
    assert verify_hits(samples, search(samples, MOUNTAIN, 4)) == everything[:4]
    near = verify_hits(samples, search(samples, MOUNTAIN, threshold=30.0))
    assert near == everything[: len(near)]
    assert {hit.relation for hit in near if hit.distance > 16} >= {None}


def test_what_nothing_relates_is_looked_at_and_has_no_relation(samples: Library) -> None:
    hits = verify_hits(samples, search(samples, COFFEE, 39))
    far = [hit for hit in hits if hit.distance > 22]
    assert far
    assert {(hit.relation, hit.edit, hit.verified) for hit in far} == {(None, "", True)}


def test_a_search_alone_says_nothing_of_relations(samples: Library) -> None:
    hits = search(samples, COFFEE, 39)
    assert {(hit.relation, hit.edit, hit.verified) for hit in hits} == {(None, "", False)}
    assert verify_hits(samples, []) == []


def test_what_hashes_prove_and_copies_of_one_file_are_not_laid_on_each_other_again(
    samples: Library, pairs: list[frozenset[bytes]]
) -> None:
    hits = verify_hits(samples, search(samples, COFFEE, 39))
    assert len(pairs) == len(set(pairs))
    proved = [hit for hit in hits if hit.relation in (Relation.SAME_FILE, Relation.SAME_PIXELS)]
    assert len(proved) == 3
    assert len(pairs) == len({hit.photo.content for hit in hits if hit not in proved})


def test_beyond_the_nearest_only_what_hashes_prove_is_known(
    samples: Library, pairs: list[frozenset[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = search(samples, MOUNTAIN, 39)
    everything = verify_hits(samples, hits)
    pairs.clear()
    monkeypatch.setattr(verifying, "MOST", 3)
    again = verify_hits(samples, hits)
    assert len(pairs) == 3
    looked_at = [hit.verified for hit in again]
    # the example itself, three others
    assert looked_at == [True] * 4 + [False] * 35
    assert again == [*everything[:4], *hits[4:]]
    moved_back = [*hits[1:], hits[0]]
    assert verify_hits(samples, moved_back)[-1].relation is Relation.SAME_FILE


def test_without_thumbnails_bytes_and_pixels_are_known_and_nothing_else(
    bare: Library, pairs: list[frozenset[bytes]]
) -> None:
    hits = verify_hits(bare, search(bare, DOGS, 39))
    assert [hit.relation for hit in hits if hit.verified] == [Relation.SAME_FILE] * 2
    assert {(hit.relation, hit.edit) for hit in hits if not hit.verified} == {(None, "")}
    assert pairs == []


def test_an_example_without_a_thumbnail_is_read_from_its_file(
    bare: Library, samples: Library
) -> None:
    """Half of the library was scanned without, the other half with."""
    update_index([SAMPLES / "chat"], index=bare.index)
    mixed = open_library(index=bare.index)
    here = found(verify_hits(mixed, search(mixed, DOGS, 39)))
    whole = found(verify_hits(samples, search(samples, DOGS, 39)))
    chat = {path: told for path, told in whole.items() if path.startswith("chat/")}
    assert len(chat) == 6
    assert {path: here[path] for path in chat} == chat


@pytest.mark.usefixtures("_loaded")
def test_an_example_that_went_meanwhile_is_said(samples: Library, tmp_path: Path) -> None:
    shutil.copyfile(DOGS, tmp_path / "a.jpg")
    hits = search(samples, tmp_path / "a.jpg", 3)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(PhotoUnreadable, match=r"a\.jpg cannot be read"):
        verify_hits(samples, hits)
    (tmp_path / "a.jpg").write_bytes(DOGS.read_bytes()[:3000])
    with pytest.raises(PhotoUnreadable, match=r"a\.jpg is broken"):
        verify_hits(samples, hits)


def test_every_pair_is_told_of(samples: Library) -> None:
    class Counting:
        def __init__(self) -> None:
            self.total = self.done = 0

        def start(self, what: str, total: int) -> None:
            assert what == "Verifying hits"
            self.total = total

        def advance(self, count: int = 1) -> None:
            self.done += count

    counting = Counting()
    verify_hits(samples, search(samples, HEIC, 10), progress=counting)
    assert 0 < counting.done == counting.total < 10


def test_a_photo_in_the_library_that_changed_is_looked_at_as_it_is_now(
    samples: Library, tmp_path: Path
) -> None:
    shutil.copyfile(HEIC, tmp_path / "a.jpg")
    hits = search(samples, DOGS, 39)
    row = next(row for row, photo in enumerate(samples.photos) if photo.path == DOGS)
    file = replace(samples.photos[row].file, path=(tmp_path / "a.jpg").resolve())
    photos = list(samples.photos)
    photos[row] = replace(photos[row], file=file)
    changed = replace(samples, photos=tuple(photos))
    moved = [replace(hit, nearest=file.path) for hit in hits if hit.photo.path != DOGS]
    told = found(verify_hits(changed, moved))
    assert told["backup/cloud/IMG_3021.heic"] == (Relation.SAME_FILE, "")


def test_hits_of_photos_of_the_library_are_verified_without_torch(samples: Library) -> None:
    code = (
        "import sys, dedupe; from pathlib import Path;"
        "library = dedupe.open_library(index=Path(sys.argv[1]));"
        "hits = dedupe.verify_hits(library, dedupe.search(library, sys.argv[2], 3));"
        "print(*(hit.relation.words for hit in hits), 'torch' in sys.modules, sep=', ')"
    )
    assert said(code, samples.index, DOGS) == "same file, same file, same picture, False\n"
