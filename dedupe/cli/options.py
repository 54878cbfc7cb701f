"""Options that several commands share."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from dedupe.names import safe

# the box of the help for options that most people never need
RARE = "Rarely needed"

# Path objects carry any bytes a name may have; that they exist is for the library to say
Index = Annotated[
    Path | None,
    typer.Option(
        "--index",
        envvar="DEDUPE_INDEX",
        help="The index file. Without it, index.db in your data folder.",
        show_default=False,
    ),
]
EncoderName = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        help="Whose vectors to compare; those of the last scan if not given.",
        show_default=False,
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", help="Your own weights file for the encoder.", show_default=False),
]
Device = Annotated[
    str,
    typer.Option("--device", help="auto (a GPU where there is one), cpu, cuda or mps."),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="table, json, csv or paths. A table on a terminal, paths in a pipe.",
        show_default=False,
    ),
]
# of commands whose answer is for people first, in a pipe as well
TableFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="table, json, csv or paths. A table if not given, in a pipe as well.",
        show_default=False,
    ),
]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes",
        "-y",
        help="Do not ask before photos are moved, trashed or replaced; needed in a pipe.",
    ),
]
Null = Annotated[bool, typer.Option("-0", help="Paths ended by a NUL byte, for xargs -0.")]


def again(command: str, index: Path | None) -> str:
    """A command to type next, with the --index it needs to see the same photos."""
    if index is None or os.fspath(index) == os.environ.get("DEDUPE_INDEX"):
        return command
    return f"{command} --index {safe(shlex.quote(os.fspath(index)))}"
