import shutil
from pathlib import Path

import pytest
from cli.conftest import CHOSEN, copy_index
from cli.running import dedupe, on_terminal
from reports.odd_names import plain
from rich.cells import cell_len

from dedupe.index import scan
from dedupe.index.scan import ScanReport
from dedupe.photos.photo import Skip


def test_a_first_scan_says_what_it_found_where_it_is_kept_and_what_comes_next(
    unscanned: Path, index: Path
) -> None:
    run = dedupe("scan", unscanned)
    assert run.code == 0
    assert run.err == ""
    assert run.out.splitlines() == [
        "9 photos: 0 encoded, 9 recognised as copies or moved",
        f"index: {index} (efficientnet_lite0)",
        "next:  dedupe group",
    ]


def test_an_unknown_photo_is_encoded(
    tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEDUPE_INDEX", str(tmp_path / "new.db"))
    (tmp_path / "new").mkdir()
    shutil.copy(samples / CHOSEN[0], tmp_path / "new")
    assert dedupe("scan", "new").out.startswith("1 photo: 1 encoded\nindex: new.db ")


def test_a_second_scan_reads_only_what_changed(photos: Path) -> None:
    assert dedupe("scan", photos).out.startswith("9 photos: 0 encoded, 9 unchanged\n")
    (photos / CHOSEN[0]).unlink()
    (photos / CHOSEN[3]).rename(photos / "moved.jpg")
    assert dedupe("scan", photos).out.startswith(
        "8 photos: 0 encoded, 1 recognised as copies or moved, 7 unchanged, 2 gone and forgotten\n"
    )


def test_a_folder_without_photos_suggests_no_next_step(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = dedupe("scan", "empty")
    assert run.code == 0
    assert run.out.startswith("0 photos: 0 encoded\n")
    assert "next" not in run.out


def test_what_is_no_photo_is_passed_over_with_its_reason_and_is_no_problem(photos: Path) -> None:
    (photos / "notes.txt").write_text("no photo")
    run = dedupe("scan", photos)
    assert run.code == 0
    assert run.out.splitlines()[1:4] == [
        "1 file passed over:",
        "  1  is not a photo",
        "       photos/notes.txt",
    ]


def test_a_broken_photo_is_named_with_its_reason_and_gives_exit_code_3(photos: Path) -> None:
    whole = (photos / CHOSEN[0]).read_bytes()
    (photos / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    for _ in range(2):  # a second scan does not read it again, and says the same
        run = dedupe("scan", photos)
        assert run.code == 3
        assert run.out.splitlines()[1] == "1 file could not be read:"
        assert run.out.splitlines()[2].startswith("  1  ")
        assert run.out.splitlines()[3] == "       photos/broken.jpg"


def test_of_many_skips_of_one_reason_three_are_named_unless_all_are_asked_for(
    photos: Path,
) -> None:
    for number in range(5):
        (photos / f"{number}.txt").write_text("no photo")
    few = dedupe("scan", photos).out
    assert few.count(".txt") == 3
    assert "       and 2 more\nall of them:  dedupe problems --all\n" in few
    every = dedupe("scan", photos, "--list-skipped").out
    assert every.count(".txt") == 5
    assert "more" not in every
    assert "all of them" not in every


def test_the_command_that_lists_every_broken_photo_stands_below_them(
    photos: Path, index: Path
) -> None:
    for number in range(4):
        (photos / f"{number}.jpg").write_bytes(b"no photo")
    (photos / "notes.txt").write_text("no photo")
    own = index.with_name("my own.db")
    copy_index(index, own)
    named = dedupe("scan", photos, "--index", own).out
    assert named.splitlines()[6:8] == [
        "       and 1 more",
        f"all of them:  dedupe problems --index '{own}'",
    ]
    assert named.count("all of them") == 1  # of what was passed over, nothing is missing


def test_no_line_is_broken_in_a_pipe_however_long_the_paths_are(
    photos: Path, index: Path, tmp_path: Path
) -> None:
    deep = photos / ("so long a name " * 10).strip() / ("and longer " * 10).strip()
    deep.mkdir(parents=True)
    (deep / "notes.txt").write_text("no photo")
    copy_index(index, deep / "index.db")
    run = dedupe("scan", photos, "--index", deep / "index.db", "--list-skipped")
    assert f"       {(deep / 'notes.txt').relative_to(tmp_path)}\n" in run.out
    assert f"index: {(deep / 'index.db').relative_to(tmp_path)} (efficientnet_lite0)\n" in run.out


def test_on_a_terminal_a_long_reason_goes_on_below_itself_and_in_a_pipe_it_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    skips = (Skip(tmp_path / "a.jpg", "is broken " * 20, True),)
    monkeypatch.setattr(scan, "update_index", lambda *_, **__: report(skips=skips))
    shown = plain(on_terminal("scan", ".").out).splitlines()[2:6]
    assert [len(line) - len(line.lstrip()) for line in shown] == [2, 5, 5, 7]
    assert max(map(cell_len, shown)) <= 80
    assert dedupe("scan", ".").out.splitlines()[2] == f"  1  {'is broken ' * 20}"


def test_progress_is_shown_on_a_terminal_and_gone_afterwards(unscanned: Path) -> None:
    run = on_terminal("scan", unscanned)
    assert "Reading photos" in run.out  # while it ran
    assert plain(run.out).endswith("next:  dedupe group\n")
    assert dedupe("scan", unscanned).err == ""  # and never in a pipe


def test_scanning_changes_nothing_in_the_folder(unscanned: Path) -> None:
    def everything() -> dict[Path, tuple[int, int, bytes]]:
        return {
            path: (path.stat().st_mtime_ns, path.stat().st_mode, path.is_file() * path.read_bytes())
            for path in unscanned.rglob("*")
            if path.is_file()
        }

    before = everything()
    dedupe("scan", unscanned)
    assert everything() == before


def report(**known: object) -> ScanReport:
    facts = {"photos": 2, "encoded": 2, "recognised": 0, "forgotten": 0, "skips": ()}
    place = {"roots": (), "index": Path("/i.db"), "encoder": "efficientnet_lite0"}
    return ScanReport(**{**facts, **place, **known})  # type: ignore[arg-type]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the library was asked for by a scan that does nothing."""
    asked: dict[str, object] = {}
    monkeypatch.setattr(
        scan, "update_index", lambda *_, **options: asked.update(options) or report()
    )
    return asked


def test_a_scan_without_options_leaves_it_to_the_library(asked: dict[str, object]) -> None:
    dedupe("scan", ".")
    assert asked["exclude"] == ()
    assert asked["thumbnails"] is True
    assert asked["workers"] is None


def test_options_of_a_scan_reach_the_library(asked: dict[str, object]) -> None:
    options = ("--exclude", "*.png", "--exclude", "!a/", "--no-thumbnails", "--workers", "0")
    assert dedupe("scan", ".", *options).code == 0
    assert asked["exclude"] == ["*.png", "!a/"]
    assert asked["thumbnails"] is False
    assert asked["workers"] == 0


def test_a_negative_number_of_workers_is_refused(asked: dict[str, object]) -> None:
    run = dedupe("scan", ".", "--workers", "-1")
    assert run.code == 2
    assert "invalid value for '--workers'" in run.err
    assert asked == {}


def test_that_a_damaged_index_was_set_aside_is_said_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    aside = tmp_path / "old\x1b[2J.db"
    monkeypatch.setattr(scan, "update_index", lambda *_, **__: report(set_aside=aside))
    run = on_terminal("scan", ".")
    assert run.code == 0
    assert plain(run.out).startswith(
        "the index was damaged; it was set aside as old\\x1b[2J.db, and all photos were encoded "
        "anew. Other folders that were in it have to be scanned again.\n2 photos: 2 encoded\n"
    )
    assert dedupe("scan", ".").err.startswith("the index was damaged; ")  # results go to stdout
    monkeypatch.setattr(scan, "update_index", lambda *_, **__: report(decisions=2))
    carried = "2 decisions of `dedupe ignore` carried over from the index that was set aside.\n"
    assert dedupe("scan", ".").err == carried


@pytest.mark.parametrize("command", ["scan", "problems"])
def test_help_fits_80_columns(command: str) -> None:
    lines = plain(on_terminal(command, "--help").out).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert not any("…" in line for line in lines)


def test_forgotten_photos_are_no_longer_known(photos: Path) -> None:
    assert dedupe("forget", photos / "camera", photos / "export").out == "3 files forgotten\n"
    assert len(dedupe("group", "--format", "paths").out.split("\n\n")) == 2
    assert (photos / CHOSEN[3]).exists()
