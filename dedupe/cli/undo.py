"""dedupe undo: take the last action back."""

from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.cli.talk import say_left
from dedupe.reports.words import counted

_BACK = {
    "symlink": ("link", "removed"),
    "copy": ("copy", "removed"),
    "move": ("photo", "moved back"),
}


def undo(
    action: Annotated[
        int | None,
        typer.Option(help="The number of an earlier action.", show_default=False),
    ] = None,
    index: options.Index = None,
) -> int:
    """Take the last --symlink, --copy or --move back.

    Names, bytes and times of files and folders are as before. What somebody changed since
    is left alone and named. Calling it again takes back the action before.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.organize.act import undo as take_back

    with RichProgress() as progress:
        receipt = take_back(action=action, index=index, progress=progress)
    if not receipt.action:
        typer.echo("nothing to take back")
        return 0
    if not (receipt.done or receipt.folders or receipt.left):
        typer.echo(f"action {receipt.action} was taken back already")
        return 0
    what, done = _BACK[receipt.name]
    typer.echo(
        f"action {receipt.action} taken back: {counted(receipt.done, what)} {done}, "
        f"{counted(receipt.folders, 'folder')} removed"
    )
    return say_left(receipt.left)
