"""`python -m dedupe`, where the command itself is not on the path."""

from dedupe.cli import main

main()
