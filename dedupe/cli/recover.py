"""dedupe recover: go on with what a crash has cut off."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import options
from dedupe.cli.acting import DONE, agreed, with_companions
from dedupe.cli.talk import say, say_left
from dedupe.cli.undo import say_taken_back
from dedupe.reports.words import counted, shown_path

if TYPE_CHECKING:
    from dedupe.organize.recover import CutOff


def recover(
    back: Annotated[
        bool, typer.Option("--back", help="Take back what was cut off, instead of finishing it.")
    ] = False,
    yes: options.Yes = False,
    index: options.Index = None,
) -> int:
    """Finish what a crash, a full disk or Ctrl-C has cut off, or take it back.

    It is known from the journal: what is half done is said first. An undo that was cut off is
    finished as well. Afterwards every photo is whole under one name and no unfinished copy is
    left. Where nothing was cut off, nothing is done.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.organize.act import cut_off
    from dedupe.organize.act import recover as go_on

    found = cut_off(index=index)
    for each in found:
        say(_half_done(each))
    if not back and not all(_agreed(each, yes=yes) for each in found):
        command = options.again("dedupe recover --back", index)
        say(f"nothing more was moved; {command} takes back what was")
        return 1
    with RichProgress() as progress:
        receipts = go_on(back=back, index=index, progress=progress)
    if not receipts:
        typer.echo("nothing to recover")
        return 0
    code = 0
    undone = {each.record.id for each in found if back or each.record.state == "undoing"}
    for receipt in receipts:
        if receipt.action in undone:
            say_taken_back(receipt)
        elif receipt.action:
            along = with_companions(receipt.along)
            done = f"{counted(receipt.done, 'more photo')}{along} {DONE[receipt.name]}"
            typer.echo(f"action {receipt.action} finished: {done} into {shown_path(receipt.into)}")
        code = max(code, say_left(receipt.left))
        if not receipt.action:
            command = options.again("dedupe recover", index)
            say(f"is its drive connected? then {command} goes on from here")
    return code


def _half_done(each: "CutOff") -> str:
    record = each.record
    where = shown_path(Path(record.into))
    if record.state == "undoing":
        ahead = sum(step.is_photo for step in each.ahead)
        return (
            f"taking action {record.id} back was cut off: {counted(ahead, 'photo')} "
            f"of {record.photos:,} still in {where}"
        )
    return (
        f"action {record.id} was cut off: {record.standing:,} of "
        f"{counted(record.photos, 'photo')} {DONE[record.action]} into {where}"
    )


def _agreed(each: "CutOff", *, yes: bool) -> bool:
    return not each.takes_away or agreed(each.ahead, each.record.into, yes=yes)
