"""The command `dedupe`: its commands, its exit codes, and what happens to errors."""

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from dedupe.cli.apply import apply
from dedupe.cli.calibrate import calibrate
from dedupe.cli.config import config
from dedupe.cli.covered import covered
from dedupe.cli.encoders import encoders
from dedupe.cli.explain import explain
from dedupe.cli.folders import folders
from dedupe.cli.forget import forget
from dedupe.cli.group import group
from dedupe.cli.history import history
from dedupe.cli.ignore import ignore
from dedupe.cli.problems import problems
from dedupe.cli.recover import recover
from dedupe.cli.scan import scan
from dedupe.cli.search import search
from dedupe.cli.settings import defaults, load
from dedupe.cli.talk import say_error
from dedupe.cli.trash import trash
from dedupe.cli.undo import undo
from dedupe.errors import DedupeError

EXIT_CODES = {
    0: "done",
    1: "error: one sentence on stderr says what, and what to do next",
    2: "usage: what was asked for cannot be done that way; nothing was done",
    3: "done, but some photos were skipped or left alone; they are named",
    4: "covered alone: not every photo is covered; those that are not are listed",
    130: "interrupted by Ctrl-C, finished work is kept (143: by SIGTERM)",
}

# wrong options and arguments; typer makes public only the child of this class
_MISUSE: Any = typer.BadParameter.__base__

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Find look-alike photos, and sort them out without ever losing one.\n\n"
    "scan remembers photos, group and search compare them. Nothing happens to any file "
    "unless you ask for it, and undo takes it back.",
    epilog="Exit codes: " + ", ".join(f"{code} {words}" for code, words in EXIT_CODES.items()),
)


def main() -> None:
    """Run the command line and leave with one of EXIT_CODES."""
    for stream in (sys.stdout, sys.stderr):
        # a terminal that cannot show × gets an escape, not a traceback
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, _terminated)
    try:
        code = app(prog_name="dedupe", standalone_mode=False)
    except _MISUSE as error:  # typer would draw a red box, with raw bidi controls in it
        if message := error.format_message():  # empty where the help was shown instead
            usage = error.ctx.command_path if error.ctx else "dedupe"
            say_error(message[0].lower() + message[1:].rstrip("."), f"see `{usage} --help`")
        code = 2
    except typer.Abort:  # Ctrl-C while options were read
        code = 130
    sys.exit(code)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


def guarded(command: Callable[..., int | None]) -> Callable[..., None]:
    """A command whose errors end in a sentence and an exit code, never in a traceback."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            code = command(*args, **options) or 0
        except DedupeError as error:
            say_error(str(error), error.hint)
            code = error.exit_code
        except BrokenPipeError:
            code = 0  # `dedupe group | head`: nobody reads on, which is no error
        except KeyboardInterrupt as stop:
            say_error("stopped", "what was finished is kept; the same command goes on from there")
            code = 143 if signal.SIGTERM in stop.args else 130
        except Exception as error:
            if os.environ.get("DEDUPE_TRACEBACK"):
                raise
            say_error(
                f"a fault in dedupe itself ({type(error).__name__}: {error})",
                "no photo was harmed; DEDUPE_TRACEBACK=1 shows where, for a report",
            )
            code = 1
        _flush()
        raise typer.Exit(code)

    return run


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more at its end; give it somewhere to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"dedupe {version('dedupe-photos')}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    show_version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(help="A profile of dedupe.toml, or one of ours.", show_default=False),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Read this instead of your dedupe.toml.", show_default=False),
    ] = None,
    no_config: Annotated[bool, typer.Option("--no-config", help="Read no dedupe.toml.")] = False,
) -> None:
    """Options of `dedupe` itself."""
    commands = {name: context.command.commands[name] for name in COMMANDS}  # type: ignore[attr-defined]
    try:
        loaded = load(commands, config, profile, read=not no_config)
    except DedupeError as error:
        say_error(str(error), error.hint)
        raise typer.Exit(error.exit_code) from error
    context.obj = loaded
    context.default_map = defaults(loaded.settings)


COMMANDS: dict[str, Callable[..., int | None]] = {
    "scan": scan,
    "group": group,
    "search": search,
    "problems": problems,
    "calibrate": calibrate,
    "explain": explain,
    "apply": apply,
    "history": history,
    "covered": covered,
    "folders": folders,
    "ignore": ignore,
    "trash": trash,
    "undo": undo,
    "recover": recover,
    "encoders": encoders,
    "forget": forget,
    "config": config,
}
for _name, _command in COMMANDS.items():
    app.command(_name)(guarded(_command))
