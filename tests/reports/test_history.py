import io
import json
import os
from datetime import datetime
from pathlib import Path

import pytest
from reports.odd_names import ODD_NAMES, obeyed
from rich.cells import cell_len

from dedupe.errors import UnknownName
from dedupe.organize.journal.records import Record
from dedupe.reports.history import FORMS, find_form, write_json, write_table


def action(number: int = 1, **known: object) -> Record:
    facts: dict[str, object] = {
        "action": "move",
        "into": Path("/sets"),
        "started": datetime(2026, 11, 23, 9, 5),
        "state": "done",
        "photos": 31,
        "bytes": 4_200_000,
        "standing": 31,
        "ahead": 0,
        "token": "",
    }
    return Record(id=number, **{**facts, **known})  # type: ignore[arg-type]


def table(*actions: Record) -> str:
    out = io.StringIO()
    write_table(actions, out)
    return out.getvalue()


def test_each_action_has_its_number_its_time_what_was_done_where_and_what_of_it_stands() -> None:
    said = table(
        action(1, action="symlink", state="undone", standing=0),
        action(2, action="copy", photos=1, standing=1, into=Path("/copies")),
        action(12, state="running", standing=3, ahead=28, unfinished=True),
    )
    assert said.splitlines() == [
        "   1  2026-11-23 09:05  linked 31 photos          taken back",
        "      /sets",
        "   2  2026-11-23 09:05  copied 1 photo (4.2 MB)",
        "      /copies",
        "  12  2026-11-23 09:05  moved 31 photos (4.2 MB)  cut off, 3 done",
        "      /sets",
    ]


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({}, ""),
        ({"state": "undone", "standing": 2}, "taken back, 2 left"),
        ({"state": "undoing", "standing": 7, "unfinished": True}, "half taken back"),
        ({"state": "running", "standing": 7, "ahead": 24}, "7 of them stand"),
        ({"standing": 29}, "29 of them stand"),
    ],
)
def test_what_became_of_it_is_said_in_a_few_words(known: dict[str, object], words: str) -> None:
    first = table(action(1, **known)).splitlines()[0]
    assert first.removeprefix("   1  2026-11-23 09:05  moved 31 photos (4.2 MB)").strip() == words


def test_where_nothing_was_done_that_is_said() -> None:
    assert table() == "Nothing was linked, copied or moved yet.\n"


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_it_is_calm_in_80_columns_and_no_terminal_obeys_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = table(
        action(9999, into=Path("/", name), photos=100_000, bytes=10**12, standing=99_999),
        action(10_000, state="undoing", standing=99_999, photos=100_000),
    )
    assert obeyed(said) == []
    assert all(cell_len(line) <= 80 for line in said.splitlines())


def test_json_has_every_fact_of_every_action() -> None:
    out = io.StringIO()
    write_json([action(1, into=Path(os.fsdecode(b"/\xff"))), action(2, state="undone")], out)
    first, second = json.loads(out.getvalue())["actions"]
    assert first == {
        "id": 1,
        "action": "move",
        "into": None,
        "into_base64": "L/8=",
        "started": "2026-11-23T09:05:00",
        "state": "done",
        "photos": 31,
        "bytes": 4_200_000,
        "standing": 31,
        "links": 0,
        "unfinished": False,
    }
    assert (second["into"], second["state"]) == ("/sets", "undone")


def test_another_form_is_refused_with_those_there_are() -> None:
    assert find_form("table") is FORMS["table"]
    with pytest.raises(UnknownName) as refused:
        find_form("csv")
    assert "table, json" in refused.value.hint
