"""dedupe apply: do what a saved plan says."""

from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.cli.acting import carry_out
from dedupe.cli.talk import say
from dedupe.organize.plans.freeing import FreeingPlan
from dedupe.reports.words import counted


def apply(
    file: Annotated[
        Path,
        typer.Argument(metavar="PLAN", help="A file that `dedupe group --save-plan` has written."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done now, change nothing.")
    ] = False,
    yes: options.Yes = False,
    index: options.Index = None,
) -> int:
    """Do what a saved plan says, as far as its photos are still as they were.

    Steps and whole sets may have been deleted from it before, and photos to trash confirmed that
    may differ from the one that stays; --yes confirms none. Every photo is looked at once
    more; what changed since is left alone and named. A plan that was stopped half way can be
    applied again. `dedupe undo` takes it back.
    """
    from dedupe.organize.act import load_plan

    plan = load_plan(file, index=index)
    if dry_run:
        typer.echo(str(plan))
        return 3 if plan.refusals else 0
    code = carry_out(plan, yes=yes, index=index)
    if isinstance(plan, FreeingPlan) and plan.doubts:
        verb = "stays, as it is" if len(plan.doubts) == 1 else "stay, as they are"
        say(f"{counted(len(plan.doubts), 'photo')} {verb} not confirmed in the plan")
    return code
