import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from trees import contents, make_files, photo, read_tree

from dedupe.organize.files import changes, renaming
from dedupe.organize.files.place import Place, Refused

Remove = Callable[[Place], None]


def _unable(number: int) -> Callable[..., None]:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.fixture(params=["exclusive rename", "link and unlink", "reserved name", "other drive"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """All ways to take a free name; each is used where the file system lacks those before it."""
    if request.param == "link and unlink":
        monkeypatch.setattr(renaming, "exclusive_rename", lambda: None)
    elif request.param == "reserved name":
        monkeypatch.setattr(renaming, "exclusive_rename", lambda: _unable(errno.EINVAL))
        monkeypatch.setattr(changes.os, "link", _unable(errno.EPERM))
    elif request.param == "other drive":
        _put_on_another_drive(monkeypatch)
    return str(request.param)


def _put_on_another_drive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every folder be a drive of its own."""
    real = changes.rename_to_free_name

    def rename(source: Place, target: Place, remove: Remove) -> None:
        if source.path.parent != target.path.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        real(source, target, remove)

    monkeypatch.setattr(changes, "rename_to_free_name", rename)


@pytest.fixture
def ab(tree: Path) -> Path:
    make_files(tree, {"a/x.jpg": b"x" * 3_000_000, "b": None})
    (tree / "a/x.jpg").chmod(0o604)
    return tree


def test_move_keeps_bytes_mode_and_mtime(ab: Path, way: str) -> None:
    source = photo(ab / "a/x.jpg")
    before = read_tree(ab)["a/x.jpg"]
    made = changes.move(source.file, ab / "b/y.jpg", source.content)
    assert contents(ab).keys() == {"a", "b/y.jpg"} or contents(ab).keys() == {"b/y.jpg"}
    assert read_tree(ab)["b/y.jpg"] == before
    assert (made.path, made.size, made.mtime_ns) == (
        ab / "b/y.jpg",
        source.file.size,
        source.file.mtime_ns,
    )


def test_move_refuses_to_overwrite_and_leaves_both_files(ab: Path, way: str) -> None:
    (ab / "b/y.jpg").write_bytes(b"foreign")
    before = read_tree(ab, times=False)
    source = photo(ab / "a/x.jpg")
    with pytest.raises(FileExistsError):
        changes.move(source.file, ab / "b/y.jpg", source.content)
    assert read_tree(ab, times=False) == before


def test_move_does_not_take_a_dangling_link_for_a_free_name(ab: Path, way: str) -> None:
    (ab / "b/y.jpg").symlink_to("nowhere")
    before = read_tree(ab, times=False)
    source = photo(ab / "a/x.jpg")
    with pytest.raises(FileExistsError):
        changes.move(source.file, ab / "b/y.jpg", source.content)
    assert read_tree(ab, times=False) == before


@pytest.mark.parametrize("primitive", [changes.move, changes.copy])
def test_a_source_that_changed_is_refused(
    ab: Path, way: str, primitive: Callable[..., None]
) -> None:
    source = photo(ab / "a/x.jpg")
    (ab / "a/x.jpg").write_bytes(b"edited")
    before = read_tree(ab)
    with pytest.raises(Refused, match="changed since"):
        primitive(source.file, ab / "b/y.jpg", source.content)
    assert read_tree(ab) == before


def test_bytes_that_rotted_under_an_old_time_do_not_cross_to_another_drive(ab: Path) -> None:
    source = photo(ab / "a/x.jpg")
    with (ab / "a/x.jpg").open("r+b") as file:
        file.write(b"rot")
    os.utime(ab / "a/x.jpg", ns=(0, source.file.mtime_ns))
    before = read_tree(ab, times=False)
    with pytest.raises(Refused, match="its bytes are others"):
        changes.copy(source.file, ab / "b/y.jpg", source.content)
    assert read_tree(ab, times=False) == before


def test_a_copy_that_reads_back_different_never_gets_its_name(
    ab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = photo(ab / "a/x.jpg")
    before = read_tree(ab, times=False)
    monkeypatch.setattr(changes.checks, "content_of", lambda path: b"not what was written")
    with pytest.raises(OSError, match="read back different"):
        changes.copy(source.file, ab / "b/y.jpg", source.content)
    assert read_tree(ab, times=False) == before


def test_an_edit_during_the_copy_is_kept_and_the_copy_goes(
    ab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = photo(ab / "a/x.jpg")
    _put_on_another_drive(monkeypatch)
    real = changes._copy

    def copy(*arguments: object) -> object:
        made = real(*arguments)  # type: ignore[arg-type]
        (ab / "a/x.jpg").write_bytes(b"edited meanwhile")
        return made

    monkeypatch.setattr(changes, "_copy", copy)
    with pytest.raises(Refused):
        changes.move(source.file, ab / "b/y.jpg", source.content)
    assert contents(ab) == {"a/x.jpg": b"edited meanwhile"}


def test_a_source_that_cannot_be_unlinked_stays_the_only_one(
    ab: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way in ("exclusive rename", "reserved name"):
        pytest.skip("has one name at every moment")
    before = read_tree(ab, times=False)
    source = photo(ab / "a/x.jpg")
    real = os.replace

    def replace(old: str, new: str, **folders: int) -> None:
        if old == "x.jpg":
            raise PermissionError(errno.EACCES, "not here", old)
        real(old, new, **folders)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(PermissionError):
        changes.move(source.file, ab / "b/y.jpg", source.content)
    assert read_tree(ab, times=False) == before


@pytest.mark.parametrize("number", [errno.EPERM, errno.EINVAL, errno.ENOSPC, errno.EIO])
def test_a_second_name_that_cannot_be_brought_to_the_disk_goes_again(
    ab: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Whatever the error: EPERM is also what a drive without hard links says."""
    monkeypatch.setattr(renaming, "exclusive_rename", lambda: None)
    before = read_tree(ab, times=False)
    source = photo(ab / "a/x.jpg")
    monkeypatch.setattr(renaming, "sync", _unable(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        changes.move(source.file, ab / "b/y.jpg", source.content)
    assert read_tree(ab, times=False) == before
    assert (ab / "a/x.jpg").stat().st_nlink == 1


def test_a_hard_linked_photo_is_not_parted_from_its_other_names(
    ab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_on_another_drive(monkeypatch)
    os.link(ab / "a/x.jpg", ab / "a/same.jpg")
    source = photo(ab / "a/x.jpg")
    with pytest.raises(Refused, match="other names"):
        changes.move(source.file, ab / "b/y.jpg", source.content)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="needs extended attributes")
def test_a_copy_carries_extended_attributes(ab: Path) -> None:
    try:
        os.setxattr(ab / "a/x.jpg", "user.tag", b"holiday")
    except OSError:
        pytest.skip("not on this file system")
    source = photo(ab / "a/x.jpg")
    changes.copy(source.file, ab / "b/y.jpg", source.content)
    assert os.getxattr(ab / "b/y.jpg", "user.tag") == b"holiday"


def test_only_a_link_that_says_what_was_written_is_removed(tree: Path) -> None:
    changes.make_link("somewhere", tree / "link")
    with pytest.raises(Refused):
        changes.remove_link(tree / "link", "elsewhere")
    changes.remove_link(tree / "link", "somewhere")
    (tree / "file").write_bytes(b"")
    with pytest.raises(Refused):
        changes.remove_link(tree / "file", "somewhere")
    assert contents(tree) == {"file": b""}


def test_shutil_move_by_base_name_loses_a_photo_with_no_fault_at_all(tree: Path) -> None:
    make_files(tree, {"a/x": b"one", "b/x": b"two", "out": None})
    for folder in "ab":  # the control: what nothing here may ever do
        shutil.move(tree / folder / "x", tree / "out/x")
    assert contents(tree / "out") == {"x": b"two"}
