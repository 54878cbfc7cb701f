"""Where the index and its journal lie. Apart from the store, so that undo starts quickly."""

import os
from pathlib import Path

import platformdirs


def default_index() -> Path:
    """DEDUPE_INDEX, or index.db in the user's data folder."""
    named = os.environ.get("DEDUPE_INDEX")
    if named:
        return Path(named).expanduser()
    return platformdirs.user_data_path("dedupe", appauthor=False) / "index.db"


def journal_beside(index: Path) -> Path:
    """Where the journal of the actions on an index's photos is kept."""
    return index.with_name(f"{index.stem}.actions.db")
