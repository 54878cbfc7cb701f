"""The library ranked by distance to one photo or several, in it or not."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from own_process import said

from dedupe.encoders.encode import LoadedEncoder
from dedupe.encoders.registry import ENCODERS
from dedupe.errors import IndexProblem, PhotoUnreadable, UsageError, WeightsMissing
from dedupe.index.library import Library
from dedupe.matching import search as searching
from dedupe.matching.search import Hit, search

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_photos"
DOGS = SAMPLES / "phone/2019-07/IMG_20190714_101512.jpg"
HEIC = SAMPLES / "backup/cloud/IMG_3021.heic"
Numbers = Callable[..., Library]


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "load_encoder", None)


@pytest.fixture
def _loaded(encoder: LoadedEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "load_encoder", lambda *_, **__: encoder)


def ranking(hits: list[Hit]) -> list[tuple[Path, float]]:
    return [(hit.photo.path, hit.distance) for hit in hits]


@pytest.mark.usefixtures("_no_network")
@pytest.mark.parametrize("example", [DOGS, HEIC], ids=lambda path: path.suffix)
def test_a_photo_of_the_library_is_its_own_first_hit_and_loads_no_network(
    samples: Library, example: Path
) -> None:
    hits = search(samples, example, 100)
    assert hits[0].distance == 0
    assert example in [hit.photo.path for hit in hits if hit.distance == 0]
    assert len(hits) == len(samples.photos)
    assert [hit.distance for hit in hits] == sorted(hit.distance for hit in hits)


def test_searching_by_a_photo_of_the_library_does_not_import_torch(samples: Library) -> None:
    code = (
        "import sys; from pathlib import Path; from dedupe.index.library import open_library;"
        "from dedupe.matching.search import search;"
        "hits = search(open_library(index=Path(sys.argv[1])), sys.argv[2], 3);"
        "print(len(hits), 'torch' in sys.modules)"
    )
    assert said(code, samples.index, DOGS) == "3 False\n"


@pytest.mark.usefixtures("_loaded")
@pytest.mark.parametrize("example", [DOGS, HEIC], ids=lambda path: path.suffix)
def test_a_copy_outside_the_library_gives_the_same_ranking(
    samples: Library, example: Path, tmp_path: Path
) -> None:
    shutil.copyfile(example, tmp_path / "copy")
    assert ranking(search(samples, tmp_path / "copy", 100)) == ranking(
        search(samples, example, 100)
    )


@pytest.mark.usefixtures("_no_network")
def test_a_link_or_another_way_to_write_its_path_finds_a_photo_of_the_library(
    samples: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ranking(search(samples, DOGS))
    (tmp_path / "link.jpg").symlink_to(DOGS)
    assert ranking(search(samples, tmp_path / "link.jpg")) == expected
    monkeypatch.chdir(DOGS.parent)
    assert ranking(search(samples, DOGS.name)) == expected


@pytest.mark.usefixtures("_no_network")
def test_another_name_of_a_photo_is_as_good_as_its_first(samples: Library) -> None:
    first = samples.photos[0]
    info = DOGS.stat()
    file = replace(
        first.file, path=Path("/elsewhere"), size=info.st_size, mtime_ns=info.st_mtime_ns
    )
    linked = replace(first, file=file, hard_links=(DOGS,))
    others = [p for p in zip(samples.photos, samples.vectors, strict=True) if p[0].path != DOGS]
    library = replace(
        samples,
        photos=(linked, *(photo for photo, _ in others[1:])),
        vectors=np.stack([samples.vectors[0], *(vector for _, vector in others[1:])]),
    )
    assert search(library, DOGS, 1)[0].photo == linked


@pytest.mark.usefixtures("_no_network")
def test_k_and_threshold_cut_the_ranking(samples: Library) -> None:
    everything = ranking(search(samples, DOGS, 100))
    assert ranking(search(samples, DOGS, 5)) == everything[:5]
    limit = everything[3][1]
    assert ranking(search(samples, DOGS, 100, threshold=limit)) == [
        hit for hit in everything if hit[1] <= limit
    ]
    assert ranking(search(samples, DOGS, 2, threshold=limit)) == everything[:2]
    assert {hit.distance for hit in search(samples, DOGS, 100, threshold=0.0)} == {0.0}
    with pytest.raises(ValueError, match="k is 1 or more, got 0"):
        search(samples, DOGS, 0)


@pytest.mark.usefixtures("_no_network")
def test_equal_distances_come_in_the_order_of_their_paths(numbers: Numbers, tmp_path: Path) -> None:
    example = tmp_path / "m"
    example.write_bytes(b"x")
    os.utime(example, ns=(1, 1))
    library = numbers([[1], [0], [1], [0], [-1]], ["/d", str(example), "/b", "/a", "/c"])
    assert [str(hit.photo.path) for hit in search(library, example)] == [
        *sorted(["/a", str(example)]),
        *("/b", "/c", "/d"),
    ]


@pytest.mark.usefixtures("_loaded")
def test_a_photo_that_changed_since_the_scan_is_encoded_anew(
    samples: Library, tmp_path: Path
) -> None:
    shutil.copyfile(HEIC, tmp_path / "a.jpg")
    rows = [row for row, photo in enumerate(samples.photos) if photo.path == DOGS]
    file = replace(samples.photos[rows[0]].file, path=(tmp_path / "a.jpg").resolve())
    photos = list(samples.photos)
    photos[rows[0]] = replace(photos[rows[0]], file=file)
    hits = search(replace(samples, photos=tuple(photos)), tmp_path / "a.jpg", 1)
    assert hits[0].photo.path == HEIC


@pytest.mark.usefixtures("_no_network")
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file"),
        (b"", r"a\.jpg is empty"),
        (b"hello", r"a\.jpg is named like a photo \(\.jpg\), but its bytes are none"),
        (b"\xff\xd8\xff\xe0broken", r"a\.jpg is broken"),
        (b"\0\0\0\x18ftypmp42", r"a\.jpg is a video"),
    ],
)
def test_an_example_that_is_no_photo_is_refused_before_a_network_is_loaded(
    samples: Library, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(PhotoUnreadable, match=sentence):
        search(samples, tmp_path / "a.jpg")


def test_weights_other_than_those_of_the_scan_are_refused(samples: Library, tmp_path: Path) -> None:
    shutil.copyfile(DOGS, tmp_path / "copy.jpg")
    other = tmp_path / "other.pth"
    torch.manual_seed(0)
    torch.save(ENCODERS[samples.encoder.name].build().state_dict(), other)
    with pytest.raises(IndexProblem, match="was made with other weights") as caught:
        search(samples, tmp_path / "copy.jpg", weights=other, device="cpu")
    assert "--weights" in caught.value.hint
    with pytest.raises(WeightsMissing):
        search(samples, tmp_path / "copy.jpg", weights=tmp_path / "none.pth")


@pytest.mark.usefixtures("_loaded")
def test_an_index_of_another_version_is_refused(samples: Library, tmp_path: Path) -> None:
    shutil.copyfile(DOGS, tmp_path / "copy.jpg")
    older = replace(samples, encoder=replace(samples.encoder, fingerprint="older"))
    with pytest.raises(IndexProblem, match="another version of efficientnet_lite0"):
        search(older, tmp_path / "copy.jpg")


@pytest.mark.usefixtures("_loaded")
def test_searching_leaves_the_example_as_it_was(samples: Library, tmp_path: Path) -> None:
    shutil.copyfile(DOGS, tmp_path / "copy.jpg")
    os.utime(tmp_path / "copy.jpg", ns=(10**18, 10**18))
    search(samples, tmp_path / "copy.jpg")
    assert (tmp_path / "copy.jpg").read_bytes() == DOGS.read_bytes()
    assert (tmp_path / "copy.jpg").stat().st_mtime_ns == 10**18


# --- several examples

PORTRAIT = SAMPLES / "downloads/portrait.jpg"
SMALLER = SAMPLES / "downloads/portrait (1).jpg"


@pytest.mark.usefixtures("_no_network")
def test_of_several_examples_the_nearest_counts_and_is_named(samples: Library) -> None:
    alone = {example: search(samples, example, 100) for example in (DOGS, PORTRAIT)}
    away = {example: {hit.photo: hit.distance for hit in hits} for example, hits in alone.items()}
    hits = search(samples, [DOGS, PORTRAIT], 100)
    assert len(hits) == len(samples.photos)
    for hit in hits:
        assert hit.distance == min(away[DOGS][hit.photo], away[PORTRAIT][hit.photo])
        assert hit.distance == away[hit.nearest][hit.photo]
    assert {hit.nearest for hit in hits} == {DOGS, PORTRAIT}
    assert {hit.nearest for hit in alone[DOGS]} == {DOGS}
    assert [hit.photo for hit in search(samples, [PORTRAIT, str(DOGS), DOGS], 100)] == [
        hit.photo for hit in hits
    ]


@pytest.mark.usefixtures("_no_network")
def test_what_is_no_nearer_than_to_an_unwanted_example_is_left_out(samples: Library) -> None:
    to_dogs, to_portrait = (
        {hit.photo: hit.distance for hit in search(samples, example, 100)}
        for example in (DOGS, PORTRAIT)
    )
    hits = search(samples, DOGS, 100, not_like=PORTRAIT)
    assert {hit.photo for hit in hits} == {
        photo for photo in to_dogs if to_dogs[photo] < to_portrait[photo]
    }
    assert 1 < len(hits) < len(samples.photos)
    assert [hit.distance for hit in hits] == [to_dogs[hit.photo] for hit in hits]


@pytest.mark.usefixtures("_no_network")
def test_an_unwanted_example_and_its_copies_are_never_found(samples: Library) -> None:
    first, second = search(samples, DOGS, 2)
    assert second.distance == 0  # its copy
    assert search(samples, first.photo.path, 100, not_like=[second.photo.path]) == []


@pytest.mark.usefixtures("_no_network")
def test_with_a_threshold_all_within_it_are_found_and_20_without(
    samples: Library, numbers: Numbers, tmp_path: Path
) -> None:
    example = tmp_path / "m"
    example.write_bytes(b"x")
    os.utime(example, ns=(1, 1))
    library = numbers(np.zeros((50, 2)), [str(example), *(f"/{n:02}" for n in range(49))])
    assert len(search(library, example)) == 20
    assert len(search(library, example, threshold=1.0)) == 50
    assert len(search(library, example, 3, threshold=1.0)) == 3


def test_examples_that_are_not_in_the_library_are_encoded_in_one_batch(
    samples: Library, encoder: LoadedEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    batches: list[int] = []

    class Counting:
        fingerprint = encoder.fingerprint

        def encode(self, pixels: np.ndarray) -> np.ndarray:
            batches.append(len(pixels))
            return encoder.encode(pixels)

    monkeypatch.setattr(searching, "load_encoder", lambda *_, **__: Counting())
    for number, photo in enumerate((PORTRAIT, HEIC)):
        shutil.copyfile(photo, tmp_path / f"{number}.jpg")
    outside = [tmp_path / "0.jpg", DOGS, tmp_path / "1.jpg"]
    hits = search(samples, outside[:2], 100, not_like=outside[2:])
    assert batches == [2]
    inside = search(samples, [PORTRAIT, DOGS], 100, not_like=[HEIC])
    assert ranking(hits) == ranking(inside)


@pytest.mark.usefixtures("_no_network")
def test_what_cannot_be_meant_is_refused(samples: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is an example and also one that hits must not be like"):
        search(samples, [DOGS, HEIC], not_like=[HEIC])
    with pytest.raises(ValueError, match="a search needs an example"):
        search(samples, [])
    (tmp_path / "a.jpg").write_bytes(b"")
    for examples, not_like in (([DOGS, tmp_path / "a.jpg"], []), ([DOGS], [tmp_path / "a.jpg"])):
        with pytest.raises(PhotoUnreadable, match=r"a\.jpg is empty"):
            search(samples, examples, not_like=not_like)
