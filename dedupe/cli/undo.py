"""dedupe undo: take an action back."""

from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import options
from dedupe.cli.acting import with_companions
from dedupe.cli.talk import say_left
from dedupe.organize.plans.freeing import FREEING
from dedupe.reports.words import counted

if TYPE_CHECKING:
    from dedupe.organize.steps import Receipt

_BACK = {
    "symlink": ("link", "removed"),
    "copy": ("copy", "removed"),
    "move": ("photo", "moved back"),
    "trash": ("photo", "taken out of the trash"),
    **dict.fromkeys(("hardlink", "reflink", "symlink-same"), ("photo", "given back")),
}


def undo(
    action: Annotated[
        int | None,
        typer.Argument(
            metavar="ID",
            help="The number of an action, as `dedupe history` lists it; the last one if none.",
            show_default=False,
        ),
    ] = None,
    index: options.Index = None,
) -> int:
    """Take back what was last linked, moved, trashed or replaced, or the action of a number.

    Names, bytes, times and attributes of files and folders are as before. A photo that was moved
    on is found by its content; what somebody changed since is left alone and named. Calling it
    again takes back the action before.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.organize.act import undo as take_back

    with RichProgress() as progress:
        receipt = take_back(action=action, index=index, progress=progress)
    if not receipt.action:
        typer.echo("nothing to take back")
        return 0
    if not (receipt.done or receipt.along or receipt.folders or receipt.left):
        typer.echo(f"action {receipt.action} was taken back already")
        return 0
    say_taken_back(receipt)
    return say_left(receipt.left)


def say_taken_back(receipt: "Receipt") -> None:
    """Say how much of an action was taken back."""
    what, done = _BACK[receipt.name]
    links = f", {counted(receipt.links, 'link')} pointed back" if receipt.links else ""
    folders = f", {counted(receipt.folders, 'folder')} removed"
    if receipt.name in FREEING and not receipt.folders:
        folders = ""
    photos = f"{counted(receipt.done, what)}{with_companions(receipt.along)}"
    typer.echo(f"action {receipt.action} taken back: {photos} {done}{folders}{links}")
