"""dedupe history: all that was ever linked, copied or moved, and what of it stands."""

import sys
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.cli.talk import say


def history(
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    index: options.Index = None,
) -> None:
    """List all actions: when, what, how many photos, where to, and whether they stand.

    The number of an action is what `dedupe undo` takes. What a crash or Ctrl-C has cut off is
    marked; `dedupe recover` goes on with it.
    """
    from dedupe.organize.act import history as actions
    from dedupe.reports.history import find_form

    write = find_form(form)
    found = actions(index=index)
    write(found, sys.stdout)
    if any(each.unfinished for each in found):
        command = options.again("dedupe recover", index)
        say(f"{command} finishes what was cut off, --back takes it back")
