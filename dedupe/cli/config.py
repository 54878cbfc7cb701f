"""dedupe config: what dedupe.toml says, and what holds because of it."""

import json
import os
import sys
from typing import Annotated

import typer

from dedupe.cli.settings import Loaded
from dedupe.errors import UnknownName
from dedupe.names import safe
from dedupe.reports.words import shown_path

EXAMPLE = """\
# Options that need not be typed each time. What is typed wins over this file.
# Relative paths start at the folder of this file.

# index = "~/photos/dedupe.db"       # of every command that has this option

[scan]
# exclude = ["*.tmp", "thumbnails/"]

[group]
# threshold = 16
# keep = ["resolution", "metadata", "oldest"]
# clusters = true

# A profile of your own: `dedupe --profile cards group`
[profiles.cards.group]
# relation = "same-pixels"
# against = ["~/Pictures"]
"""


def config(
    context: typer.Context,
    example: Annotated[
        bool, typer.Option("--example", help="Print a file to begin with, and nothing else.")
    ] = False,
    report: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Show what dedupe.toml says, where it is looked for, and which profiles there are.

    With `dedupe --profile NAME config`, what holds with that profile.
    """
    if report not in ("table", "json"):
        raise UnknownName("format", report, ("table", "json"))
    loaded: Loaded = context.obj
    if example:
        sys.stdout.write(EXAMPLE)
    elif report == "json":
        json.dump(_facts(loaded), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _show(loaded)


def _facts(loaded: Loaded) -> dict[str, object]:
    return {
        "file": os.fspath(loaded.path) if loaded.path else None,
        "exists": loaded.there,
        "profile": loaded.profile,
        "profiles": loaded.profiles,
        "settings": [
            {
                "command": each.command,
                "option": each.option,
                "value": each.value,
                "source": each.source,
            }
            for each in loaded.settings
        ],
    }


def _show(loaded: Loaded) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from dedupe.reports.screen import Screen

    screen = Screen(sys.stdout)
    if loaded.path is None:
        screen.tell("no file of settings is read")
    elif loaded.there:
        screen.tell(f"settings of {shown_path(loaded.path)}")
    else:
        screen.tell(f"no settings: there is no {shown_path(loaded.path)}")
    if loaded.settings:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for heading in ("Command", "Option", "Value", "From"):
            table.add_column(heading, overflow="fold")
        for row, commands in _rows(loaded).items():
            who = "every command" if len(commands) > 2 else ", ".join(commands)
            table.add_row(*map(Text, (who, *row)))
        screen.print(table)
        screen.tell()
    screen.tell(f"profiles: {safe(', '.join(loaded.profiles))}")
    if not loaded.there:
        screen.tell("`dedupe config --example` prints a file to begin with")


def _rows(loaded: Loaded) -> dict[tuple[str, str, str], list[str]]:
    """Option, value and source, each with the commands that it is said of."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for each in loaded.settings:
        many = each.value if isinstance(each.value, list) else [each.value]
        value = ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in many)
        rows.setdefault((each.option, safe(value), safe(each.source)), []).append(each.command)
    return rows
