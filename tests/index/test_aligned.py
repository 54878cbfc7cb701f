"""Files read into memory that begins where a page does."""

from pathlib import Path

import numpy as np
import pytest

from dedupe.index.aligned import aligned, read_whole


@pytest.mark.parametrize("shape", [(3,), (5, 7), (2000, 1280)])
@pytest.mark.parametrize("dtype", ["<f2", "<u8", np.uint8])
def test_memory_begins_where_a_page_does(shape: tuple[int, ...], dtype: str) -> None:
    room = aligned(shape, dtype)

    assert room.shape == shape
    assert room.dtype == np.dtype(dtype)
    assert room.ctypes.data % 4096 == 0
    assert room.flags.c_contiguous
    assert room.flags.writeable


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 3_000_001])
def test_a_file_is_read_as_it_is(tmp_path: Path, size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    file = tmp_path / "file"
    file.write_bytes(data)

    assert read_whole(file).tobytes() == data


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_whole(tmp_path / "file")
