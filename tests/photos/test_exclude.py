"""What --exclude and .dedupeignore leave out is what git would leave out, and it is said."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import Content, Link, make_files

from dedupe.errors import UsageError
from dedupe.photos.discover import discover, resolve_roots
from dedupe.photos.photo import PhotoFile, Skip
from dedupe.photos.walk import walk

RULES = ".dedupeignore"
HOLDS = "holds rules for what to exclude"

with_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not here to compare")


def photos(root: Path, *exclude: str) -> list[str]:
    """The files that are found, relative to the root, sorted."""
    found = discover([root], exclude)
    return sorted(os.path.relpath(f.path, root) for f in found if isinstance(f, PhotoFile))


def skips(root: Path, *exclude: str) -> dict[str, tuple[str, bool]]:
    """Reason, and whether it is a problem, of all that was passed over."""
    return {
        os.path.relpath(each.path, root): (each.reason, each.problem)
        for each in discover([root], exclude)
        if isinstance(each, Skip)
    }


def kept_by_git(root: Path, rules: Mapping[str, bytes]) -> list[str]:
    """The files that git would not ignore, were each .dedupeignore a .gitignore."""
    for folder, text in rules.items():
        (root / folder / ".gitignore").write_bytes(text)
    below = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    names = [os.path.relpath(path, root) for path in below]
    clean = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    clean["GIT_CEILING_DIRECTORIES"] = str(root.parent)
    subprocess.run(["git", "init", "-q"], cwd=root, env=clean, check=True)
    run = subprocess.run(
        ["git", "check-ignore", "-z", "--stdin", "--no-index"],
        cwd=root,
        env=clean,
        input="\0".join(names).encode(),
        capture_output=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    shutil.rmtree(root / ".git")
    for folder in rules:
        (root / folder / ".gitignore").unlink()
    ignored = set(run.stdout.decode().split("\0"))
    return sorted(
        name
        for name in names
        if name not in ignored and Path(name).name not in (RULES, ".gitignore")
    )


TREE: dict[str, Content] = dict.fromkeys(
    """
    a a.jpg a.png b/a b/a.jpg b/a.png b/keep.jpg c/a/x.jpg c/a/a/keep.jpg c/b/a/x d/d/d/a.png
    a[1].jpg a1.jpg a-.jpg #x.jpg !x.jpg x* xy back\\slash z/b/keep.jpg z/c/x.jpg
    """.split(),
    b"",
)
TREE |= {"a b": b"", "trailing ": b"", "trailing": b"", "e/ ": b"", "new\nline.jpg": b"", "f": None}

TABLE = [
    "*.png", "/a", "a", "a/", "/a/", "a/**", "b/**", "**/a", "**/a/", "a/**/x.jpg", "c/**/x.jpg",
    "c/**/a", "c/*", "c/*/", "*/a", "*/*/a", "/*", "/*/", "*", "**", "**/", "*/", "/**", "**/*",
    "**/**", "/**/a", "**/**/a/x.jpg", "**/a/**", "**/*/**", "**/a/**/", "d/**/a.png", "d/d",
    "d/d/", "d**", "**d", "[ab].jpg", "[!a].jpg", "[^a]*", "a[!b]jpg", "b[!b]a", "/b[!b]a", "[]a]*",
    "[!]a]*", "a[[]1].jpg", r"a\[1\].jpg", "a[0-9].jpg", "a[-0-9].jpg", "a?.jpg", "?", "b/?", "b?a",
    "#x.jpg", r"\#x.jpg", "!x.jpg", r"\!x.jpg", r"x\*", "x*", r"back\\slash", r"\a.jpg",
    "trailing ", "trailing  ", r"trailing\ ", r"trailing\  ", "e/ ", r"e/\ ", "a b", " a", "a.jpg/",
    "./a", "b/", "b/a", "/b/a", "/b/a/", "/", "//", "", " ", "!", "new*", "*.jpg\r",
    "z/**/keep.jpg", "z/b", "*a*", "*.", ".*", "..",
]  # fmt: skip

LISTS = [
    "*\n!a", "*\n!*/\n!*.jpg", "*.jpg\n!keep.jpg", "!keep.jpg\n*.jpg", "c/\n!c/a/x.jpg",
    "c/*\n!c/a", "c/**\n!c/a/\n!c/a/x.jpg", "a\n!a/", "a/\n!a", "*\n!/b\n!/b/keep.jpg",
    "/*\n!/b", "# all\n\n*.png",
    "b/*\n!b/keep.jpg", "**/a\n!c/**/a", "*.png\n*.jpg\n!*.png\n*a.png", "!!x.jpg", r"!\!x.jpg",
    "*\n!#x.jpg", "\ufeff*.png",
]  # fmt: skip


@with_git
@pytest.mark.parametrize("text", [*TABLE, *LISTS])
@pytest.mark.parametrize("folder", ["", "c"])
def test_a_rules_file_excludes_what_git_ignores(tree: Path, text: str, folder: str) -> None:
    make_files(tree, TREE)
    (tree / folder / RULES).write_bytes(text.encode())
    assert photos(tree) == kept_by_git(tree, {folder: text.encode()})


@with_git
def test_deeper_rules_override_those_above_as_in_git(tree: Path) -> None:
    rules = {
        "": b"*.png\n/b/*.jpg\nx.jpg\nd/d/d/\n",
        "b": b"!keep.jpg\n!a.png\n",
        "c": b"!x.jpg\n/a/*/\n",
        "c/a": b"x.jpg\n!a/\n",
        "d/d": b"!d/\n!a.png\n",
    }
    make_files(tree, TREE)
    for folder, text in rules.items():
        (tree / folder / RULES).write_bytes(text)
    kept = photos(tree)
    assert kept == kept_by_git(tree, rules)
    assert {"b/keep.jpg", "b/a.png", "c/a/a/keep.jpg", "d/d/d/a.png"} <= set(kept)
    assert not {"b/a.jpg", "c/a/x.jpg", "a.png", "z/c/x.jpg"} & set(kept)


_PIECES = st.sampled_from([*"aab.**?!#", "[ab]", "[!a]", "\\a", "\\*"])
_SEGMENTS = st.lists(_PIECES, min_size=1, max_size=4).map("".join)
_GLOBS = st.lists(_SEGMENTS | st.just("**"), min_size=1, max_size=4).map("/".join)
_LINES = st.builds(
    "".join, st.tuples(st.sampled_from(["", "", "!", "/"]), _GLOBS, st.sampled_from(["", "", "/"]))
)
_FILES = st.lists(_LINES, min_size=1, max_size=4).map("\n".join)


@with_git
@settings(deadline=None, max_examples=40)
@given(top=_FILES, inner=_FILES)
def test_any_rules_exclude_what_git_ignores(top: str, inner: str) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        names = ["a", "b", "ab", "a.b", "#a", "!a", "a*", "aab", "bb"]
        make_files(root, {name: b"" for name in names})
        make_files(root, {f"{at}/{name}": b"" for at in ("x", "x/aa", "x/ba/b.") for name in names})
        rules = {"": top.encode(), "x": inner.encode()}
        for at, text in rules.items():
            (root / at / RULES).write_bytes(text)
        assert photos(root) == kept_by_git(root, rules)


# --- what is said


def test_what_is_excluded_is_named_with_who_excludes_it_and_is_no_problem(tree: Path) -> None:
    make_files(tree, {"a.png": b"", "b.jpg": b"", "raw/c.jpg": b"", "old/d.jpg": b"", "e.gif": b""})
    (tree / RULES).write_text("old/\n*.gif\n")
    assert photos(tree, "*.png", "/raw") == ["b.jpg"]
    assert skips(tree, "*.png", "/raw") == {
        RULES: (HOLDS, False),
        "a.png": ("is excluded by --exclude", False),
        "raw": ("is a folder excluded by --exclude", False),
        "e.gif": ("is excluded by .dedupeignore", False),
        "old": ("is a folder excluded by .dedupeignore", False),
    }


def test_an_excluded_folder_is_not_entered(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tree, {"out/a.jpg": b"", "in/b.jpg": b"", f"out/{RULES}": b"!a.jpg"})
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    assert photos(tree, "out", "!out/a.jpg") == ["in/b.jpg"]
    assert {os.path.relpath(path, tree) for path in listed} == {".", "in"}


def test_a_single_rule_is_not_taken_for_its_letters(tree: Path) -> None:
    make_files(tree, {"a.png": b"", "p": b""})
    assert [each[0] for each in walk([tree], "*.png") if not isinstance(each, Skip)] == [
        str(tree / "p")
    ]


def test_an_option_overrides_the_files_as_in_git(tree: Path) -> None:
    make_files(tree, {"a.png": b"", "b.png": b"", "c.jpg": b""})
    (tree / RULES).write_text("*.png\n!c.jpg\n")
    assert photos(tree, "!a.png", "c.jpg") == ["a.png"]


def test_an_option_holds_below_each_root(tree: Path) -> None:
    make_files(tree, {"x/raw/a.jpg": b"", "y/raw/b.jpg": b"", "y/z/raw/c.jpg": b""})
    found = walk([tree / "x", tree / "y"], ["/raw"])
    reasons = [os.path.relpath(each[0], tree) for each in found if not isinstance(each, Skip)]
    assert reasons == ["y/z/raw/c.jpg"]


def test_links_and_pipes_can_be_excluded_like_files(tree: Path) -> None:
    make_files(tree, {"to.jpg": Link("x")})
    os.mkfifo(tree / "pipe.jpg")
    assert {reason for reason, _ in skips(tree, "*.jpg").values()} == {"is excluded by --exclude"}


@with_git
@pytest.mark.parametrize("rule", ["é.jpg", "é*", "*é?jpg", "/b/**/é.jpg"])
def test_letters_of_several_bytes_match_as_in_git(tree: Path, rule: str) -> None:
    make_files(tree, dict.fromkeys(["é.jpg", "e.jpg", "b/é.jpg", "b/c/é.jpg"], b""))
    (tree / RULES).write_text(rule, "utf-8")
    assert photos(tree) == kept_by_git(tree, {"": rule.encode()})
    assert "é.jpg" not in photos(tree) or rule.startswith("/b")


@pytest.mark.parametrize("rule", ["?.jpg", "[é].jpg", "[!a].jpg"])
def test_a_sign_stands_for_a_letter_where_git_counts_bytes(tree: Path, rule: str) -> None:
    make_files(tree, dict.fromkeys(["é.jpg", "éé.jpg"], b""))
    assert photos(tree, rule) == ["éé.jpg"]


def test_two_stars_within_a_name_are_one_as_gits_manual_says(tree: Path) -> None:
    make_files(tree, dict.fromkeys(["d/a.png", "dd/a.png", "d/d/a.png"], b""))
    assert photos(tree, "d**/a.png") == ["d/d/a.png"]


def test_a_rule_matches_names_that_are_not_utf_8(tree: Path) -> None:
    for name in (b"\xff.png", b"\xff.jpg"):
        (tree / os.fsdecode(name)).write_bytes(b"")
    assert photos(tree, "*.png") == [os.fsdecode(b"\xff.jpg")]


def test_a_hash_begins_a_comment_in_a_file_and_a_name_in_an_option(tree: Path) -> None:
    make_files(tree, {"#x.jpg": b"", "y.jpg": b""})
    assert photos(tree, "#*") == ["y.jpg"]
    (tree / RULES).write_text("#*\n")
    assert photos(tree) == ["#x.jpg", "y.jpg"]


# --- roots


@pytest.mark.parametrize("rule", ["x", "/x/", "*", "x/**", "1.jpg"])
def test_a_root_is_never_excluded_itself(tree: Path, rule: str) -> None:
    make_files(tree, {"x/1.jpg": b"", "x/y/2.jpg": b""})
    assert next(walk([tree / "x" / "1.jpg"], [rule]))[0] == str(tree / "x" / "1.jpg")
    (first, *_) = walk([tree / "x"], [rule])
    assert os.fspath(first[0] if not isinstance(first, Skip) else first.path).startswith(
        str(tree / "x" / "")
    )


@pytest.mark.parametrize("by_file", [True, False])
def test_an_excluded_folder_that_is_named_is_a_root_of_its_own(tree: Path, by_file: bool) -> None:
    make_files(tree, {"private/x/1.jpg": b"", "open/2.jpg": b"", "private/y/3.jpg": b""})
    if by_file:
        (tree / RULES).write_text("private/x/\n*.jpg\n!/open\n")
    exclude = [] if by_file else ["private/x/", "*.jpg"]
    named = [tree, tree / "private/x", tree / "private/y", tree / "open/2.jpg"]
    roots = resolve_roots(named, exclude)
    assert roots == (tree, tree / "open/2.jpg", tree / "private/x")
    assert [each for each in resolve_roots(named)] == ([*roots] if by_file else [tree])


# --- rules that are none


@pytest.mark.parametrize(
    "rule", ["", "/", "!", "!/", "a\\", "[a", "[z-a]", "[[:digit:]].jpg", "a[\\]]", "[a--b]"]
)
def test_an_option_that_is_no_rule_is_refused_before_anything_is_walked(
    tree: Path, rule: str
) -> None:
    for call in (walk, resolve_roots):
        with pytest.raises(UsageError, match=r"--exclude .* is not a rule") as caught:
            call([tree], ["*.png", rule])
        assert ".gitignore" in caught.value.hint


def test_a_line_that_is_no_rule_is_named_and_the_others_hold(tree: Path) -> None:
    make_files(tree, {"a.png": b"", "b.jpg": b""})
    (tree / RULES).write_text("# fine\n*.png\n\nx\\\n[[:digit:]]*\n")
    assert photos(tree) == ["b.jpg"]
    reason, problem = skips(tree)[RULES]
    assert problem
    assert "line 4 (x\\), line 5 ([[:digit:]]*)" in reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"*.jpg\n\xff\n", "is not UTF-8 text, so it excludes nothing"),
        (b"*.jpg\n" * 200_000, "is over 1 MB, too much for rules, so it excludes nothing"),
    ],
)
def test_a_file_that_holds_no_rules_is_a_problem_and_excludes_nothing(
    tree: Path, content: bytes, reason: str
) -> None:
    make_files(tree, {"a.jpg": b"", RULES: content})
    assert photos(tree) == ["a.jpg"]
    assert skips(tree) == {RULES: (reason, True)}


def test_a_rules_file_that_cannot_be_read_is_a_passing_problem(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": b"", RULES: b"*.jpg"})

    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    reason = "cannot be read, so it excludes nothing: Permission denied"
    assert [each for each in discover([tree]) if isinstance(each, Skip)] == [
        Skip(tree / RULES, reason, True, passing=True)
    ]
    assert photos(tree) == ["a.jpg"]


def test_a_rules_file_that_is_a_link_is_not_followed(tree: Path) -> None:
    make_files(tree, {"a.jpg": b"", "rules": b"*.jpg", RULES: Link("rules")})
    assert photos(tree) == ["a.jpg", "rules"]
    reason = "is a link, so it excludes nothing: rules are read from files alone"
    assert skips(tree) == {RULES: (reason, True)}


def test_a_pipe_or_folder_called_like_a_rules_file_is_not_opened(tree: Path) -> None:
    make_files(tree, {"a.jpg": b"", "b/c.jpg": b"", f"b/{RULES}/x": b""})
    os.mkfifo(tree / RULES)
    assert photos(tree) == ["a.jpg", "b/c.jpg"]
    assert skips(tree) == {
        RULES: ("is a pipe, socket or device, not a file", False),
        f"b/{RULES}": ("is a hidden or system folder", False),
    }


def test_a_rules_file_comes_at_its_place_and_holds_for_what_comes_before_it(tree: Path) -> None:
    make_files(tree, {"#1.jpg": b"", "#2.png": b"", RULES: b"*.png", "a.jpg": b""})
    assert [each.path.name for each in discover([tree])] == ["#1.jpg", "#2.png", RULES, "a.jpg"]
    assert photos(tree) == ["#1.jpg", "a.jpg"]
