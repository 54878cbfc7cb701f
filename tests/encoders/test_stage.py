"""Paths in, arrays out, the same however a distributed engine divides them."""

import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dedupe.encoders.encode import LoadedEncoder, load_encoder
from dedupe.encoders.stage import Encoded, encode_photos
from dedupe.errors import UnknownName

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"


@pytest.fixture(scope="module")
def lite0() -> LoadedEncoder:
    return load_encoder("efficientnet_lite0", device="cpu", download=False)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """20 photos with a broken one, a text and a missing one among them."""
    folder = tmp_path_factory.mktemp("photos")
    found = []
    for number in range(20):
        wash = np.mgrid[0:90, 0:120].sum(axis=0) * (number + 1) % 256
        picture = Image.fromarray(wash.astype(np.uint8)).convert("RGB")
        found.append(folder / f"{number:02}.jpg")
        picture.save(found[-1], quality=90)
    whole = found[0].read_bytes()
    bad = {"broken.jpg": whole[:40], "notes.txt": b"no photo at all, just words\n"}
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    return [
        *found[:3],
        folder / "broken.jpg",
        folder / "gone.jpg",
        *found[3:],
        folder / "notes.txt",
    ]


@pytest.fixture(scope="module")
def whole(lite0: LoadedEncoder, paths: list[Path]) -> Encoded:
    return encode_photos(paths, lite0)


def test_every_photo_has_its_row_in_the_order_given(
    whole: Encoded, paths: list[Path], lite0: LoadedEncoder
) -> None:
    assert [photo.path for photo in whole.photos] == [*paths[:3], *paths[5:-1]]
    assert whole.vectors.shape == (20, 1280)
    assert whole.vectors.dtype == np.float32
    assert whole.fingerprint == lite0.fingerprint
    assert len({row.tobytes() for row in whole.vectors}) == 20
    for photo, thumbnail in zip(whole.photos, whole.thumbnails, strict=True):
        assert (photo.width, photo.height) == (120, 90)
        assert (len(photo.content), len(photo.pixel_hash), len(photo.dct_hash)) == (32, 32, 32)
        assert thumbnail is not None
        assert Image.open(io.BytesIO(thumbnail)).size == (120, 90)


def test_what_cannot_be_read_becomes_a_skip_with_half_a_sentence(
    whole: Encoded, paths: list[Path]
) -> None:
    assert [skip.path for skip in whole.skips] == [paths[3], paths[4], paths[-1]]
    reasons = [skip.reason for skip in whole.skips]
    assert reasons[0].startswith("is broken")
    assert reasons[1] == "cannot be read: No such file or directory"
    assert all(str(path.parent) not in reason for path, reason in zip(paths, reasons, strict=False))


@pytest.mark.parametrize("chunk", [1, 7, 16])
def test_results_are_the_same_bit_by_bit_however_the_paths_are_divided(
    chunk: int, whole: Encoded, paths: list[Path], lite0: LoadedEncoder
) -> None:
    parts = [
        encode_photos(paths[start : start + chunk], lite0) for start in range(0, len(paths), chunk)
    ]
    assert np.array_equal(np.concatenate([part.vectors for part in parts]), whole.vectors)
    for name in ("photos", "thumbnails", "skips"):
        joined = tuple(each for part in parts for each in getattr(part, name))
        assert joined == getattr(whole, name)


def test_paths_may_be_texts_and_named_twice(
    whole: Encoded, paths: list[Path], lite0: LoadedEncoder
) -> None:
    twice = encode_photos([str(paths[0]), str(paths[0])], lite0, thumbnails=False)
    assert twice.photos == whole.photos[:1] * 2
    assert np.array_equal(twice.vectors, whole.vectors[[0, 0]])
    assert twice.thumbnails == (None, None)


def test_no_paths_give_no_rows(lite0: LoadedEncoder) -> None:
    empty = encode_photos([], lite0)
    assert (empty.photos, empty.thumbnails, empty.skips) == ((), (), ())
    assert empty.vectors.shape == (0, 1280)


def test_a_result_can_be_sent_to_another_process(whole: Encoded) -> None:
    again = pickle.loads(pickle.dumps(whole))
    assert np.array_equal(again.vectors, whole.vectors)
    assert (again.photos, again.skips) == (whole.photos, whole.skips)
    assert pickle.loads(pickle.dumps(encode_photos)) is encode_photos


def test_an_unknown_encoder_is_refused_before_anything_is_read() -> None:
    with pytest.raises(UnknownName):
        encode_photos(["/nowhere"], "mobilenet_v9")


def test_nothing_of_the_index_or_the_terminal_is_imported() -> None:
    photo = next(SAMPLES.rglob("*.jpg"))
    code = (
        "import sys\n"
        "from dedupe.encoders.stage import encode_photos\n"
        "found = encode_photos([sys.argv[1]], device='cpu')\n"
        "assert found.vectors.shape == (1, 1280), found\n"
        "rooms = 'index', 'matching', 'organize', 'reports', 'cli'\n"
        "above = [name for name in sys.modules for room in rooms\n"
        "         if name.startswith(f'dedupe.{room}') or name in ('sqlite3', 'rich', 'typer')]\n"
        "print(above)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(photo)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"
