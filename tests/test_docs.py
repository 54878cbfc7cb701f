"""The documents say what the code does: checked against it, so that they cannot drift."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dedupe.cli.app import COMMANDS, EXIT_CODES
from dedupe.encoders.registry import ENCODERS
from dedupe.organize.keep.rules import KEEP_RULES
from dedupe.reports.registry import REPORTS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def run(command: list[str], cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command as a user runs it, with an index of its own and 80 columns."""
    env = {**os.environ, "COLUMNS": "80", "DEDUPE_INDEX": str(cwd / "index.db"), **variables}
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )


def dedupe(arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command `dedupe` of this checkout."""
    words = ["dedupe", *arguments]
    program = f"import sys; from dedupe.cli import main; sys.argv = {words!r}; main()"
    return run([sys.executable, "-c", program], cwd)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which README's and docs' examples work: only sample_photos is in it."""
    shutil.copytree(ROOT / "sample_photos", tmp_path / "sample_photos")
    return tmp_path


def fenced(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def comparable(text: str) -> list[str]:
    """Lines without what differs from clone to clone: a file's own date, spaces at the end."""
    return [re.sub(r"\(\d{4}-\d\d-\d\d\)", "(date)", line).rstrip() for line in text.splitlines()]


def test_readmes_first_screen_is_what_make_demo_prints(checkout: Path) -> None:
    first_screen = fenced(ROOT / "README.md", "console")[0]
    commands = re.findall(r"^\t\$\(BIN\)/(dedupe .*)$", (ROOT / "Makefile").read_text(), re.M)
    said = ""
    for command in commands:
        done = dedupe(command.split()[1:], checkout)
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr + "\n"
    printed = "\n".join(comparable(said))
    # an ellipsis stands for what the README leaves out
    for part in first_screen.removeprefix("$ make demo\n").split("…\n"):
        assert "\n".join(comparable(part)).strip("\n") in printed


def test_what_how_it_works_shows_is_what_explain_prints(checkout: Path) -> None:
    assert dedupe(["scan", "sample_photos"], checkout).returncode == 0
    shown = [each for each in fenced(ROOT / "docs/how-it-works.md", "console") if "explain" in each]
    assert len(shown) == 3
    for each in shown:
        command, _, said = each.replace("\\\n    ", "").partition("\n")
        done = dedupe(command.removeprefix("$ dedupe ").split(), checkout)
        assert done.returncode == 0, done.stderr
        assert comparable(done.stdout) == comparable(said)


def test_every_command_is_on_the_page_that_make_docs_writes(tmp_path: Path) -> None:
    page = tmp_path / "cli.md"
    command = [
        *(sys.executable, "-m", "typer", "dedupe.cli.app", "utils", "docs", "--name", "dedupe"),
        *("--title", "The command line", "--output", str(page)),
    ]
    assert run(command, tmp_path).returncode == 0
    assert page.read_text() == (ROOT / "docs" / "cli.md").read_text(), "run `make docs`"
    for name in COMMANDS:
        assert f"## `dedupe {name}`" in page.read_text()


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs" / "scripting.md").read_text()
    for code, words in EXIT_CODES.items():
        assert f"| {code} | {words} |" in page


@pytest.mark.parametrize("name", [*REPORTS, *KEEP_RULES])
def test_every_report_and_keep_rule_is_documented(name: str) -> None:
    assert any(f"`{name}`" in page.read_text() for page in PAGES)


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_is_in_the_page_on_thresholds(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "thresholds.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_python_example_runs(page: Path, checkout: Path) -> None:
    for example in fenced(page, "python"):
        done = run([sys.executable, "-c", example], checkout)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_locks_name_no_address_and_pin_every_package_by_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lock = (ROOT / name).read_text()
        assert "://" not in lock
        pinned = re.findall(r"^[a-z0-9][^\n]*==", lock, re.MULTILINE)
        assert len(pinned) > 20
        entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in entry for entry in entries)


def test_every_page_is_on_the_site_once() -> None:
    listed = re.findall(r"[\w/-]+\.md\b", (ROOT / "mkdocs.yml").read_text())
    pages = [str(page.relative_to(ROOT / "docs")) for page in PAGES if page.parent != ROOT]
    assert sorted(listed) == sorted(pages)
