"""Options that a person need not type each time: dedupe.toml, its profiles, and ours.

    index = "~/photos/index.db"            # of every command that has this option

    [group]
    keep = ["resolution", "oldest"]

    [profiles.cards.group]                 # only with `dedupe --profile cards group`
    relation = "same-pixels"

What is typed wins over the environment, that over a profile, that over the rest of the file.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import typer

from dedupe.errors import UnknownName, UsageError
from dedupe.names import safe

PRESETS: dict[str, dict[str, Any]] = {
    "exact": {"group": {"relation": "same-pixels", "clusters": False}},
    "edits": {"group": {"relation": "same-picture", "clusters": False}},
    "bursts": {"group": {"relation": "same-moment", "clusters": False}},
    "loose": {"group": {"threshold": 20.0}},
}
"""Profiles that everybody has; one of the same name in dedupe.toml takes its place."""

_PROFILES = "profiles"

# What changes files, or says which, is typed each time: a setting that somebody forgot must not
# move a photo. Those of the second line fit one command line and no other.
_NEVER = frozenset(
    {
        *("trash", "hardlink", "reflink", "symlink-same"),
        *("symlink", "copy", "move", "tree", "yes", "back", "set", "remove"),
        *("help", "list", "dry-run", "save-plan", "0"),
    }
)

_WITHOUT = "mend it, or go without for now: `dedupe --no-config ...`"

# typer has its own copy of click and makes few of its classes public
_Option = Any
_Commands = Mapping[str, Mapping[str, _Option]]


@dataclass(frozen=True, slots=True)
class Setting:
    """One option of one command that is not what it is without a file.

    Attributes:
        command: "group".
        option: as it is typed, without dashes: "keep".
        value: as the command gets it.
        source: who says so: "dedupe.toml", or "profile cards".
        parameter: the name of the option in Python.
    """

    command: str
    option: str
    value: Any
    source: str
    parameter: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What holds for a command line.

    Attributes:
        path: of the file; None where none is wanted.
        there: whether it is there.
        profile: that was asked for.
        profiles: that there are, sorted.
        settings: sorted by command and option.
    """

    path: Path | None
    there: bool
    profile: str | None
    profiles: tuple[str, ...]
    settings: tuple[Setting, ...]


def load(
    commands: Mapping[str, Any],
    named: Path | None = None,
    profile: str | None = None,
    *,
    read: bool = True,
) -> Loaded:
    """Read and check the file, and say what holds.

    Args:
        commands: the commands by name, as typer made them.
        named: the file, if somebody named one; else that of `config_file`.
        profile: of the file or of PRESETS.
        read: whether a file is wanted at all.

    Raises:
        UsageError: as `read_config` and `settings_of`.
        UnknownName: there is no such profile.
    """
    path = (named or config_file()) if read else None
    said = read_config(path, must_exist=named is not None)
    found = settings_of(said, path or Path(), commands, profile)
    names = sorted({*PRESETS, *said.get(_PROFILES, {})})
    there = path is not None and path.is_file()
    return Loaded(path, there, profile, tuple(names), tuple(found))


def config_file() -> Path | None:
    """DEDUPE_CONFIG, or dedupe.toml in the user's folder of settings; None if the former is "".

    A file of this name among photos is not read: who gives a person a folder of photos must
    not change what dedupe does.
    """
    named = os.environ.get("DEDUPE_CONFIG")
    if named is not None:
        return Path(named).expanduser() if named else None
    return platformdirs.user_config_path("dedupe", appauthor=False) / "dedupe.toml"


def read_config(path: Path | None, *, must_exist: bool = False) -> dict[str, Any]:
    """What the file says, not yet checked; nothing where there is none.

    Args:
        path: of the file.
        must_exist: whether somebody named it.

    Raises:
        UsageError: it cannot be read, or is no TOML.
    """
    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if not must_exist:
            return {}
        raise UsageError(
            f"there is no {safe(path)}", "`dedupe config --example` prints one to begin with"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{safe(path)} cannot be read: {error}", _WITHOUT) from error
    import tomllib  # most people have no such file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{safe(path)} is not TOML: {error}", _WITHOUT) from error


def settings_of(
    config: Mapping[str, Any],
    path: Path,
    commands: Mapping[str, Any],
    profile: str | None = None,
) -> list[Setting]:
    """Check what a file says, and give what holds.

    Args:
        config: as `read_config` gives it.
        path: of the file, for messages, and for relative paths in it.
        commands: the commands by name, as typer made them.
        profile: of the file or of PRESETS.

    Returns:
        Each option of each command at most once, sorted by both.

    Raises:
        UsageError: there is no such command or option, or a value does not fit; also in
            profiles that are not asked for: a slip is better known before it matters.
        UnknownName: there is no such profile.
    """
    named = config.get(_PROFILES, {})
    if not isinstance(named, dict) or not all(isinstance(each, dict) for each in named.values()):
        raise UsageError(f"{safe(path)}: a profile's options stand below [profiles.NAME.group]")
    options = {name: _options(command) for name, command in commands.items()}
    plain = {name: said for name, said in config.items() if name != _PROFILES}
    found = _checked(plain, options, path, "dedupe.toml")
    profiles = {
        name: _checked(said, options, path, f"profile {name}")
        for name, said in (PRESETS | named).items()
    }
    if profile is not None:
        if profile not in profiles:
            raise UnknownName("profile", profile, profiles)
        found |= profiles[profile]
    return [found[key] for key in sorted(found)]


def defaults(found: Iterable[Setting]) -> dict[str, dict[str, Any]]:
    """The values by command and parameter, as the context of a command line takes them."""
    values: dict[str, dict[str, Any]] = {}
    for each in found:
        values.setdefault(each.command, {})[each.parameter] = each.value
    return values


def _options(command: Any) -> dict[str, _Option]:
    """The options of a command by the names that they have in a file."""
    found = {}
    for option in command.params:
        name = max(option.opts, key=len).lstrip("-")
        if option.param_type_name == "option" and name not in _NEVER:
            found[name] = option
    return found


def _checked(
    said: Mapping[str, Any], commands: _Commands, path: Path, source: str
) -> dict[tuple[str, str], Setting]:
    """The settings of a file without its profiles, or of one of these."""
    found = {}
    for command, key, value in _each(said, commands, path):
        option = commands[command].get(key)
        if option is None:
            raise UsageError(
                f"{safe(path)}: `dedupe {safe(command)}` has no option {key!r}",
                f"it has {', '.join(sorted(commands[command]))}",
            )
        fitting = _fitting(option, value, path, f"{key} of `dedupe {command}`")
        found[command, key] = Setting(command, key, fitting, source, option.name)
    return found


def _each(
    said: Mapping[str, Any], commands: _Commands, path: Path
) -> Iterator[tuple[str, str, Any]]:
    """Command, option, value: first what is said of all commands that have the option."""
    tables = {name: value for name, value in said.items() if isinstance(value, dict)}
    common = {key: value for key, value in said.items() if key not in tables}
    for key in (*common, *(key for its in tables.values() for key in its)):
        if key in _NEVER:
            raise UsageError(
                f"{safe(path)}: {key!r} cannot be a setting",
                "what changes files, or says which, is typed each time",
            )
    for key, value in common.items():
        having = [name for name in commands if key in commands[name]]
        if not having:
            raise UsageError(
                f"{safe(path)}: no command has an option {key!r}",
                "options of one command stand below its name: [group]",
            )
        yield from ((name, key, value) for name in having)
    for name, its in tables.items():
        if name not in commands:
            raise UsageError(
                f"{safe(path)}: there is no command {name!r}", f"there are {', '.join(commands)}"
            )
        yield from ((name, key, value) for key, value in its.items())


def _fitting(option: _Option, value: Any, path: Path, what: str) -> Any:
    """A value as the option takes it: rules in one text, paths from the folder of the file."""
    if option.multiple:
        value = value if isinstance(value, list) else [value]
    elif isinstance(value, list):
        value = ", ".join(map(str, value))
    each = value if isinstance(value, list) else [value]
    kind = option.type.name
    if any(isinstance(one, bool) != bool(option.is_flag) for one in each) or (
        kind == "path" and not all(isinstance(one, str) for one in each)
    ):
        wanted = "true or false" if option.is_flag else f"a {kind}"
        raise UsageError(f"{safe(path)}: {what} has to be {wanted}, and is {value!r}", _WITHOUT)
    if kind == "path":
        each = [str(path.parent / Path(one).expanduser()) for one in each]
        value = each if option.multiple else each[0]
    try:
        option.type_cast_value(None, value)
    except typer.BadParameter as error:
        raise UsageError(f"{safe(path)}: {what}: {error.message}", _WITHOUT) from error
    return value
