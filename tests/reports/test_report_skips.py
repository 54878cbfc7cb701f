"""What `dedupe problems` shows to a person."""

from pathlib import Path

import pytest
from reports.odd_names import ODD_NAMES, obeyed, plain
from reports.streams import Pipe, Terminal
from reports.views import ELSEWHERE, problems
from rich.cells import cell_len

from dedupe.names import safe
from dedupe.photos.photo import Skip
from dedupe.reports.facts import Problems
from dedupe.reports.screen import Screen
from dedupe.reports.skips import write_problems

RAW, BROKEN = "is camera RAW (CR2), which this version does not read", "is broken (cut off)"


def lines(found: Problems, out: Pipe | None = None) -> list[str]:
    out = out or Terminal()
    write_problems(found, out)
    return plain(out.text).split("\n")[:-1]


def skip(path: str, reason: str = BROKEN, *, problem: bool = True) -> Skip:
    return Skip(Path(path), reason, problem)


def test_files_stand_below_their_reason_and_their_folder_the_most_frequent_reason_first() -> None:
    found = (
        skip("/p/a.jpg"),
        skip("/p/b/1.cr2", RAW),
        skip("/p/b/c/2.cr2", RAW),
        skip("/p/b/d.cr2", RAW),
    )
    assert lines(Problems(found)) == [
        "4 files could not be read",
        "",
        f"  3  {RAW}",
        "     /p/b/",
        "       1.cr2",
        "       d.cr2",
        "     /p/b/c/",
        "       2.cr2",
        "",
        f"  1  {BROKEN}",
        "     /p/",
        "       a.jpg",
    ]


def test_what_was_passed_over_stands_below_what_could_not_be_read() -> None:
    found = (skip("/p/a.jpg"), skip("/p/b.mp4", "is a video, not a photo", problem=False))
    assert lines(Problems(found))[6:] == [
        "1 file passed over",
        "",
        "  1  is a video, not a photo",
        "     /p/",
        "       b.mp4",
    ]


def test_what_is_not_listed_is_counted() -> None:
    last = "1,200 files passed over (--all lists them)"
    assert lines(Problems((skip("/p/a.jpg"),), others=1200))[-2:] == ["", last]
    nothing = "Every photo that the last scans found could be read."
    assert lines(Problems((), others=1200)) == [nothing, last]
    assert lines(Problems(())) == [nothing]


def test_counts_are_aligned() -> None:
    many = tuple(skip(f"/p/{n}.cr2", RAW) for n in range(1200))
    shown = lines(Problems((*many, skip("/p/b.jpg"))))
    assert shown[2].startswith(f"  1,200  {RAW}")
    assert f"      1  {BROKEN}" in shown


@pytest.mark.parametrize("columns", [40, 80, 160])
@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_every_name_is_shown_in_full_and_no_line_is_wider_than_the_terminal(
    columns: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = Terminal()
    folder = Path(ELSEWHERE, "long " * 40, name)
    shown = lines(Problems((skip(str(folder / name), "is odd " * 30),)), out=out)
    assert obeyed(out.text) == []
    assert max(map(cell_len, shown)) <= columns
    text = "".join(line[5:] if line[5:7] != "  " else line[7:] for line in shown)
    # a line may begin with spaces of the name itself
    assert safe(folder).replace(" ", "") in text.replace(" ", "")
    assert safe(name).replace(" ", "") in text.replace(" ", "")


def test_in_a_pipe_the_list_has_no_colours() -> None:
    out = Pipe()
    lines(problems(["a.jpg"]), out=out)
    assert "\x1b" not in out.text


def test_a_folder_of_many_files_is_printed_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    tell = Screen.tell
    monkeypatch.setattr(Screen, "tell", lambda *args: calls.append(args) or tell(*args))
    assert len(lines(problems([f"{number}.cr2" for number in range(5000)]))) > 5000
    assert len(calls) < 20  # rich takes 0.1 ms for each, however many lines it holds
