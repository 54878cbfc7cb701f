"""What holds for every name, every header and every size of photo."""

import io
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from dedupe.errors import PhotoUnreadable
from dedupe.index.store import is_under
from dedupe.photos.decode import decode
from dedupe.photos.metadata import read_metadata
from dedupe.photos.photo import PhotoFile, Skip
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.sniff import HEAD, sniff

NOWHERE = PhotoFile(path=Path("/nowhere"), size=0, mtime_ns=0, device=0, inode=0)
patient = settings(deadline=None, max_examples=60)
NAMES = st.binary(min_size=1, max_size=6).filter(
    lambda name: not {0, 47} & set(name) and name not in (b".", b"..")
)


class Wants:
    resize, crop, interpolation, full_decode = 32, 28, "bilinear", True


@patient
@given(st.binary(max_size=HEAD), st.sampled_from(["a.jpg", "a.nef", "a.txt", "a"]))
def test_any_bytes_are_a_photo_or_have_a_reason(head: bytes, name: str) -> None:
    skip = sniff(Path(name), head)
    assert skip is None or (isinstance(skip, Skip) and skip.reason.startswith("is "))


@patient
@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"P6 1 1 1 "]),
    st.binary(max_size=200),
)
def test_any_bytes_behind_the_mark_of_a_photo_are_read_or_refused(mark: bytes, rest: bytes) -> None:
    with suppress(PhotoUnreadable), quiet_pillow():
        reading = decode(mark + rest, NOWHERE, Wants())
        assert reading.array.shape == (28, 28, 3)


@patient
@given(st.integers(1, 300), st.integers(1, 300))
def test_every_size_gives_the_shape_that_is_wanted(width: int, height: int) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (10, 20, 30)).save(buffer, "PNG")
    reading = decode(buffer.getvalue(), NOWHERE, Wants())
    assert (reading.photo.width, reading.photo.height) == (width, height)
    assert np.array_equal(reading.array, np.full((28, 28, 3), (10, 20, 30)))


@patient
@given(st.datetimes(min_value=datetime(1000, 1, 1)))
def test_every_time_comes_back_from_exif(moment: datetime) -> None:
    exif = Image.Exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = moment.strftime("%Y:%m:%d %H:%M:%S")
    details[ExifTags.Base.SubsecTimeOriginal] = f"{moment.microsecond:06}"
    assert read_metadata(exif).taken == moment


@patient
@given(st.text(max_size=30))
def test_any_text_in_the_place_of_a_time_is_a_time_or_nothing(text: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ExifTags.Base.DateTimeOriginal: text, ExifTags.Base.SubsecTimeOriginal: text}
    )
    assert isinstance(read_metadata(exif).taken, datetime | None)


@patient
@given(st.lists(NAMES, min_size=1, max_size=4), st.lists(NAMES, min_size=1, max_size=4))
def test_what_lies_under_a_folder_is_what_pathlib_says(
    path: list[bytes], root: list[bytes]
) -> None:
    one, other = b"/" + b"/".join(path), Path(os.fsdecode(b"/" + b"/".join(root)))
    assert is_under(one, [other]) == Path(os.fsdecode(one)).is_relative_to(other)
    assert is_under(os.fsencode(other) + one, [other])
