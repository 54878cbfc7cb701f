"""What `dedupe group` finds in the fields of pictures, and what it says where it cannot look."""

from pathlib import Path
from unittest import mock

from cli.running import dedupe


def test_a_collage_is_in_the_set_of_a_photo_that_it_shows_cut(collage: Path) -> None:
    assert dedupe("scan", collage).code == 0
    told = dedupe("group", collage, "--relation", "same-picture", "--format", "paths")
    assert "collage.jpg" in told.out
    assert "fields" not in told.err


def test_where_the_weights_are_not_here_any_more_it_is_said(collage: Path) -> None:
    assert dedupe("scan", collage).code == 0
    with mock.patch("dedupe.matching.near.in_fields.is_encoder_here", return_value=False):
        told = dedupe("group", collage)
    assert told.code == 0
    said = " ".join(told.err.split())
    assert "fields of collages in 3 photos were compared by hash alone" in said
    assert "--weights FILE" in said


def test_weights_that_the_library_was_not_scanned_with_are_refused(collage: Path) -> None:
    assert dedupe("scan", collage).code == 0
    Path("other.pth").write_bytes(b"no weights")
    for name in ("other.pth", "missing.pth"):
        told = dedupe("group", collage, "--weights", name)
        assert told.code == 1
        said = " ".join(told.err.split())
        assert "was made with other weights" in said
        assert "give the same --weights FILE" in said
