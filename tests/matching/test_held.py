"""The features of photos at hand: in memory, in a file without a name, the same either way."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from dedupe.index.scan import scan
from dedupe.matching.crew import Crew
from dedupe.matching.points import held
from dedupe.matching.points.features import Features
from dedupe.matching.points.held import HeldFeatures

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
NAMES = ("camera/2019/DSC_0733.JPG", "camera/2018/DSC_0098.JPG")


def in_numbers(found: Features) -> Iterable[object]:
    yield found.thumbnail, found.size, found.points.tolist(), found.codes.tolist()
    yield found.words.tolist()
    for field, shown in found.fields:
        yield field.size, field.place.tolist()
        yield from in_numbers(shown)


def test_features_and_those_of_fields_come_back_from_the_file_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    paper = Image.new("RGB", (1200, 600), "white")
    for number, name in enumerate(NAMES):
        with Image.open(SAMPLES / name) as image:
            shown = ImageOps.exif_transpose(image).convert("RGB")
        shown.save(folder / f"{number}.jpg")
        paper.paste(ImageOps.fit(shown, (590, 600)), (610 * number, 0))
    paper.save(folder / "paper.jpg")
    library = scan(folder, index=tmp_path / "index.db")
    monkeypatch.setattr(held, "_HELD", 1)
    features = HeldFeatures(library.index, library.photos)
    with Crew(3) as crew:
        first = {row: list(in_numbers(features.hold([row], crew)[row])) for row in range(3)}
        monkeypatch.setattr(held, "features_of", None)  # nothing is found again
        for row in (2, 0, 1, 0):
            assert list(in_numbers(features.hold([row], crew)[row])) == first[row]
    features.close()
    assert len(first[2]) > 4  # the paper has its two fields
