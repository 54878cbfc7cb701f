"""What all tests share: a tree to work in, and a journal beside it, never in it."""

from pathlib import Path

import pytest


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An empty folder for the photos of a test."""
    root = tmp_path / "tree"
    root.mkdir()
    return root


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Where the journal of a test goes."""
    return tmp_path / "state" / "journal.db"
