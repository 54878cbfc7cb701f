"""dedupe forget: drop what is remembered of a folder."""

from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.reports.words import counted


def forget(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Folders, there or not.")],
    index: options.Index = None,
) -> None:
    """Drop all that is remembered at or below PATH. No photo is touched."""
    from dedupe.index.forget import forget as drop

    typer.echo(f"{counted(drop(paths, index=index), 'file')} forgotten")
