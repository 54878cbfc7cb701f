"""The features of photos at hand: in memory, in a file without a name, the same either way."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from dedupe.index.library import Library
from dedupe.index.scan import scan
from dedupe.index.store import Index
from dedupe.matching.crew import Crew
from dedupe.matching.points import held, remembered
from dedupe.matching.points.features import Features, features_of
from dedupe.matching.points.held import HeldFeatures
from dedupe.matching.points.packed import packed, sound

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
NAMES = ("camera/2019/DSC_0733.JPG", "camera/2018/DSC_0098.JPG")


def in_numbers(found: Features) -> Iterable[object]:
    yield found.thumbnail, found.size, found.points.tolist(), found.codes.tolist()
    yield found.words.tolist()
    for field, shown in found.fields:
        yield field.size, field.place.tolist()
        yield from in_numbers(shown)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Two photos, and a paper with both."""
    tmp_path = tmp_path_factory.mktemp("held")
    folder = tmp_path / "photos"
    folder.mkdir()
    paper = Image.new("RGB", (1200, 600), "white")
    for number, name in enumerate(NAMES):
        with Image.open(SAMPLES / name) as image:
            shown = ImageOps.exif_transpose(image).convert("RGB")
        shown.save(folder / f"{number}.jpg")
        paper.paste(ImageOps.fit(shown, (590, 600)), (610 * number, 0))
    paper.save(folder / "paper.jpg")
    return scan(folder, index=tmp_path / "index.db")


def test_features_and_those_of_fields_come_back_from_the_file_as_they_were(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "_HELD", 1)
    features = HeldFeatures(library.index, library.photos)
    with Crew(3) as crew:
        first = {row: list(in_numbers(features.hold([row], crew)[row])) for row in range(3)}
        monkeypatch.setattr(held, "features_of", None)  # nothing is found again
        for row in (2, 0, 1, 0):
            assert list(in_numbers(features.hold([row], crew)[row])) == first[row]
    features.close()
    assert len(first[2]) > 4  # the paper has its two fields


def test_features_of_an_earlier_run_are_not_found_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    with Crew(3) as crew:
        for _ in range(2):
            with closing(HeldFeatures(library.index, library.photos)) as features:
                features.hold([0, 2], crew)
                found.append([list(in_numbers(features.hold([row], crew)[row])) for row in (0, 2)])
            monkeypatch.setattr(held, "features_of", None)
    assert found[0] == found[1]


def test_features_that_were_found_in_another_way_are_found_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "_VERSION", "another")
    looked = []

    def looking(thumbnail: bytes) -> Features:
        looked.append(thumbnail)
        return features_of(thumbnail)

    monkeypatch.setattr(held, "features_of", looking)
    with Crew(3) as crew:
        for _ in range(2):
            with closing(HeldFeatures(library.index, library.photos)) as features:
                features.hold([1], crew)
    assert len(looked) == 1


@pytest.fixture(scope="module")
def paper(library: Library) -> tuple[bytes, bytes]:
    """The thumbnail of the paper, and what is packed of it."""
    with Index(library.index) as store:
        (jpeg,) = store.thumbnails([library.photos[2].content]).values()
    return jpeg, packed(features_of(jpeg))


@given(st.data())
def test_bytes_that_cannot_be_features_are_none(
    paper: tuple[bytes, bytes], data: st.DataObject
) -> None:
    jpeg, whole = paper
    true = sound(whole, jpeg)
    assert true is not None
    forged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        # most of it are codes, of which any are sound: rather the heads, and what is far behind
        place = data.draw(st.integers(0, 40) | st.integers(0, len(whole) - 1))
        forged[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.just(len(forged)) | st.integers(0, len(forged)))
    found = sound(bytes(forged[:end]), jpeg)
    if found is not None:
        assert end == len(forged)
        assert found.size == true.size
        assert np.isfinite(found.points).all()
