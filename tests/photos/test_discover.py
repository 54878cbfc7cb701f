"""Every file below a folder is found, in one order, and nothing is passed over in silence."""

import os
import socket
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import Content, Link, make_files

from dedupe.errors import RootMissing
from dedupe.photos.discover import absolute, discover, each_absolute, resolve_roots, unchanged
from dedupe.photos.photo import PhotoFile, Skip
from dedupe.photos.walk import Entry, _sorted, walk

AS_ROOT = not hasattr(os, "geteuid") or os.geteuid() == 0


class Named(NamedTuple):
    """An entry of a folder, as far as sorting goes."""

    name: str


def found(*roots: Path) -> dict[str, str]:
    """Every path below the first root, with "photo" or the reason of its skip."""
    return {
        os.path.relpath(each.path, roots[0]): each.reason if isinstance(each, Skip) else "photo"
        for each in discover(roots)
    }


def names(*roots: Path) -> list[bytes]:
    return [os.fsencode(os.path.relpath(each.path, roots[0])) for each in discover(roots)]


def test_files_come_depth_first_in_the_order_of_the_bytes_of_their_names(tree: Path) -> None:
    make_files(
        tree, dict.fromkeys(["b.jpg", "B.jpg", "é.jpg", "a/z.jpg", "a b/c.jpg", "a.jpg"], b"")
    )
    (tree / os.fsdecode(b"\xff.jpg")).write_bytes(b"")
    assert names(tree) == [
        *(b"B.jpg", b"a.jpg", b"b.jpg", "é.jpg".encode(), b"\xff.jpg"),
        *(b"a/z.jpg", b"a b/c.jpg"),
    ]


def test_the_order_does_not_depend_on_the_order_of_the_file_system(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, dict.fromkeys(["a/1.jpg", "a/2.jpg", "b/1.jpg", "c.jpg", "d.jpg"], b""))
    forwards = names(tree)
    scandir = os.scandir

    class Backwards:
        def __init__(self, folder: Path) -> None:
            with scandir(folder) as listing:
                self.entries = sorted(listing, key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(self.entries)

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    assert names(tree) == forwards == [b"c.jpg", b"d.jpg", b"a/1.jpg", b"a/2.jpg", b"b/1.jpg"]


def test_a_photo_file_says_what_the_system_says_of_it(tree: Path) -> None:
    make_files(tree, {"a.jpg": b"12345"})
    (file,) = discover([tree])
    info = os.lstat(tree / "a.jpg")
    assert file == PhotoFile(
        path=tree / "a.jpg",
        size=5,
        mtime_ns=info.st_mtime_ns,
        device=info.st_dev,
        inode=info.st_ino,
    )


def test_links_are_named_and_never_followed(tree: Path) -> None:
    make_files(
        tree,
        {
            "photo.jpg": b"x",
            "to file.jpg": Link("photo.jpg"),
            "to nothing.jpg": Link("nowhere"),
            "to folder": Link("."),
            "to itself": Link("to itself"),
        },
    )
    link = "is a link; what it points to counts where it lies"
    assert found(tree) == {
        "photo.jpg": "photo",
        **dict.fromkeys(["to file.jpg", "to nothing.jpg", "to folder", "to itself"], link),
    }


def test_pipes_and_sockets_are_named_and_not_opened(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tree / "pipe.jpg")
    monkeypatch.chdir(tree)  # a socket's path may have 107 bytes
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.jpg")
        assert found(tree) == dict.fromkeys(
            ["pipe.jpg", "socket.jpg"], "is a pipe, socket or device, not a file"
        )


@pytest.mark.parametrize(
    "name",
    [".git", ".stversions", "@eaDir", "$RECYCLE.BIN", "Lost+Found", "My.photoslibrary"],
)
def test_hidden_and_system_folders_are_named_and_not_entered(tree: Path, name: str) -> None:
    make_files(tree, {f"{name}/a.jpg": b"", "b.jpg": b"", f"x/{name}/c.jpg": b""})
    reason = "is a hidden or system folder"
    assert found(tree) == {"b.jpg": "photo", name: reason, f"x/{name}": reason}


def test_hidden_files_and_files_named_like_system_folders_are_found(tree: Path) -> None:
    make_files(tree, {".a.jpg": b"", "@eaDir": b"", "._b.jpg": b""})
    assert found(tree) == dict.fromkeys([".a.jpg", "@eaDir", "._b.jpg"], "photo")


def test_skips_say_which_of_them_a_person_should_know_of(tree: Path) -> None:
    make_files(tree, {"link.jpg": Link("x"), ".hidden/a.jpg": b""})
    assert [skip.problem for skip in discover([tree]) if isinstance(skip, Skip)] == [False, False]


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "I/O")])
def test_a_folder_that_cannot_be_listed_is_a_passing_problem_and_the_rest_is_found(
    tree: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    make_files(tree, {"a/1.jpg": b"", "b/2.jpg": b"", "c/3.jpg": b""})
    scandir = os.scandir

    def refusing(folder: Path) -> object:
        if Path(folder) == tree / "b":
            raise error
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    reason = f"is a folder that cannot be listed: {error.strerror}"
    assert found(tree) == {"a/1.jpg": "photo", "b": reason, "c/3.jpg": "photo"}
    (skip,) = (each for each in discover([tree]) if isinstance(each, Skip))
    assert skip.problem
    assert skip.passing


@pytest.mark.skipif(AS_ROOT, reason="root may list every folder")
def test_a_folder_without_rights_is_a_passing_problem(tree: Path) -> None:
    make_files(tree, {"a/1.jpg": b"", "b.jpg": b""})
    (tree / "a").chmod(0)
    try:
        assert found(tree)["a"] == "is a folder that cannot be listed: Permission denied"
        with pytest.raises(RootMissing, match="Permission denied"):
            list(discover([tree / "a"]))
        with pytest.raises(RootMissing, match="Permission denied"):
            resolve_roots([tree / "a" / "1.jpg"])
    finally:
        (tree / "a").chmod(0o700)


def test_an_entry_that_cannot_be_looked_at_is_a_passing_problem(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        name = "a.jpg"
        path = str(tree / "a.jpg")

        def is_dir(self, *, follow_symlinks: bool) -> bool:
            raise OSError(5, "Input/output error")

    class Listing(list[Broken]):
        def __enter__(self) -> "Listing":
            return self

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", lambda folder: Listing([Broken()]))
    reason = "cannot be looked at: Input/output error"
    assert list(discover([tree])) == [Skip(tree / "a.jpg", reason, True, passing=True)]


@pytest.mark.parametrize(
    "name",
    [
        b"new\nline.jpg",
        b"\x1b[31mred.jpg",
        b" .jpg",
        b"caf\xe9.jpg",
        b"\xff\xfe",
        b"-rf.jpg",
        "\u202egpj.exe".encode(),
        b"a" * 255,
    ],
)
def test_odd_names_come_byte_for_byte(tree: Path, name: bytes) -> None:
    (tree / os.fsdecode(name)).write_bytes(b"x")
    assert names(tree) == [name]
    assert names(*resolve_roots([tree / os.fsdecode(name)])) == [b"."]


def test_a_tree_deeper_than_the_stack_is_walked(tree: Path) -> None:
    folder = tree
    for _ in range(1200):
        folder = folder / "d"
        folder.mkdir()
    (folder / "a.jpg").write_bytes(b"")
    assert len(names(tree)) == 1
    (folder / "a.jpg").unlink()
    while folder != tree:  # pytest's own clean-up is recursive
        folder.rmdir()
        folder = folder.parent


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere other lengths are too long")
def test_what_lies_too_deep_for_the_system_is_said_to_and_what_to_do_about_it(tree: Path) -> None:
    make_files(tree, {"z.jpg": b""})
    chain = [os.open(tree, os.O_RDONLY)]
    path = tree
    try:
        while len(os.fsencode(path)) < 4096:  # can only be made step by step
            left = 4094 - len(os.fsencode(path))
            name = "d" * (max(left, 1) if left <= 250 else 190)
            os.mkdir(name, dir_fd=chain[-1])
            chain.append(os.open(name, os.O_RDONLY, dir_fd=chain[-1]))
            path /= name
            if len(os.fsencode(path)) == 4095:
                os.close(os.open("f.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=chain[-1]))
        photo, file, folder = discover([tree])
        why = "its path is too long for this system; move it to a shorter path"
        assert photo.path == tree / "z.jpg"
        assert file == Skip(
            path.parent / "f.jpg", f"cannot be looked at: {why}", True, passing=True
        )
        assert folder == Skip(path, f"is a folder that cannot be listed: {why}", True, passing=True)
    finally:  # pytest's own clean-up cannot reach it
        os.unlink("f.jpg", dir_fd=chain[-2])
        for outer, inner in reversed(list(zip(chain, path.relative_to(tree).parts, strict=False))):
            os.rmdir(inner, dir_fd=outer)
        for each in chain:
            os.close(each)


def test_an_entry_is_a_photo_file_in_brief(tree: Path) -> None:
    make_files(tree, {"a/1.jpg": b"1", "b.jpg": b"12", "c.jpg": Link("b.jpg")})
    entries = list(walk([tree]))
    files = list(discover([tree]))
    assert [each.file() if isinstance(each, Entry) else each for each in entries] == files
    assert isinstance(entries[0], Entry)
    assert (entries[0].path, entries[0].size) == (str(tree / "b.jpg"), 2)


def test_half_a_million_entries_fit_into_200_mb(tree: Path) -> None:
    count = 2000
    make_files(tree, {f"{'photos of a holiday':>40}": None})
    (folder,) = tree.iterdir()
    for number in range(count):
        (folder / f"IMG_{number:05}.jpg").touch()
    list(walk([tree]))
    tracemalloc.start()
    try:
        entries = list(walk([tree]))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / count < 350 + len(str(tree))
    assert len({id(each.device) for each in entries if isinstance(each, Entry)}) == 1


def test_a_folder_of_many_files_and_one_of_many_folders_come_in_order(tree: Path) -> None:
    for number in range(3000):
        (tree / f"{number:05}.jpg").touch()
        (tree / f"f{number:05}").mkdir()
        (tree / f"f{number:05}" / "a.jpg").touch()
    assert names(tree) == [
        *(f"{number:05}.jpg".encode() for number in range(3000)),
        *(f"f{number:05}/a.jpg".encode() for number in range(3000)),
    ]


def test_a_folder_that_is_replaced_by_a_link_during_the_walk_is_not_followed(
    tree: Path, tmp_path: Path
) -> None:
    make_files(tmp_path, {"outside/secret.jpg": b""})
    make_files(tree, {"a.jpg": b"", "b": None})
    walking = discover([tree])
    first = next(walking)
    (tree / "b").rmdir()
    (tree / "b").symlink_to(tmp_path / "outside")
    assert [first.path, *(each.path for each in walking)] == [tree / "a.jpg", tree / "b"]


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=2, unique=True))
def test_names_are_sorted_as_their_bytes_whatever_they_are(names: list[bytes]) -> None:
    """Without files: some systems take no such names."""
    entries = [Named(os.fsdecode(name)) for name in names]
    in_order = _sorted(entries)  # type: ignore[arg-type]
    assert [os.fsencode(entry.name) for entry in in_order] == sorted(names)


def test_a_folder_reached_twice_is_walked_once_and_said_to_be(tree: Path) -> None:
    make_files(tree, {"a.jpg": b""})
    twice = list(discover([tree, tree]))
    assert [each.path.name for each in twice] == ["a.jpg", "tree"]
    assert isinstance(twice[1], Skip)
    assert twice[1].reason == "is a folder that was already walked under another name"


# --- roots ---------------------------------------------------------------------------------


def test_a_single_file_is_a_root_of_its_own(tree: Path) -> None:
    make_files(tree, {"a.jpg": b"x", "b.jpg": b"y"})
    assert [each.path for each in discover(resolve_roots([tree / "a.jpg"]))] == [tree / "a.jpg"]


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        (["a", "a"], ["a"]),
        (["a", "a/x"], ["a"]),
        (["a/x", "a/x/1.jpg", "a"], ["a"]),
        (["b", "a"], ["a", "b"]),
        (["a", "a b", "a/x"], ["a", "a b"]),
        (["a/../a", "a/."], ["a"]),
        (["to a", "a"], ["a"]),
        (["a", "a/.hidden", "a/.hidden/y"], ["a", "a/.hidden"]),
        (["a", "a/.hidden/2.jpg"], ["a", "a/.hidden/2.jpg"]),
        (["a", "a/x/.3.jpg"], ["a"]),
    ],
)
def test_roots_are_sorted_and_none_is_reached_from_another(
    tree: Path, named: list[str], kept: list[str]
) -> None:
    files: dict[str, Content] = {"b": None, "a b": None, "to a": Link("a"), "a/x/1.jpg": b""}
    make_files(tree, {**files, "a/.hidden/2.jpg": b"", "a/.hidden/y": None, "a/x/.3.jpg": b""})
    roots = resolve_roots([tree / name for name in named])
    assert roots == tuple(tree / name for name in kept)
    paths = [each.path for each in discover(roots) if isinstance(each, PhotoFile)]
    assert len(paths) == len(set(paths))


def test_a_missing_root_is_refused_and_named(tree: Path) -> None:
    with pytest.raises(RootMissing, match="no such folder is not there") as caught:
        resolve_roots([tree, tree / "no such folder"])
    assert "drive" in caught.value.hint


def test_a_root_below_a_file_is_refused(tree: Path) -> None:
    make_files(tree, {"a.jpg": b""})
    with pytest.raises(RootMissing, match="is not there"):
        resolve_roots([tree / "a.jpg" / "b"])


def test_a_root_that_vanishes_before_the_walk_is_refused(tree: Path) -> None:
    with pytest.raises(RootMissing, match="cannot be read"):
        list(discover([tree / "gone"]))


def test_a_tilde_is_home_and_otherwise_a_letter(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tree))
    monkeypatch.chdir(tree)
    assert absolute("~/Photos") == tree / "Photos"
    assert absolute("~IMG_0001.jpg") == tree / "~IMG_0001.jpg"


def test_one_path_is_not_taken_for_its_letters(tree: Path) -> None:
    assert each_absolute(str(tree)) == each_absolute(tree) == each_absolute([tree]) == [tree]
    assert resolve_roots(str(tree)) == (tree,)


def test_a_file_is_unchanged_until_its_size_its_time_or_its_kind_changes(tree: Path) -> None:
    make_files(tree, {"a.jpg": b"12"})
    (file,) = (each for each in discover([tree]) if isinstance(each, PhotoFile))
    assert unchanged(file)
    os.utime(file.path, ns=(0, file.mtime_ns + 1))
    assert not unchanged(file)
    file.path.write_bytes(b"123")
    os.utime(file.path, ns=(0, file.mtime_ns))
    assert not unchanged(file)
    file.path.write_bytes(b"12")
    os.utime(file.path, ns=(0, file.mtime_ns))
    assert unchanged(file)
    file.path.rename(tree / "b.jpg")
    assert not unchanged(file)
    file.path.symlink_to("b.jpg")
    assert not unchanged(file)
