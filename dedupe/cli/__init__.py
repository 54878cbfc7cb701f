"""The command line: one file per command, which parses, calls the library and prints."""

import sys

from dedupe.cores import share_cores


def main() -> None:
    """Run the command line and leave with one of its exit codes (`app.EXIT_CODES`)."""
    share_cores()
    try:
        from dedupe.cli.app import main as run  # a fifth of a second, in which Ctrl-C may come

        run()
    except KeyboardInterrupt:  # nothing had begun
        sys.exit(130)
