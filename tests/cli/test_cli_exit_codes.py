import json
from pathlib import Path

import pytest
from cli.conftest import CHOSEN
from cli.running import Run, cut_short, dedupe, on_terminal
from reports.odd_names import plain
from trees import read_tree

from dedupe.cli import app
from dedupe.errors import DedupeError
from dedupe.matching.sets import groups

MISUSES = {
    "unknown option": (["group", "--colour"], "no such option: --colour"),
    "unknown command": (["frobnicate"], "no such command 'frobnicate'"),
    "missing argument": (["scan"], "missing argument 'PATH'"),
    "one argument too many": (["undo", "1", "2"], "unexpected extra argument"),
    "no number of an action": (["undo", "b.jpg"], "invalid value for 'ID'"),
    "no number": (["group", "--threshold", "near"], "invalid value for '--threshold'"),
    "negative number": (["group", "--threshold", "-1"], "invalid value for '--threshold'"),
    "no results": (["search", "a.jpg", "-k", "0"], "invalid value for '-k'"),
    "unknown encoder": (["group", "--encoder", "resnet5"], "no encoder called 'resnet5'"),
    "unknown encoder to scan": (["scan", ".", "--encoder", "x"], "no encoder called 'x'"),
    "unknown format": (["group", "--format", "xml"], "no format called 'xml'"),
    "unknown keep rule": (["group", "--keep", "nicest"], "no keep rule called 'nicest'"),
    "keep rule without its folder": (["group", "--keep", "folder:"], "folder needs a GLOB"),
    "two actions": (["group", "--symlink", "--move"], "--symlink and --move exclude each other"),
    "dry run of nothing": (["group", "--dry-run"], "add --symlink, --copy or --move"),
    "NUL in JSON": (["group", "-0", "--format", "json"], "-0 goes with --format paths"),
    "NUL in a table": (["problems", "-0", "--format", "table"], "-0 goes with --format paths"),
    "into a file": (["group", "--move", "-y", "--into", "file"], "is a file, not a folder"),
    "a move with nobody to ask": (["group", "--move"], "photos are not moved without a yes"),
    "plan of nothing": (["group", "--save-plan", "p"], "--save-plan writes a plan: add --symlink"),
    "plan over a file": (["group", "--copy", "--save-plan", "file"], "file is there already"),
    "plan nowhere": (["group", "--copy", "--save-plan", "no/p"], "cannot be saved as no/p"),
    "into a protected folder": (
        ["group", "--copy", "--protect", "photos", "--into", "photos/sets"],
        "photos/sets is in a protected folder",
    ),
    "plan in a protected folder": (
        ["group", "--copy", "--protect", "photos", "--save-plan", "photos/p"],
        "photos/p is in a protected folder",
    ),
    "protected and not there": (["group", "--protect", "phtos"], "phtos is not there, so nothing"),
    "unknown form of the history": (["history", "--format", "csv"], "no format of the history"),
}


def assert_one_sentence(run: Run) -> None:
    """One line that names the error, at most one more with what to do next, nothing else."""
    first, *rest = run.err.splitlines()
    assert first.startswith("error: ")
    assert len(rest) <= 1
    assert "Traceback" not in run.err


@pytest.mark.parametrize(("args", "words"), MISUSES.values(), ids=MISUSES)
def test_what_cannot_be_done_that_way_gives_exit_code_2(
    photos: Path, tmp_path: Path, args: list[str], words: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    before = read_tree(tmp_path)
    run = dedupe(*args)
    assert run.code == 2
    assert words in run.err
    assert run.data == b""
    assert_one_sentence(run)
    assert read_tree(tmp_path) == before


def test_a_wrong_option_is_answered_in_one_line_with_the_help_to_see() -> None:
    run = dedupe("group", "--colour")
    assert run.err.splitlines()[-1] == "see `dedupe group --help`"
    assert_one_sentence(run)


def test_without_a_command_the_help_is_shown() -> None:
    run = dedupe()
    assert run.code == 2
    assert "Usage: dedupe" in run.out
    assert run.err == ""


def test_a_missing_folder_gives_exit_code_1() -> None:
    run = dedupe("scan", "nowhere")
    assert run.code == 1
    assert "nowhere is not there" in run.err
    assert_one_sentence(run)


@pytest.mark.parametrize("args", [["group"], ["search", "a.jpg"], ["forget", "."], ["problems"]])
def test_without_an_index_the_command_that_makes_one_is_named(
    args: list[str], tmp_path: Path, index: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    run = dedupe(*args)
    assert run.code == 1
    assert "there is no index" in run.err
    assert "dedupe scan" in run.err
    assert not list(index.parent.iterdir())


@pytest.mark.parametrize(
    ("command", "content"),
    [
        ("scan", b"no index at all" * 99),
        ("scan", b"SQLite format 3\0" * 99),
        ("group", b"no index at all" * 99),
        ("group", b"SQLite format 3\0" * 99),
        ("group", b""),  # a scan takes an empty file for none, and makes the index in it
    ],
)
def test_a_file_that_is_no_index_is_refused_and_left_as_it_is(
    tmp_path: Path, command: str, content: bytes
) -> None:
    (tmp_path / "photos").mkdir()
    wrong = tmp_path / "wrong.db"
    wrong.write_bytes(content)
    run = dedupe(command, "photos", "--index", wrong)
    assert run.code == 1
    assert "wrong.db" in run.err
    assert_one_sentence(run)
    assert wrong.read_bytes() == content


def test_a_damaged_index_is_named(photos: Path, index: Path) -> None:
    data = bytearray(index.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    index.write_bytes(data)
    run = dedupe("group")
    assert run.code == 1
    assert "index.db" in run.err
    assert_one_sentence(run)


@pytest.mark.parametrize("args", [["group", "elsewhere"], ["group", "photos", "elsewhere"]])
def test_a_folder_that_was_not_scanned_is_named_with_the_command_that_scans_it(
    photos: Path, args: list[str], tmp_path: Path
) -> None:
    run = dedupe(*args)
    assert (run.code, run.data) == (1, b"")
    assert run.err == (
        f"error: {tmp_path}/elsewhere was not scanned yet\n"
        f"run `dedupe scan {tmp_path}/elsewhere` first\n"
    )


def test_vectors_of_an_encoder_that_never_scanned_are_missed_by_name(photos: Path) -> None:
    run = dedupe("group", "--encoder", "mobilenet_v2")
    assert run.code == 1
    assert "dedupe scan FOLDER --encoder mobilenet_v2" in run.err


@pytest.mark.parametrize("example", ["absent.jpg", "text.jpg", "photos", "broken.jpg"])
def test_an_example_that_is_no_photo_gives_exit_code_1(
    photos: Path, tmp_path: Path, example: str
) -> None:
    (tmp_path / "text.jpg").write_text("not a photo")
    (tmp_path / "broken.jpg").write_bytes((photos / CHOSEN[0]).read_bytes()[:5000])
    run = dedupe("search", example)
    assert (run.code, run.data) == (1, b"")
    assert example in run.err
    assert_one_sentence(run)


def test_a_fault_in_the_program_is_one_sentence_and_no_traceback(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*args: object, **options: object) -> None:
        raise ZeroDivisionError("by\nzero \x1b[2J")

    monkeypatch.setattr(groups, "find_groups", faulty)
    run = dedupe("group")
    assert run.code == 1
    assert run.err.startswith(
        r"error: a fault in dedupe itself (ZeroDivisionError: by\nzero \x1b[2J)"
    )
    assert_one_sentence(run)
    monkeypatch.setenv("DEDUPE_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        dedupe("group")


def test_every_error_ends_with_its_own_exit_code(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kinds(kind: type[DedupeError]) -> list[type[DedupeError]]:
        return [kind, *(below for child in kind.__subclasses__() for below in kinds(child))]

    for kind in kinds(DedupeError):
        error = DedupeError.__new__(kind)
        Exception.__init__(error, "so it is")
        error.hint = "do this"

        def raising(*args: object, error: DedupeError = error, **options: object) -> None:
            raise error

        monkeypatch.setattr(groups, "find_groups", raising)
        run = dedupe("group")
        assert run.err == "error: so it is\ndo this\n"
        assert run.code == kind.exit_code
        assert run.code in app.EXIT_CODES


def test_the_exit_codes_are_in_the_help() -> None:
    words = " ".join(plain(on_terminal("--help", columns=200).out).split())
    for code, meaning in app.EXIT_CODES.items():
        assert f"{code} {meaning}" in words


@pytest.mark.parametrize(("number", "code"), [((), 130), ((15,), 143)])
def test_a_stop_before_there_is_anything_to_lose_is_no_traceback(
    photos: Path, monkeypatch: pytest.MonkeyPatch, number: tuple[int, ...], code: int
) -> None:
    def stopped(*args: object, **options: object) -> None:
        raise KeyboardInterrupt(*number)

    monkeypatch.setattr(groups, "find_groups", stopped)
    run = dedupe("group")
    assert run.code == code
    assert run.err.startswith("error: stopped\n")
    assert_one_sentence(run)


def test_nothing_but_results_is_on_stdout(photos: Path) -> None:
    (photos / CHOSEN[0]).touch()
    run = dedupe("group", "--symlink", "--into", "out", "--format", "json")
    assert run.code == 3
    json.loads(run.out)
    assert "left alone" in run.err


def test_an_error_is_said_even_if_nobody_reads_stdout() -> None:
    run = cut_short("group")
    assert run.code == 1
    assert_one_sentence(run)


def test_the_version_is_printed() -> None:
    run = dedupe("--version")
    assert run.code == 0
    assert run.out.startswith("dedupe 0.")
