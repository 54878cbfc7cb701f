"""Code run where nothing is imported yet."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def said(code: str, *arguments: str | os.PathLike[str]) -> str:
    """What it prints, in a new process at the root of the repository."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
