import json
import os
from pathlib import Path

import pytest
from cli.conftest import CHOSEN
from cli.running import Run, dedupe, on_terminal
from reports.odd_names import plain
from trees import Link, contents, read_tree

LINKS = {
    "001 IMG_0007/1 IMG_0007.jpg": CHOSEN[1],
    "001 IMG_0007/2 IMG_20191117_104433.jpg": CHOSEN[0],
    "001 IMG_0007/3 IMG_20191117_104433.png": CHOSEN[2],
    "002 DSC_0098/1 DSC_0098.JPG": CHOSEN[3],
    "002 DSC_0098/2 DSC_0098.JPG": CHOSEN[4],
    "003 portrait/1 portrait.jpg": CHOSEN[5],
    "003 portrait/2 portrait (1).jpg": CHOSEN[6],
}
# the best of each set, which a link shows where the others are moved
STAYS = {name: photo for name, photo in LINKS.items() if "/1 " in name}
MOVED = {name: photo for name, photo in LINKS.items() if name not in STAYS}
PROMISE = "one photo of each set stays where it is, and a link shows it among the others"


def act(action: str, *more: str | Path) -> Run:
    return dedupe("group", f"--{action}", "--into", "out", "--yes", *more)


def test_symlink_makes_a_folder_of_links_for_each_set(photos: Path, tmp_path: Path) -> None:
    before = read_tree(photos)
    run = act("symlink")
    assert run.code == 0
    assert run.err.splitlines() == [
        "7 photos linked into out",
        "dedupe undo takes it back (action 1)",
    ]
    assert contents(tmp_path / "out") == {
        name: Link(f"../../photos/{photo}") for name, photo in LINKS.items()
    }
    assert read_tree(photos) == before


def test_symlink_a_second_time_changes_nothing(photos: Path, tmp_path: Path) -> None:
    act("symlink")
    before = read_tree(tmp_path / "out")
    run = act("symlink")
    assert (run.code, run.err) == (0, "0 photos linked into out, 7 already there\n")
    assert read_tree(tmp_path / "out") == before


@pytest.mark.parametrize("action", ["symlink", "copy", "move"])
def test_a_dry_run_shows_every_step_and_writes_nothing(
    photos: Path, tmp_path: Path, action: str
) -> None:
    before = read_tree(tmp_path)
    run = act(action, "--dry-run")
    assert read_tree(tmp_path) == before
    assert (run.code, run.err) == (0, "")
    head = f"{action} 7 photos into 3 folders below {tmp_path}/out\n"
    if action == "move":
        head = (
            f"move 4 photos; one photo of each set stays\n  into 3 folders below {tmp_path}/out\n"
        )
    assert run.out.startswith(head)
    shown = [line.split("  <-  ") for line in run.out.splitlines() if "<-" in line]
    done = MOVED if action == "move" else LINKS
    assert shown == [[f"    {Path(n).name}", f"{photos / p}"] for n, p in done.items()]
    stays = [line.split("  ->  ") for line in run.out.splitlines() if "->" in line]
    links = STAYS.items() if action == "move" else ()
    assert stays == [[f"    {Path(n).name}", f"{photos / p}"] for n, p in links]
    assert run.out.count("      stays: ") == len(links)


def test_copy_puts_copies_there_and_undo_removes_them(photos: Path, tmp_path: Path) -> None:
    before = read_tree(photos)
    assert "7 photos copied into out\n" in act("copy").err
    assert contents(tmp_path / "out") == {
        name: (photos / photo).read_bytes() for name, photo in LINKS.items()
    }
    run = dedupe("undo")
    assert (run.code, run.out) == (0, "action 1 taken back: 7 copies removed, 4 folders removed\n")
    assert not (tmp_path / "out").exists()
    assert read_tree(photos) == before


def test_undo_restores_names_bytes_and_times_after_a_move(photos: Path, tmp_path: Path) -> None:
    for folder in [*photos.rglob("*/"), photos]:
        os.utime(folder, ns=(10**18 + 1, 10**18 + 7))
    before = read_tree(photos)
    assert act("move").err.splitlines() == [
        PROMISE,
        "4 photos moved into out",
        "dedupe undo takes it back (action 1)",
    ]
    there = contents(tmp_path / "out")
    assert set(there) == set(LINKS)
    assert {name: there[name] for name in STAYS} == {
        name: Link(f"../../photos/{photo}") for name, photo in STAYS.items()
    }
    assert set(contents(photos)) == {*STAYS.values(), *CHOSEN[7:]}
    run = dedupe("undo")
    assert run.out == "action 1 taken back: 4 photos moved back, 4 folders removed\n"
    assert read_tree(photos) == before
    assert not (tmp_path / "out").exists()


def test_the_index_follows_a_move_and_its_undo_without_a_scan(photos: Path, tmp_path: Path) -> None:
    before = dedupe("group").out
    act("move")
    moved = dedupe("group")
    assert moved.err == ""
    assert set(moved.out.split("\n")) - {""} == {
        *(f"{tmp_path / 'out' / name}" for name in MOVED),
        *(f"{photos / name}" for name in STAYS.values()),
    }
    after = read_tree(tmp_path)
    again = act("move")
    assert (again.code, again.err) == (0, "0 photos moved into out, 4 already there\n")
    assert read_tree(tmp_path) == after
    dedupe("undo")
    assert dedupe("group").out == before


@pytest.mark.parametrize("answer", ["n\n", "\n", "no\n", "yellow\n", "\x04"])
def test_without_a_clear_yes_nothing_is_moved(photos: Path, tmp_path: Path, answer: str) -> None:
    before = read_tree(tmp_path)
    run = on_terminal("group", "--move", "--into", "out", typed=answer)
    assert run.code == 1
    end = f"{PROMISE}\nMove 4 photos (566 kB) to out? [y/N] nothing was moved\n"
    assert plain(run.out).endswith(end)
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize(("typed", "more"), [("y\n", ()), (" YES \n", ()), ("", ("--yes",))])
def test_after_a_yes_the_photos_are_moved(
    photos: Path, tmp_path: Path, typed: str, more: tuple[str, ...]
) -> None:
    run = on_terminal("group", "--move", "--into", "out", *more, typed=typed)
    assert run.code == 0
    assert "dedupe undo takes it back (action 1)\n" in plain(run.out)
    assert set(contents(tmp_path / "out")) == set(LINKS)


def test_links_and_copies_are_made_without_asking(photos: Path) -> None:
    for action in ("symlink", "copy"):
        run = on_terminal("group", f"--{action}", "--into", action)
        assert run.code == 0
        assert "[y/N]" not in run.out


def test_with_nothing_to_take_back_undo_says_so() -> None:
    run = dedupe("undo")
    assert (run.code, run.out) == (0, "nothing to take back\n")


def test_undo_twice_takes_back_the_action_before(photos: Path, tmp_path: Path) -> None:
    before = read_tree(tmp_path / "photos")
    act("symlink")
    dedupe("group", "--copy", "--into", "copies")
    assert dedupe("undo").out.startswith("action 2 taken back: 7 copies removed")
    assert dedupe("undo").out.startswith("action 1 taken back: 7 links removed")
    assert dedupe("undo").out == "nothing to take back\n"
    assert read_tree(tmp_path / "photos") == before
    assert not (tmp_path / "out").exists()


def test_undo_takes_back_the_action_of_a_number(photos: Path, tmp_path: Path) -> None:
    act("symlink")
    dedupe("group", "--copy", "--into", "copies")
    assert dedupe("undo", "1").out.startswith("action 1 taken back: 7 links removed")
    assert (tmp_path / "copies").exists()
    assert dedupe("undo", "1").out == "action 1 was taken back already\n"
    run = dedupe("undo", "9")
    assert (run.code, run.err) == (2, "error: the journal has no action 9\nthe last one is 2\n")


def test_what_somebody_changed_is_left_alone_named_and_gives_exit_code_3(
    photos: Path, tmp_path: Path
) -> None:
    act("move")
    mine = tmp_path / "out" / "003 portrait/2 portrait (1).jpg"
    mine.write_bytes(b"edited since")
    run = dedupe("undo")
    assert run.code == 3
    assert run.out.startswith("action 1 taken back: 3 photos moved back")
    assert "left alone: out/003 portrait/2 portrait (1).jpg " in run.err
    assert mine.read_bytes() == b"edited since"


def test_a_photo_that_changed_since_the_scan_is_refused_with_exit_code_3(
    photos: Path, tmp_path: Path
) -> None:
    (photos / CHOSEN[2]).write_bytes(b"edited since")
    for more in (["--dry-run"], []):
        run = act("move", *more)
        assert run.code == 3
        assert f"{CHOSEN[2]} " in run.out + run.err
    assert (photos / CHOSEN[2]).read_bytes() == b"edited since"
    assert len(contents(tmp_path / "out")) == 6


def test_what_to_type_next_names_the_index_that_was_named(photos: Path, tmp_path: Path) -> None:
    index = tmp_path / "my index.db"
    run = dedupe("scan", photos, "--index", index)
    assert f"next:  dedupe group --index '{index}'\n" in run.out
    run = act("symlink", "--index", index)
    command = f"dedupe undo --index '{index}'"
    assert f"{command} takes it back (action 1)\n" in run.err
    assert dedupe("undo").out == "nothing to take back\n"
    assert dedupe(*command.replace("'", "").split(" ", 3)[1:]).code == 0
    assert not (tmp_path / "out").exists()


def test_with_clusters_each_cluster_gets_a_folder_of_links_named_after_it(
    photos: Path, tmp_path: Path
) -> None:
    before = read_tree(tmp_path)
    exact = ("--relation", "same-pixels", "--clusters", "--format", "json")
    found = json.loads(dedupe("group", *exact).out)
    assert [each["name"] for each in found["clusters"]] == ["2018-10-03", "downloads"]
    expected = {
        f"kind {each['name']}/{Path(photo['path']).name}": Path(photo["path"])
        for each in found["clusters"]
        for photo in each["photos"]
    }
    assert act("symlink", "--relation", "same-pixels").code == 0
    only_sets = contents(tmp_path / "out")
    run = act("symlink", "--relation", "same-pixels", "--with-clusters")
    assert (run.code, run.err.splitlines()[0]) == (
        0,
        "4 photos linked into out, 3 already there",
    )
    links = {
        name: Path(os.path.realpath(tmp_path / "out" / name)) for name in contents(tmp_path / "out")
    }
    assert {name: links[name] for name in links if name not in only_sets} == {
        **expected,
        "kind 2018-10-03/DSC_0098 (2).JPG": photos / CHOSEN[4],
        "kind 2018-10-03/DSC_0098.JPG": photos / CHOSEN[3],
    }
    again = act("symlink", "--relation", "same-pixels", "--with-clusters")
    assert again.err == "0 photos linked into out, 7 already there\n"
    # without them they are taken away again, and undo takes all of it back
    assert act("symlink", "--relation", "same-pixels").code == 0
    assert contents(tmp_path / "out") == only_sets
    for _ in range(3):
        assert dedupe("undo").code == 0
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize("options", [(), ("--move",), ("--copy",), ("--symlink", "--no-clusters")])
def test_clusters_are_linked_and_nothing_else(
    photos: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    before = read_tree(tmp_path)
    run = dedupe("group", *options, "--with-clusters", "--into", "out", "--yes")
    assert run.code == 2
    assert run.err.startswith("error: --with-clusters makes links, as the photos of a cluster")
    assert read_tree(tmp_path) == before


def test_own_links_to_photos_follow_a_move_and_come_back(photos: Path, tmp_path: Path) -> None:
    mine = photos / "mine"
    mine.mkdir()
    (mine / "relative").symlink_to(f"../{CHOSEN[0]}")
    (mine / "absolute").symlink_to(photos / CHOSEN[6])
    (mine / "to what stays").symlink_to(photos / CHOSEN[1])
    assert dedupe("scan", photos).code == 0
    (mine / "new").symlink_to(f"../{CHOSEN[2]}")  # since the scan: nobody has seen it
    before = {link.name: link.readlink() for link in mine.iterdir()}
    read = {name: (mine / name).read_bytes() for name in ("relative", "absolute")}
    shown = dedupe("group", "--move", "--into", "out", "--dry-run").out
    assert "re-pointed to the new places: 2 links" in shown
    asked = plain(on_terminal("group", "--move", "--into", "out", typed="n\n").out)
    assert "and re-point 2 links to them?" in " ".join(asked.split())
    assert {link.name: link.readlink() for link in mine.iterdir()} == before
    assert "2 links to moved photos re-pointed\n" in act("move").err
    assert {name: (mine / name).read_bytes() for name in read} == read
    assert "moved 4 photos" in dedupe("history").out
    assert "re-pointed 2 links" in dedupe("history").out
    assert dedupe("undo").out.endswith("4 folders removed, 2 links pointed back\n")
    assert {link.name: link.readlink() for link in mine.iterdir()} == before
