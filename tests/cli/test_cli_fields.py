"""What `dedupe group` finds in the fields of pictures, and what it says where it cannot look."""

from pathlib import Path
from unittest import mock

import pytest
from cli.conftest import CHOSEN, SAMPLES
from cli.running import dedupe
from PIL import Image, ImageOps


@pytest.fixture
def photos() -> Path:
    """Two photos, and a collage that shows each cut off its middle."""
    folder = Path("photos")
    folder.mkdir()
    paper = Image.new("RGB", (1200, 600), "white")
    for number, name in enumerate((CHOSEN[3], CHOSEN[0])):
        with Image.open(SAMPLES / name) as image:
            shown = ImageOps.exif_transpose(image).convert("RGB")
        shown.save(folder / f"{number}.jpg")
        paper.paste(ImageOps.fit(shown, (590, 600), centering=(0.1, 0.1)), (610 * number, 0))
    paper.save(folder / "collage.jpg", quality=92)
    return folder


def test_a_collage_is_in_the_set_of_a_photo_that_it_shows_cut(photos: Path) -> None:
    assert dedupe("scan", photos).code == 0
    told = dedupe("group", photos, "--relation", "same-picture", "--format", "paths")
    assert "collage.jpg" in told.out
    assert "fields" not in told.err


def test_where_the_weights_are_not_here_any_more_it_is_said(photos: Path) -> None:
    assert dedupe("scan", photos).code == 0
    with mock.patch("dedupe.matching.near.in_fields.is_encoder_here", return_value=False):
        told = dedupe("group", photos)
    assert told.code == 0
    said = " ".join(told.err.split())
    assert "fields of collages in 3 photos were compared by hash alone" in said
    assert "--weights FILE" in said


def test_weights_that_the_library_was_not_scanned_with_are_refused(photos: Path) -> None:
    assert dedupe("scan", photos).code == 0
    Path("other.pth").write_bytes(b"no weights")
    for name in ("other.pth", "missing.pth"):
        told = dedupe("group", photos, "--weights", name)
        assert told.code == 1
        said = " ".join(told.err.split())
        assert "was made with other weights" in said
        assert "give the same --weights FILE" in said
