"""A scan reads what is new, remembers the rest, and forgets only what is surely gone."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from quick import Quick
from trees import Link, make_files, read_tree

from dedupe.encoders import encode
from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.errors import IndexProblem, RootMissing, UnknownName, WeightsRefused
from dedupe.index import reading as answers
from dedupe.index import scan as scanning
from dedupe.index import store as storing
from dedupe.index.forget import forget
from dedupe.index.library import Library, open_library
from dedupe.index.scan import ScanReport, update_index
from dedupe.index.scan import scan as scan_library
from dedupe.index.store import Index
from dedupe.photos import workers as reading
from dedupe.photos.decode import Reading
from dedupe.photos.photo import PhotoFile, Skip

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = not hasattr(os, "geteuid") or os.geteuid() == 0
Scan = Callable[..., ScanReport]
Read = Callable[..., Library]


def counts(report: ScanReport) -> tuple[int, int, int, int]:
    """Photos, encoded, recognised, forgotten."""
    return report.photos, report.encoded, report.recognised, report.forgotten


def names(library: Library, tree: Path) -> list[str]:
    return [os.path.relpath(photo.path, tree) for photo in library.photos]


def reasons(skips: tuple[Skip, ...], tree: Path) -> dict[str, str]:
    return {os.path.relpath(skip.path, tree): skip.reason for skip in skips}


def snapshot(library: Library) -> tuple[object, ...]:
    return library.photos, library.vectors.tobytes(), library.encoder, library.skips


# --- what is read --------------------------------------------------------------------------


def test_a_scan_remembers_every_photo_with_its_vector_and_every_skip(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, loads: list[Quick]
) -> None:
    make_files(
        tree,
        {
            "b.jpg": photos[0],
            "a/c.jpg": photos[1],
            "a.txt": b"hello",
            "broken.jpg": photos[2][:500],
            "link.jpg": Link("b.jpg"),
            ".git/d.jpg": photos[3],
        },
    )
    report = scan()
    assert counts(report) == (2, 2, 0, 0)
    assert (report.roots, report.encoder) == ((tree,), DEFAULT_ENCODER)
    found = library()
    assert names(found, tree) == ["a/c.jpg", "b.jpg"]
    assert found.vectors.shape == (2, 1280)
    assert found.vectors.dtype == np.float16
    assert [(p.width, p.height, p.format) for p in found.photos] == [(80, 60, "JPEG")] * 2
    skipped = reasons(report.skips, tree)
    assert list(skipped) == [".git", "a.txt", "broken.jpg", "link.jpg"]
    assert skipped["broken.jpg"].startswith("is broken, or of a kind that cannot be decoded")
    assert reasons(found.skips, tree) == skipped
    assert [skip.problem for skip in found.skips] == [False, False, True, False]


def test_a_second_scan_reads_nothing(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1], "c.txt": b"", "d.jpg": b"broken"})
    first, before = scan(), snapshot(library())
    monkeypatch.setattr(reading, "read_photo", None)
    monkeypatch.setattr(encode, "load_encoder", None)
    second = scan()
    assert counts(second) == (2, 0, 0, 0)
    assert second.skips == first.skips
    assert snapshot(library()) == before


def test_a_second_scan_and_a_look_at_the_library_do_not_import_torch(
    tree: Path, photos: list[bytes], scan: Scan, index: Path
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1], "c.txt": b""})
    scan()
    code = (
        "import sys; from dedupe.index.scan import update_index;"
        "from dedupe.index.library import open_library; from pathlib import Path;"
        "report = update_index([sys.argv[1]], index=Path(sys.argv[2]));"
        "library = open_library(index=Path(sys.argv[2]));"
        "print(report.photos, report.encoded, len(library.photos),"
        " sorted({'torch', 'torchvision', 'sklearn', 'pillow_heif'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, tree, index],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "2 0 2 []\n"


def test_photos_are_only_ever_read(tree: Path, photos: list[bytes], scan: Scan) -> None:
    make_files(
        tree,
        {"a.jpg": photos[0], "b/c.jpg": photos[1], "d.jpg": b"", "e": Link("a.jpg"), "f": None},
    )
    before = read_tree(tree)
    scan()
    os.utime(tree / "a.jpg", ns=(5, 5))
    os.utime(tree / "a.jpg", ns=(before["a.jpg"][2],) * 2)  # type: ignore[index]
    scan()
    assert read_tree(tree) == before


def test_new_photos_are_encoded_and_the_others_are_not(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, loads: list[Quick]
) -> None:
    make_files(tree, {"a.jpg": photos[0]})
    scan()
    (tree / "b.jpg").write_bytes(photos[1])
    assert counts(scan()) == (2, 1, 0, 0)
    assert [quick.encoded for quick in loads] == [1, 1]
    assert names(library(), tree) == ["a.jpg", "b.jpg"]


def test_a_changed_photo_is_encoded_anew(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1]})
    scan()
    before = library()
    (tree / "a.jpg").write_bytes(photos[2])
    assert counts(scan()) == (2, 1, 0, 0)
    after = library()
    assert after.photos[0].content != before.photos[0].content
    assert not np.array_equal(after.vectors[0], before.vectors[0])
    assert after.photos[1] == before.photos[1]


def test_a_touched_photo_is_read_but_not_encoded(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"a.jpg": photos[0]})
    scan()
    before = library()
    os.utime(tree / "a.jpg", ns=(5, 5))
    assert counts(scan()) == (1, 0, 1, 0)
    (photo,) = library().photos
    assert photo.file.mtime_ns == 5
    assert (photo.content, photo.width) == (before.photos[0].content, 80)


def test_a_photo_that_became_unreadable_is_no_photo_any_more(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1]})
    scan()
    (tree / "a.jpg").write_bytes(b"ransom")
    assert counts(scan()) == (1, 0, 0, 0)
    assert names(library(), tree) == ["b.jpg"]
    (tree / "a.jpg").write_bytes(photos[0])
    scan()
    assert names(library(), tree) == ["a.jpg", "b.jpg"]
    assert library().skips == ()


def test_a_photo_that_became_a_link_is_no_photo_any_more(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1]})
    scan()
    (tree / "a.jpg").unlink()
    (tree / "a.jpg").symlink_to("b.jpg")
    scan()
    assert names(library(), tree) == ["b.jpg"]


# --- recognised ----------------------------------------------------------------------------


def test_a_moved_photo_is_recognised_by_its_content(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, loads: list[Quick]
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1]})
    scan()
    vector = library().vectors[0]
    (tree / "new").mkdir()
    (tree / "a.jpg").rename(tree / "new/z.jpg")
    assert counts(scan()) == (2, 0, 1, 1)
    found = library()
    assert names(found, tree) == ["b.jpg", "new/z.jpg"]
    assert np.array_equal(found.vectors[1], vector)
    assert sum(quick.encoded for quick in loads) == 2


def test_copies_of_one_file_are_encoded_once(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, loads: list[Quick]
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[0], "c.jpg": photos[1]})
    assert counts(scan()) == (3, 2, 1, 0)
    (tree / "d.jpg").write_bytes(photos[0])
    assert counts(scan()) == (4, 0, 1, 0)
    assert sum(quick.encoded for quick in loads) == 2
    found = library()
    assert [photo.width for photo in found.photos] == [80] * 4
    assert np.array_equal(found.vectors[0], found.vectors[3])
    assert found.photos[0].content == found.photos[1].content == found.photos[3].content


def test_hard_links_of_one_file_are_one_photo(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"b.jpg": photos[0], "copy.jpg": photos[0], "x.jpg": photos[1]})
    (tree / "a.jpg").hardlink_to(tree / "b.jpg")
    (tree / "z.jpg").hardlink_to(tree / "b.jpg")
    assert counts(scan()) == (5, 2, 3, 0)
    found = library()
    assert names(found, tree) == ["a.jpg", "copy.jpg", "x.jpg"]
    assert found.photos[0].hard_links == (tree / "b.jpg", tree / "z.jpg")
    assert found.photos[1].hard_links == found.photos[2].hard_links == ()
    assert len(found.vectors) == 3
    assert np.array_equal(found.vectors[0], found.vectors[1])


def test_new_inode_numbers_of_unchanged_photos_are_remembered_without_reading(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A photo put back from a backup; else a copy on its old inode would be its hard link."""
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[0]})
    scan()
    file = library().photos[0].file
    (tree / "new").write_bytes(photos[0])
    os.utime(tree / "new", ns=(file.mtime_ns, file.mtime_ns))
    (tree / "new").rename(tree / "a.jpg")
    monkeypatch.setattr(reading, "read_photo", None)
    assert counts(scan()) == (2, 0, 0, 0)
    assert library().photos[0].file.inode == (tree / "a.jpg").stat().st_ino != file.inode


# --- forgotten -----------------------------------------------------------------------------


def test_what_is_gone_is_forgotten(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, index: Path
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b/c.jpg": photos[1], "d.txt": b"x", "e.jpg": b"x"})
    scan()
    for name in ("b/c.jpg", "d.txt", "e.jpg"):
        (tree / name).unlink()
    (tree / "b").rmdir()
    report = scan()
    assert counts(report) == (1, 0, 0, 1)  # a text was never a photo
    assert report.skips == library().skips == ()
    assert names(library(), tree) == ["a.jpg"]


def test_a_photo_that_comes_back_elsewhere_weeks_later_is_recognised(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, loads: list[Quick]
) -> None:
    """Moved to another drive, which is scanned on another day than the first."""
    make_files(tree, {"a/1.jpg": photos[0], "a/2.jpg": photos[1], "b/3.jpg": photos[2]})
    scan()
    vector = library().vectors[0]
    (tree / "a/1.jpg").rename(tree.parent / "elsewhere.jpg")
    assert counts(scan()) == (2, 0, 0, 1)
    (tree.parent / "elsewhere.jpg").rename(tree / "b/4.jpg")
    assert counts(scan(tree / "b")) == (2, 0, 1, 0)
    assert np.array_equal(library(tree / "b").vectors[1], vector)
    assert sum(quick.encoded for quick in loads) == 3


def test_a_missing_folder_is_refused_and_nothing_is_forgotten(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"a/1.jpg": photos[0], "b/2.jpg": photos[1]})
    scan(tree / "a", tree / "b")
    (tree / "a").rename(tree / "unplugged")
    with pytest.raises(RootMissing, match="is not there"):
        scan(tree / "a", tree / "b")
    assert names(library(), tree) == ["a/1.jpg", "b/2.jpg"]


@pytest.mark.parametrize("left", [[], ["lost+found"], [".Trash-1000", "@eaDir"]], ids=str)
def test_a_suddenly_empty_folder_is_refused_and_nothing_is_forgotten(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, left: list[str]
) -> None:
    """The mount point of a drive that is not there, or of another drive."""
    make_files(tree, {"drive/1.jpg": photos[0], "drive/x/2.jpg": photos[1]})
    scan(tree / "drive")
    (tree / "drive").rename(tree / "unplugged")
    make_files(tree, dict.fromkeys(["drive", *(f"drive/{name}" for name in left)]))
    with pytest.raises(RootMissing, match="drive is empty, but 2 of its files") as caught:
        scan(tree / "drive")
    assert "dedupe forget" in caught.value.hint
    assert len(library().photos) == 2
    scan(tree)  # what is above is not empty
    assert names(library(), tree) == ["unplugged/1.jpg", "unplugged/x/2.jpg"]


def test_an_empty_folder_is_not_mistaken_for_a_neighbour_whose_name_goes_on(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(
        tree, {"2019/1.jpg": photos[0], "2019 Rome/2.jpg": photos[1], "2019b/3.jpg": photos[2]}
    )
    roots = [tree / "2019", tree / "2019 Rome", tree / "2019b"]
    scan(*roots)
    (tree / "2019/1.jpg").rename(tree / "1.jpg")
    with pytest.raises(RootMissing, match="2019 is empty"):
        scan(*roots)
    assert len(library().photos) == 3


def test_a_folder_that_was_always_empty_is_scanned(tree: Path, scan: Scan, library: Read) -> None:
    assert counts(scan()) == (0, 0, 0, 0)
    found = library(tree)
    assert found.photos == ()
    assert found.vectors.shape == (0, 1280)


def without_rights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be listed, for root too."""
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)


def test_a_folder_that_cannot_be_listed_is_not_taken_for_empty(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(
        tree, {"a/1.jpg": photos[0], "a/x/2.jpg": photos[1], "a/3.txt": b"", "ab.jpg": photos[2]}
    )
    before = scan()
    with monkeypatch.context() as patch:
        without_rights(tree / "a", patch)
        report = scan()
    assert counts(report) == (1, 0, 0, 0)
    assert reasons(report.skips, tree) == {
        "a": "is a folder that cannot be listed: Permission denied"
    }
    assert names(library(), tree) == ["a/1.jpg", "a/x/2.jpg", "ab.jpg"]
    assert set(reasons(library().skips, tree)) == {"a", "a/3.txt"}
    after = scan()
    assert counts(after) == (3, 0, 0, 0)
    assert after.skips == before.skips == library().skips


def test_a_root_whose_only_folder_cannot_be_listed_is_not_called_empty(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a/1.jpg": photos[0]})
    scan()
    without_rights(tree / "a", monkeypatch)
    assert counts(scan()) == (0, 0, 0, 0)
    assert names(library(), tree) == ["a/1.jpg"]


@pytest.mark.skipif(AS_ROOT, reason="root may list every folder")
def test_a_folder_without_rights_is_not_taken_for_empty(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"a/1.jpg": photos[0], "b.jpg": photos[1]})
    scan()
    (tree / "a").chmod(0)
    try:
        scan()
    finally:
        (tree / "a").chmod(0o700)
    assert names(library(), tree) == ["a/1.jpg", "b.jpg"]


def test_a_hidden_folder_that_was_named_is_kept_when_the_one_above_is_scanned(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"a.jpg": photos[0], ".private/b.jpg": photos[1]})
    scan(tree / ".private")
    assert counts(scan()) == (1, 1, 0, 0)
    assert names(library(), tree) == [".private/b.jpg", "a.jpg"]
    assert counts(scan(tree, tree / ".private")) == (2, 0, 0, 0)


def test_a_root_inside_another_is_not_called_empty_while_it_has_a_photo(
    tree: Path, photos: list[bytes], scan: Scan
) -> None:
    make_files(tree, {"a.jpg": photos[0], ".private/b.jpg": photos[1], ".private/c.jpg": photos[2]})
    assert counts(scan(tree, tree / ".private")) == (3, 3, 0, 0)
    (tree / ".private/b.jpg").unlink()
    assert counts(scan(tree, tree / ".private")) == (2, 0, 0, 1)
    (tree / ".private/c.jpg").unlink()
    with pytest.raises(RootMissing, match="is empty, but 1 of its files are remembered"):
        scan(tree, tree / ".private")


def test_a_scan_of_one_folder_forgets_nothing_of_another(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"a/1.jpg": photos[0], "b/2.jpg": photos[1], "b/3.jpg": photos[2]})
    scan()
    (tree / "b/2.jpg").unlink()
    assert counts(scan(tree / "a")) == (1, 0, 0, 0)
    assert len(library().photos) == 3
    assert counts(scan(tree / "b" / "3.jpg")) == (1, 0, 0, 0)
    assert len(library().photos) == 3


def test_what_is_excluded_is_forgotten_and_a_root_left_empty_by_it_is_no_lost_drive(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"old/1.jpg": photos[0], "old/2.jpg": photos[1]})
    scan()
    report = scan(exclude=["old/"])
    assert counts(report) == (0, 0, 0, 2)
    assert reasons(report.skips, tree) == {"old": "is a folder excluded by --exclude"}
    assert library(tree).photos == ()
    assert counts(scan()) == (2, 0, 2, 0)  # and nothing is encoded again when it comes back


def test_a_root_inside_an_excluded_folder_of_another_is_scanned(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"1.jpg": photos[0], "sub/2.jpg": photos[1]})
    assert counts(scan(tree, tree / "sub", exclude=["sub"])) == (2, 2, 0, 0)


# --- tried again ---------------------------------------------------------------------------


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read: list[str] = []
    read_photo = reading.read_photo

    def counting(file: PhotoFile, *others: object, **options: object) -> Reading | Skip:
        read.append(file.path.name)
        return read_photo(file, *others, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "read_photo", counting)
    return read


def test_what_could_not_be_read_is_tried_again_when_it_changes(
    tree: Path, photos: list[bytes], scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": photos[0][:400], "b.txt": b"x"})
    scan()
    read = count_reads(monkeypatch)
    scan()
    assert read == []
    (tree / "a.jpg").write_bytes(photos[0])
    assert counts(scan()) == (1, 1, 0, 0)
    assert read == ["a.jpg"]


def test_what_could_not_be_read_is_tried_again_by_another_reader(
    tree: Path, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": b"a format of tomorrow"})
    scan()
    read = count_reads(monkeypatch)
    for module in (storing, answers):
        monkeypatch.setattr(module, "reader", lambda: "dedupe of tomorrow")
    scan()
    scan()
    assert read == ["a.jpg"]


def test_a_passing_fault_is_tried_again_every_time_and_costs_no_memory(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1]})
    scan()
    (tree / "a.jpg").write_bytes(photos[2])

    def faulty(file: PhotoFile, *others: object, **options: object) -> Skip:
        return Skip(file.path, "cannot be read: Input/output error", True, passing=True)

    with monkeypatch.context() as patch:
        patch.setattr(reading, "read_photo", faulty)
        for _ in range(2):
            assert reasons(scan().skips, tree) == {"a.jpg": "cannot be read: Input/output error"}
    assert names(library(), tree) == ["a.jpg", "b.jpg"]
    assert reasons(library().skips, tree) == {"a.jpg": "cannot be read: Input/output error"}
    assert counts(scan()) == (2, 1, 0, 0)
    assert library().skips == ()


def test_a_passing_fault_is_no_more_once_the_photo_is_as_it_was(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": photos[0]})
    scan()
    old = (tree / "a.jpg").stat().st_mtime_ns
    os.utime(tree / "a.jpg", ns=(5, 5))
    with monkeypatch.context() as patch:
        patch.setattr(
            reading,
            "read_photo",
            lambda file, *_, **__: Skip(file.path, "no", True, passing=True),
        )
        scan()
    os.utime(tree / "a.jpg", ns=(old, old))
    assert scan().skips == library().skips == ()


# --- encoders ------------------------------------------------------------------------------


def test_encoders_are_kept_apart(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, loads: list[Quick]
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1]})
    scan()
    (tree / "b.jpg").unlink()
    (tree / "c.jpg").write_bytes(photos[2])
    assert counts(scan(encoder="mobilenet_v2")) == (2, 2, 0, 1)
    assert names(library(encoder="mobilenet_v2"), tree) == ["a.jpg", "c.jpg"]
    assert names(library(encoder=DEFAULT_ENCODER), tree) == ["a.jpg"]
    assert library().encoder.name == "mobilenet_v2"
    assert counts(scan()) == (2, 1, 0, 0)  # c was never seen by this one
    assert library().encoder.name == DEFAULT_ENCODER


def test_other_weights_make_other_vectors(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": photos[0]})
    scan()
    first = library().encoder

    class Retrained(Quick):
        def __init__(self, name: str) -> None:
            super().__init__(name)
            self.fingerprint = f"{name}-retrained"

    monkeypatch.setattr(scanning, "known_fingerprint", lambda *_: f"{DEFAULT_ENCODER}-retrained")
    monkeypatch.setattr(encode, "load_encoder", lambda name, **_: Retrained(name))
    assert counts(scan()) == (1, 1, 0, 0)
    second = library().encoder
    assert (first.name, first.id) != (second.name, second.id)
    assert library(encoder=DEFAULT_ENCODER).encoder == second


def test_an_encoder_that_is_refused_is_not_the_last_one_used(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": photos[0]})

    def refuse(name: str, **options: object) -> Quick:
        raise WeightsRefused("not the file it should be")

    with monkeypatch.context() as patch:
        patch.setattr(encode, "load_encoder", refuse)
        patch.setattr(scanning, "known_fingerprint", lambda *_: "wrong")
        with pytest.raises(WeightsRefused):
            scan(encoder="resnet50")
        with pytest.raises(IndexProblem, match="nothing was scanned yet"):
            library()
    scan()
    with monkeypatch.context() as patch:
        patch.setattr(encode, "load_encoder", refuse)
        patch.setattr(scanning, "known_fingerprint", lambda *_: "wrong")
        with pytest.raises(WeightsRefused):
            scan(encoder="resnet50")
    assert names(library(), tree) == ["a.jpg"]


def test_an_unknown_encoder_is_refused_before_anything_else(tree: Path, index: Path) -> None:
    with pytest.raises(UnknownName):
        update_index([tree], index=index, encoder="mobilenet_v9")
    assert not index.exists()


# --- the same answer -----------------------------------------------------------------------


@pytest.mark.parametrize(("workers", "batch"), [(0, 1), (1, 64), (4, 3), (0, 5)])
def test_neither_workers_nor_batches_change_what_is_remembered(
    tree: Path,
    photos: list[bytes],
    scan: Scan,
    library: Read,
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
    batch: int,
) -> None:
    files = {f"{number % 3}/{number}.jpg": data for number, data in enumerate(photos)}
    make_files(tree, {**files, "x.jpg": photos[0], "y.jpg": photos[5], "z.jpg": b"broken"})
    report = scan()
    expected = library()
    forget([tree], index=report.index)
    monkeypatch.setattr(scanning, "BATCH", batch)
    monkeypatch.setattr(Quick, "batch", batch)
    again = scan(workers=workers)
    assert counts(again) == counts(report) == (14, 12, 2, 0)
    assert again.skips == report.skips
    assert snapshot(library())[:2] == snapshot(expected)[:2]


def test_progress_is_told_of_every_file(
    tree: Path, photos: list[bytes], index: Path, loads: list[Quick]
) -> None:
    class Told:
        def __init__(self) -> None:
            self.stages: list[list[object]] = []

        def start(self, what: str, total: int) -> None:
            self.stages.append([what, total, 0])

        def advance(self, count: int = 1) -> None:
            self.stages[-1][2] += count  # type: ignore[operator]

    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[0], "c.txt": b"x", "d": Link("a.jpg")})
    told = Told()
    update_index([tree], index=index, progress=told, workers=0)
    assert told.stages == [
        ["Looking through folders", 0, 3],
        ["Reading photos", 3, 0],
        ["Loading the encoder", 0, 0],
        ["Encoding photos", 3, 3],
    ]


def test_scan_gives_the_library_of_its_paths(
    tree: Path, photos: list[bytes], index: Path, loads: list[Quick]
) -> None:
    make_files(tree, {"a/1.jpg": photos[0], "b/2.jpg": photos[1]})
    scan_library(tree / "b", index=index)
    assert names(scan_library(tree / "a", index=index), tree) == ["a/1.jpg"]
    assert names(scan_library(str(tree), index=index), tree) == ["a/1.jpg", "b/2.jpg"]


# --- one at a time, and the whole index ----------------------------------------------------


def test_a_second_scan_at_the_same_time_is_refused_with_a_sentence(
    tree: Path, photos: list[bytes], scan: Scan, index: Path
) -> None:
    make_files(tree, {"a.jpg": photos[0]})
    scan()
    with Index(index, lock=True):
        for busy in (scan, lambda: forget([tree], index=index)):
            with pytest.raises(
                IndexProblem, match=r"another scan \(process \d+, .*\) is writing to"
            ) as caught:
                busy()
            assert caught.value.hint == "wait for it, or name another --index"
        assert len(open_library(index=index).photos) == 1  # reading goes on
    scan()


def test_forget_drops_what_lies_at_or_below_a_path_and_no_neighbour(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, index: Path
) -> None:
    make_files(
        tree, {"a/1.jpg": photos[0], "a/2.txt": b"", "ab/3.jpg": photos[1], "a.jpg": photos[2]}
    )
    scan()
    assert forget([tree / "a"], index=index) == 1
    assert names(library(), tree) == ["a.jpg", "ab/3.jpg"]
    assert library().skips == ()
    assert forget(str(tree / "a.jpg"), index=index) == 1  # one path, not its letters
    assert names(library(), tree) == ["ab/3.jpg"]
    assert counts(scan()) == (3, 2, 0, 0)


def test_forget_knows_folders_that_are_gone(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, index: Path
) -> None:
    make_files(tree, {"drive/1.jpg": photos[0]})
    scan(tree / "drive")
    (tree / "drive").rename(tree / "unplugged")
    assert forget([tree / "drive"], index=index) == 1
    with pytest.raises(IndexProblem, match="was not scanned yet"):
        library(tree / "drive")


def test_forgetting_nothing_forgets_nothing(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, index: Path
) -> None:
    make_files(tree, {"a.jpg": photos[0]})
    scan()
    assert forget([], index=index) == 0
    assert names(library(tree), tree) == ["a.jpg"]


def test_forgetting_without_an_index_is_refused_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match="there is no index at"):
        forget([tmp_path], index=tmp_path / "no/index.db")
    assert list(tmp_path.iterdir()) == []


# --- the library ---------------------------------------------------------------------------


def test_a_library_of_some_folders_holds_only_theirs(
    tree: Path, photos: list[bytes], scan: Scan, library: Read
) -> None:
    make_files(tree, {"a/1.jpg": photos[0], "ab/2.jpg": photos[1], "c.jpg": photos[2], "a/x": b"-"})
    scan()
    whole = library(tree)
    assert names(library(tree / "a"), tree) == ["a/1.jpg"]
    assert reasons(library(tree / "a").skips, tree) == {"a/x": "is not a photo"}
    assert names(library(tree / "c.jpg", tree / "a"), tree) == ["a/1.jpg", "c.jpg"]
    assert np.array_equal(library(tree / "c.jpg").vectors[0], whole.vectors[2])
    assert names(library(tree.parent), tree) == names(whole, tree)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"encoder": "resnet50"}, "--encoder resnet50 yet"),
        ({"paths": ["/nowhere"]}, "/nowhere was not"),
    ],
)
def test_what_was_never_scanned_is_refused(
    tree: Path, photos: list[bytes], scan: Scan, index: Path, options: dict[str, str], sentence: str
) -> None:
    make_files(tree, {"a.jpg": photos[0]})
    scan()
    with pytest.raises(IndexProblem, match=sentence) as caught:
        open_library(index=index, **options)  # type: ignore[arg-type]
    assert "dedupe scan" in caught.value.hint


def test_without_an_index_there_is_no_library(index: Path) -> None:
    with pytest.raises(IndexProblem, match="there is no index at") as caught:
        open_library(index=index)
    assert caught.value.hint == "run `dedupe scan FOLDER` first"
    assert not index.parent.exists()
