"""What a person wants left out of a scan: rules as in .gitignore, by option or by file."""

import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dedupe.errors import UsageError
from dedupe.photos.photo import Skip

RULES_FILE = ".dedupeignore"
OPTION = "--exclude"

# Photo trees have a handful of rules. What is larger is something else under that name.
_LARGEST_FILE = 1 << 20

# What stands before the spaces at the end of a line, which git drops unless a backslash
# keeps them. A backslash at the very end keeps nothing: no match, no rule.
_LINE = re.compile(r"((?:\\.|[^\\])*?) *", re.DOTALL)
_BRACKETS = re.compile(r"\\.|\[[!^]?\]?[^\]]*\]", re.DOTALL)
# In brackets, pathspec knows neither [:alpha:] nor backslashes, and hands the rest to `re`,
# which warns of doubled signs: better refused than guessed.
_ODD = re.compile(r"[\[\\]|--|&&|~~|\|\|")
# pathspec's own brackets are "[^/]"; all others are the user's, which match no slash either
_NEGATED = re.compile(r"\[\^(?!/)(\]?)")


class _Rule(NamedTuple):
    """One line: whether it excludes, and of what."""

    excludes: bool
    folders_only: bool
    by_name: bool
    matches: Callable[[str], object]


class _RuleSet(NamedTuple):
    """The rules of one source, the last first, for paths below one folder."""

    source: str
    below: int  # where in a path the part below the folder begins
    rules: tuple[_Rule, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold in one folder.

    As in git, the options of the command line are asked first, then the file of the folder
    itself, then those of the folders above, up to the root of the walk; within one source
    the last rule that matches decides. Letters match with case, `?` is one character.

    Attributes:
        options: the rules given with --exclude, or none.
        files: those of .dedupeignore files, the innermost first.
    """

    options: tuple[_RuleSet, ...] = ()
    files: tuple[_RuleSet, ...] = ()

    @classmethod
    def of_options(cls, patterns: Iterable[str]) -> "Rules":
        """Rules given with --exclude, for any root: see `below`.

        Args:
            patterns: one rule each (or a single one). Unlike in a file, `#` starts no comment.

        Raises:
            UsageError: one of them is no rule.
        """
        rules = []
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            rule = _rule(f"\\{pattern}" if pattern.startswith("#") else pattern)
            if rule is None:
                raise UsageError(
                    f"{OPTION} {pattern!r} is not a rule that can match anything",
                    "rules are written as in .gitignore: *.png, /2019/raw, screenshots/",
                )
            rules.append(rule)
        return cls(options=(_RuleSet(OPTION, 0, tuple(reversed(rules))),) if rules else ())

    def __bool__(self) -> bool:
        return bool(self.options or self.files)

    def below(self, root: str) -> "Rules":
        """The same options, for the paths below another root."""
        start = _start_below(root)
        return Rules(tuple(each._replace(below=start) for each in self.options))

    def with_file(self, folder: str) -> tuple["Rules", list[Skip]]:
        """The rules that hold in `folder`, which may have a .dedupeignore of its own.

        Returns:
            The rules, and one Skip that says what came of the file. None where there is none,
            or something else under its name: that is not opened.
        """
        path = Path(folder, RULES_FILE)
        try:
            mode = path.lstat().st_mode
        except OSError:
            return self, []
        if stat.S_ISLNK(mode):
            reason = "is a link, so it excludes nothing: rules are read from files alone"
            return self, [Skip(path, reason, True)]
        if not stat.S_ISREG(mode):
            return self, []
        rules, skip = _read(path)
        here = _RuleSet(RULES_FILE, _start_below(folder), rules)
        return (Rules(self.options, (here, *self.files)) if rules else self), [skip]

    def excluded_by(self, path: str, name: str, is_folder: bool) -> str:
        """Who excludes an entry of a folder that is not excluded itself.

        Args:
            path: of the entry, below all folders that these rules come from.
            name: its last part.
            is_folder: rules that end in a slash are for folders alone.

        Returns:
            "--exclude", ".dedupeignore", or "" where nothing does.
        """
        for source, start, rules in (*self.options, *self.files):
            for excludes, folders_only, by_name, matches in rules:
                if folders_only and not is_folder:
                    continue
                if matches(name if by_name else path[start:].replace(os.sep, "/")):
                    return source if excludes else ""
        return ""


def _start_below(folder: str) -> int:
    return len(folder.rstrip(os.sep)) + 1


def _read(file: Path) -> tuple[tuple[_Rule, ...], Skip]:
    """The rules of a file, the last first, and what to say of it."""
    try:
        with file.open("rb") as handle:
            content = handle.read(_LARGEST_FILE + 1)
    except OSError as error:
        reason = f"cannot be read, so it excludes nothing: {error.strerror}"
        return (), Skip(file, reason, True, passing=True)
    if len(content) > _LARGEST_FILE:
        return (), Skip(file, "is over 1 MB, too much for rules, so it excludes nothing", True)
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        return (), Skip(file, "is not UTF-8 text, so it excludes nothing", True)
    rules: list[_Rule] = []
    wrong: list[str] = []
    for number, line in enumerate((line.removesuffix("\r") for line in lines), 1):
        if line.startswith("#") or not line.rstrip(" "):
            continue
        rule = _rule(line, in_file=True)
        if rule is None:
            wrong.append(f"line {number} ({line[:40]})")
        else:
            rules.append(rule)
    if wrong:
        reason = f"has no rule that can match anything in {', '.join(wrong)}; its others hold"
        return tuple(reversed(rules)), Skip(file, reason, True)
    return tuple(reversed(rules)), Skip(file, "holds rules for what to exclude", False)


def _rule(line: str, *, in_file: bool = False) -> _Rule | None:
    """One rule, or None where the line can match nothing.

    What a rule applies to is told apart here and not by pathspec, because this walk asks
    level by level, as git does: a rule matches an entry, never what lies below it.
    """
    kept = _LINE.fullmatch(line)
    if kept is None:
        return None
    text = kept[1] if in_file else line
    excludes = not text.startswith("!")
    glob = text.removeprefix("!")
    folders_only = glob.endswith("/")
    glob = glob.removesuffix("/")
    by_name = "/" not in glob
    glob = glob.removeprefix("/")
    anywhere = re.sub(r"^(?:\*\*/)+", "", glob)
    if "/" not in anywhere and (by_name or anywhere != glob):
        by_name, glob = True, anywhere
    matches = _matcher(glob, by_name)
    return _Rule(excludes, folders_only, by_name, matches) if matches else None


def _matcher(glob: str, by_name: bool) -> Callable[[str], object] | None:
    """Whether a name (or a path below the folder of the rule) matches; None: none ever can."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    glob = _BRACKETS.sub(lambda found: found[0].replace("[[]", r"\["), glob)
    odd = any(_ODD.search(found[0], 1) for found in _BRACKETS.finditer(glob) if found[0][0] == "[")
    if not glob or odd:
        return None
    if glob == "**" or (by_name and set(glob) == {"*"}):
        return bool
    if glob[0] in "#!":  # signs at the start of a line, where this no longer is
        glob = f"\\{glob}"
    if glob[-1].isspace():  # pathspec would drop it
        last = glob[-1]
        glob = glob[:-1].removesuffix("\\") + f"[{last}]"
    try:
        regex, _ = GitIgnoreSpecPattern.pattern_to_regex(glob if by_name else f"/{glob}")
        if regex is None:
            return None
        regex = _NEGATED.sub(lambda sign: "[^" + ("\\]/" if sign[1] else "/"), regex)
        pattern = re.compile(regex, re.DOTALL)
    except (ValueError, re.error):
        return None
    # "a/**" is all below a: its translation ends with a slash, and that of "**/*/**" is one
    return pattern.search if glob.endswith("/**") else pattern.fullmatch
