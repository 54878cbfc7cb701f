"""What a command loads before it does anything: a scan of unchanged photos is not to wait."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LOADED = """
import atexit, json, sys
names = {"torch", "torchvision", "sklearn", "scipy", "rich", "dedupe.matching"}
atexit.register(lambda: print(json.dumps(sorted(names & set(sys.modules))), file=sys.stderr))
from dedupe.cli import main
main()
"""


@pytest.mark.parametrize("command", [["scan", "photos"], ["forget", "elsewhere"], ["--version"]])
def test_in_a_pipe_a_command_with_nothing_to_encode_loads_neither_torch_nor_rich(
    photos: Path, command: list[str]
) -> None:
    code = subprocess.run([sys.executable, "-c", LOADED, *command], capture_output=True, check=True)
    assert code.stdout
    assert json.loads(code.stderr) == []


@pytest.mark.parametrize("form", ["paths", "json", "csv"])
def test_a_list_of_problems_loads_nothing_that_compares_photos(photos: Path, form: str) -> None:
    command = ["problems", "--format", form]
    code = subprocess.run([sys.executable, "-c", LOADED, *command], capture_output=True, check=True)
    assert set(json.loads(code.stderr)) <= {"rich"}


@pytest.mark.parametrize("command", [["apply", "plan.json", "--yes"], ["history"], ["recover"]])
def test_what_acts_loads_nothing_that_compares_photos(photos: Path, command: list[str]) -> None:
    save = ["group", "--move", "--into", "out", "--save-plan", "plan.json"]
    code = LOADED.replace('"torch"', '"torch", "numpy", "PIL", "cv2"')
    dedupe = [sys.executable, "-c", code]
    subprocess.run([*dedupe, *save], capture_output=True, check=True)
    for words in (command, ["undo"]):
        run = subprocess.run([*dedupe, *words], capture_output=True, check=True)
        assert set(json.loads(run.stderr.splitlines()[-1])) <= {"rich"}
    assert (photos / "downloads/portrait.jpg").exists()


@pytest.mark.parametrize("set_by_user", [None, "ACTIVE"])
@pytest.mark.parametrize(
    ("name", "usual"), [("OMP_WAIT_POLICY", "PASSIVE"), ("OPENBLAS_THREAD_TIMEOUT", "4")]
)
def test_threads_that_wait_leave_the_cores_to_others_unless_the_user_says_otherwise(
    name: str, usual: str, set_by_user: str | None
) -> None:
    names = {each: value for each, value in os.environ.items() if each != name}
    if set_by_user is not None:
        names[name] = set_by_user
    code = f"""
import atexit, os, sys
import dedupe.cores as module
def shared():
    assert not {{"numpy", "torch"}} & set(sys.modules)
    share()
share, module.share_cores = module.share_cores, shared
atexit.register(lambda: print(os.environ["{name}"]))
from dedupe.cli import main
main()
"""
    command = [sys.executable, "-c", code, "--version"]
    run = subprocess.run(command, env=names, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == (set_by_user or usual)
