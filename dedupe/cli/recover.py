"""dedupe recover: go on with what a crash has cut off."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import options
from dedupe.cli.acting import DONE, agreed, with_companions
from dedupe.cli.talk import say, say_left
from dedupe.cli.undo import say_taken_back
from dedupe.organize.plans.freeing import FREEING
from dedupe.reports.words import counted, shown_path

if TYPE_CHECKING:
    from dedupe.organize.applying.recover import CutOff


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
        say(f"nothing more was done; {command} takes back what was")
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
            where = _where(receipt.name, receipt.into)
            typer.echo(f"action {receipt.action} finished: {done}{where}")
        code = max(code, say_left(receipt.left))
        if not receipt.action:
            command = options.again("dedupe recover", index)
            say(f"is its drive connected? then {command} goes on from here")
    return code


def _half_done(each: "CutOff") -> str:
    record = each.record
    if record.state == "undoing":
        ahead = sum(not step.goes_along for step in each.ahead)
        kind = record.action in FREEING
        where = DONE[record.action] if kind else f"in {shown_path(record.into)}"
        return (
            f"taking action {record.id} back was cut off: {counted(ahead, 'photo')} "
            f"of {record.photos:,} still {where}"
        )
    return (
        f"action {record.id} was cut off: {record.standing:,} of "
        f"{counted(record.photos, 'photo')} {DONE[record.action]}"
        f"{_where(record.action, record.into)}"
    )


def _where(action: str, into: Path) -> str:
    return "" if action in FREEING else f" into {shown_path(into)}"


def _agreed(each: "CutOff", *, yes: bool) -> bool:
    record = each.record
    return not each.takes_away or agreed(each.ahead, record.action, record.into, yes=yes)
