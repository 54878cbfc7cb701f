import json
from pathlib import Path

import pytest
from cli.running import dedupe, on_terminal
from reports.odd_names import plain

from dedupe.cli.config import EXAMPLE
from dedupe.cli.settings import PRESETS


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where dedupe looks for settings; nothing is there yet."""
    home = tmp_path_factory.mktemp("settings")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    folder = home / "dedupe"
    folder.mkdir()
    return folder / "dedupe.toml"


def known(*before: str) -> dict[tuple[str, str], tuple[object, str]]:
    """By command and option, value and source as `dedupe config` says them."""
    run = dedupe(*before, "config", "--format", "json")
    assert run.code == 0, run.err
    said = json.loads(run.data)["settings"]
    return {(each["command"], each["option"]): (each["value"], each["source"]) for each in said}


def groups(*args: str | Path) -> dict[str, object]:
    run = dedupe(*args, "--format", "json")
    assert run.code == 0, run.err
    found: dict[str, object] = json.loads(run.data)
    return found


def test_without_a_file_nothing_is_set_and_it_is_said_where_one_would_be(file: Path) -> None:
    run = dedupe("config")
    assert run.code == 0
    assert run.out.startswith("no settings: there is no ")
    assert "dedupe/dedupe.toml" in run.out.replace("\n", "")
    assert known() == {}


def test_what_the_file_says_holds_and_what_is_typed_wins(photos: Path, file: Path) -> None:
    file.write_text("[group]\nthreshold = 3\n")
    assert groups("group")["threshold"] == 3
    assert groups("group", "--threshold", "17")["threshold"] == 17
    assert groups("--no-config", "group")["threshold"] == 16


def test_the_environment_wins_over_the_file(photos: Path, file: Path) -> None:
    file.write_text('index = "nowhere.db"\n')  # the tests' own is in DEDUPE_INDEX
    assert groups("group")["photos"]
    assert known()["undo", "index"] == (str(file.parent / "nowhere.db"), "dedupe.toml")


def test_rules_may_be_a_list_and_paths_start_at_the_folder_of_the_file(file: Path) -> None:
    file.write_text('[group]\nkeep = ["oldest", "path"]\nagainst = "cards"\ninto = "~/sets"\n')
    found = known()
    assert found["group", "keep"] == ("oldest, path", "dedupe.toml")
    assert found["group", "against"] == ([str(file.parent / "cards")], "dedupe.toml")
    assert found["group", "into"] == (str(Path.home() / "sets"), "dedupe.toml")


def test_an_option_of_one_command_wins_over_that_of_all_and_a_profile_over_both(file: Path) -> None:
    file.write_text(
        'device = "cpu"\n[group]\ndevice = "auto"\nthreshold = 14\n'
        '[profiles.big]\ndevice = "cuda"\n[profiles.big.group]\nthreshold = 12\n'
    )
    found = known()
    assert found["search", "device"] == ("cpu", "dedupe.toml")
    assert found["group", "device"] == ("auto", "dedupe.toml")
    found = known("--profile", "big")
    assert found["search", "device"] == ("cuda", "profile big")
    assert found["group", "device"] == ("cuda", "profile big")
    assert found["group", "threshold"] == (12, "profile big")


@pytest.mark.parametrize("profile", PRESETS)
def test_everybody_has_our_profiles(photos: Path, file: Path, profile: str) -> None:
    wanted = PRESETS[profile]["group"]
    found = groups("--profile", profile, "group")
    assert "relation" not in wanted or found["relation"] == wanted["relation"].replace("-", " ")
    assert "threshold" not in wanted or found["threshold"] == wanted["threshold"]


def test_a_profile_of_the_file_takes_the_place_of_ours(file: Path) -> None:
    file.write_text("[profiles.exact.group]\nthreshold = 1\n")
    assert known("--profile", "exact") == {("group", "threshold"): (1, "profile exact")}


@pytest.mark.parametrize("option", ["symlink", "move", "copy", "yes", "dry-run"])
@pytest.mark.parametrize("place", ["", "[group]", "[profiles.x.group]"])
def test_what_changes_files_is_typed_each_time(file: Path, option: str, place: str) -> None:
    file.write_text(f"{place}\n{option} = true\n")
    run = dedupe("group")
    assert run.code == 2
    assert f"'{option}' cannot be a setting" in run.err


WRONG = {
    "[group": "is not TOML",
    "[grup]\nthreshold = 1": "there is no command 'grup'",
    "[group]\ntreshold = 1": "`dedupe group` has no option 'treshold'",
    "colour = 1": "no command has an option 'colour'",
    '[group]\nthreshold = "near"': "threshold of `dedupe group`: 'near' is not a valid float",
    "[group]\nthreshold = -1": "threshold of `dedupe group`: -1.0 is not in the range",
    "[group]\nthreshold = true": "has to be a float range",
    '[group]\nclusters = "no"': "has to be true or false, and is 'no'",
    "[group]\ninto = 5": "has to be a path",
    "[profiles]\ngroup = 1": "below [profiles.NAME.group]",
    "[profiles.never_used.group]\ntreshold = 1": "`dedupe group` has no option 'treshold'",
}


@pytest.mark.parametrize(("text", "words"), WRONG.items(), ids=WRONG)
def test_a_slip_in_the_file_is_named_and_nothing_is_done(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    run = dedupe("group")
    assert (run.code, run.data) == (2, b"")
    first, *rest = run.err.splitlines()
    assert words in first
    assert str(file) in first or "dedupe.toml" in first
    assert len(rest) <= 1
    assert dedupe("--no-config", "config").code == 0


def test_a_file_that_is_no_text_is_named(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    run = dedupe("config")
    assert run.code == 2
    assert "cannot be read" in run.err


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    run = dedupe("--config", tmp_path / "mine.toml", "config")
    assert run.code == 2
    assert "there is no" in run.err
    (tmp_path / "mine.toml").write_text("[group]\nthreshold = 2\n")
    assert known("--config", str(tmp_path / "mine.toml"))["group", "threshold"][0] == 2


def test_an_unknown_profile_is_answered_with_those_there_are(file: Path) -> None:
    run = dedupe("--profile", "exakt", "group")
    assert run.code == 2
    assert "no profile called 'exakt'" in run.err
    assert "did you mean 'exact'?" in run.err


def test_a_file_among_the_photos_is_not_read(
    photos: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photos / "dedupe.toml").write_text("[group]\nthreshold = 1\n")
    monkeypatch.chdir(photos)
    assert known() == {}


def test_an_empty_variable_means_no_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[group]\nthreshold = 1\n")
    monkeypatch.setenv("DEDUPE_CONFIG", "")
    assert known() == {}


def test_the_example_is_a_file_that_holds(file: Path) -> None:
    run = dedupe("config", "--example")
    assert run.out == EXAMPLE
    lines = (line.removeprefix("# ") for line in EXAMPLE.splitlines())
    file.write_text("\n".join(line if "=" in line or "[" in line else "" for line in lines))
    assert known()["group", "threshold"] == (16, "dedupe.toml")
    assert known("--profile", "cards")["group", "relation"] == ("same-pixels", "profile cards")


def test_the_table_says_what_is_said_of_all_commands_once(file: Path) -> None:
    file.write_text('index = "all.db"\n[group]\nthreshold = 14\n')
    lines = plain(on_terminal("config").data.decode()).splitlines()
    assert [line.split()[:3] for line in lines if " 14 " in line] == [["group", "threshold", "14"]]
    assert sum("every command" in line for line in lines) == 1
    assert lines[-1].startswith("profiles: bursts, edits, exact, loose")
