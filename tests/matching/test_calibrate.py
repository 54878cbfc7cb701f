"""What a threshold finds in a library and what it gets wrong, measured on real photos."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.encoders.encode import LoadedEncoder
from dedupe.errors import DedupeError, IndexProblem, UnknownName
from dedupe.index.library import Library
from dedupe.matching.calibration import calibrate as calibrating
from dedupe.matching.calibration.calibrate import THRESHOLDS, Calibration, Found, calibrate
from dedupe.matching.calibration.known_edits import KNOWN_EDITS
from dedupe.matching.calibration.unrelated import STEPS, Apart

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
EDITS = ("jpeg_85", "turned_left", "crop_60", "collage_four")


@pytest.fixture(autouse=True)
def _loaded(encoder: LoadedEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrating, "load_encoder", lambda *_, **__: encoder)


def spoilt(library: Library, *gone: int) -> Library:
    """The library, as if some of its photos, counted by their contents, had vanished."""
    contents = sorted({photo.content for photo in library.photos})
    lost = {contents[number] for number in gone}
    photos = [
        replace(photo, file=replace(photo.file, path=Path("/none") / photo.path.name))
        if photo.content in lost else photo
        for photo in library.photos
    ]  # fmt: skip
    return replace(library, photos=tuple(photos))


def test_small_edits_are_nearer_than_large_ones_and_all_are_counted(samples: Library) -> None:
    found = calibrate(samples, photos=12, tries=6, edits=EDITS)
    assert [each.name for each in found.edits] == list(EDITS)
    assert [len(each.distances) for each in found.edits] == [6] * 4
    saved, turned, cropped, collage = (each.distances for each in found.edits)
    assert saved.max() < 8 < np.median(cropped) < np.median(collage)
    assert np.median(turned) > np.median(saved)
    for each in found.edits:
        assert each.distances.tolist() == sorted(each.distances.tolist())
    assert found.found(16, "re-encoded") == Found(6, 6)
    assert found.found(16).of == 24
    assert found.kinds == ("re-encoded", "turned", "cropped", "collage")
    assert found.photos == len({photo.content for photo in samples.photos})
    assert found.skips == ()


def test_a_larger_threshold_never_finds_less(samples: Library) -> None:
    found = calibrate(samples, photos=4, tries=1)
    assert {each.name for each in found.edits} == {
        name for name, edit in KNOWN_EDITS.items() if edit.can_be_made
    }
    for count in (found.found, found.wrong):
        counts = [count(each).found for each in THRESHOLDS]
        assert counts == sorted(counts)


def test_the_same_library_gives_the_same_answer_whatever_the_order(samples: Library) -> None:
    def numbers(library: Library) -> object:
        found = calibrate(library, photos=5, tries=2, edits=EDITS)
        return [each.distances.tolist() for each in found.edits], found.recommended, found.sample

    backwards = replace(samples, photos=samples.photos[::-1], vectors=samples.vectors[::-1])
    first, turned = numbers(samples), numbers(backwards)
    assert first[:2] == turned[:2]  # type: ignore[index]
    contents = [[photo.content for photo in each[2]] for each in (first, turned)]  # type: ignore[index]
    assert contents[0] == contents[1] == sorted(contents[0])


def test_no_photo_and_no_index_is_changed(samples: Library) -> None:
    def seen() -> dict[Path, tuple[str, int]]:
        return {
            path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
            for folder in (SAMPLES, samples.index.parent)
            for path in folder.rglob("*")
            if path.is_file()
        }

    before = seen()
    calibrate(samples, photos=6, tries=2, edits=EDITS)
    assert seen() == before


def test_photos_that_went_are_left_out_and_named(samples: Library) -> None:
    found = calibrate(spoilt(samples, 0, 3), photos=6, tries=6, edits=EDITS)
    assert len(found.skips) == 2
    assert all(skip.path.parent == Path("/none") and skip.problem for skip in found.skips)
    assert len(found.sample) == 4
    assert [len(each.distances) for each in found.edits] == [4] * 4


def test_a_library_whose_photos_are_all_gone_is_an_error_with_a_next_step(
    samples: Library,
) -> None:
    with pytest.raises(DedupeError, match="none of 3 photos could be read") as error:
        calibrate(spoilt(samples, 0, 1, 2), photos=3, edits=EDITS)
    assert "connect the drive" in error.value.hint


def test_a_photo_that_changed_since_the_scan_is_left_out(samples: Library, tmp_path: Path) -> None:
    first = min(samples.photos, key=lambda photo: photo.content)
    other = tmp_path / first.path.name
    other.write_bytes(first.path.read_bytes())
    moved = replace(first, file=replace(first.file, path=other))
    os.utime(other, ns=(1, 1))
    library = replace(
        samples, photos=tuple(moved if each == first else each for each in samples.photos)
    )
    found = calibrate(library, photos=3, tries=3, edits=("grey",))
    assert [skip.path for skip in found.skips] == [other]


def test_a_collage_is_left_out_where_there_are_too_few_other_photos(samples: Library) -> None:
    found = calibrate(samples, photos=2, tries=2, edits=("collage_two", "collage_four"))
    assert [(each.name, len(each.distances)) for each in found.edits] == [("collage_two", 2)]


def test_an_unknown_edit_is_refused_and_other_weights_too(
    samples: Library,
) -> None:
    with pytest.raises(UnknownName, match="no edit called 'crop_11'"):
        calibrate(samples, edits=("crop_11",))
    other = replace(samples, encoder=replace(samples.encoder, fingerprint="other"))
    with pytest.raises(IndexProblem, match="was made with other weights"):
        calibrate(other)
    with pytest.raises(ValueError, match="are 1 or more"):
        calibrate(samples, photos=0)


def measured(photos: int, pairs: int, wrong: dict[float, int]) -> Calibration:
    """A calibration of so many wrong pairs at some distances."""
    steps = np.zeros(64 * STEPS + 1, np.int64)
    for distance, count in wrong.items():
        steps[round(distance * STEPS)] = count
    apart = Apart(pairs, "day", photos, 0, steps)
    recommended, reason = calibrating._recommended(apart, photos)
    return Calibration(
        encoder="e", photos=photos, sample=(), skips=(), edits=(), apart=apart,
        thresholds=THRESHOLDS, recommended=recommended, reason=reason,
    )  # fmt: skip


def test_the_largest_threshold_with_few_enough_wrong_pairs_is_recommended() -> None:
    found = measured(2000, 1_999_000, {15: 5, 17: 3, 19: 30, 23: 5000})
    assert found.wrong_here(16)[0] == 5
    assert found.wrong_here(18)[1] < 20 < found.wrong_here(20)[0]
    assert found.recommended == 18
    assert "one wrong pair per 100 photos" in found.reason


@pytest.mark.parametrize("photos", [1, 2, 40, 300])
def test_few_photos_tell_nothing_and_the_default_is_recommended(photos: int) -> None:
    found = measured(photos, photos * (photos - 1) // 2, {30: 1})
    assert found.recommended == 16
    assert "too few" in found.reason


def test_a_library_in_which_all_looks_alike_gets_the_smallest_threshold() -> None:
    found = measured(2000, 1_999_000, {9: 4000})
    assert (found.recommended, found.reason[:12]) == (10, "the smallest")


@given(of=st.integers(1, 10**9), share=st.floats(0, 1))
def test_an_interval_holds_its_share_and_stays_between_nothing_and_all(
    of: int, share: float
) -> None:
    found = Found(int(of * share), of)
    low, high = found.interval
    assert 0 <= low <= found.share + 1e-12
    assert found.share - 1e-12 <= high <= 1
    assert low < high


def test_intervals_are_those_of_wilson() -> None:
    # Brown, Cai and DasGupta, Interval Estimation for a Binomial Proportion (2001)
    assert Found(0, 10).interval == pytest.approx((0, 0.2775), abs=1e-4)
    assert Found(5, 10).interval == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert Found(0, 0).interval == (0, 1)


def test_progress_is_told_and_ends_where_it_said(samples: Library) -> None:
    class Heard:
        def __init__(self) -> None:
            self.stages: list[list[object]] = []

        def start(self, what: str, total: int) -> None:
            self.stages.append([what, total, 0])

        def advance(self, count: int = 1) -> None:
            self.stages[-1][2] += count  # type: ignore[operator]

    heard = Heard()
    calibrate(samples, photos=5, tries=3, edits=EDITS, progress=heard)
    assert heard.stages[1] == ["Editing and encoding", 12, 12]


Numbers = Callable[..., Library]


def test_an_empty_library_is_an_error(numbers: Numbers, encoder: LoadedEncoder) -> None:
    library = numbers(np.empty((0, 3)))
    named = replace(library.encoder, fingerprint=encoder.fingerprint)
    empty = replace(library, photos=(), vectors=np.empty((0, 3), np.float16), encoder=named)
    with pytest.raises(DedupeError, match="none of 0 photos"):
        calibrate(empty)
