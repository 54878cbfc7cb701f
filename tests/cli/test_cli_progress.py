import sys

import pytest
from rich.progress import Progress

from dedupe.cli.progress import RichProgress, count_and_rate


@pytest.mark.parametrize(
    ("done", "total", "speed", "words"),
    [
        (0, None, None, ("", "")),
        (12_345, None, 600.0, ("12,345", "")),
        (0, 33, None, ("0/33", "")),
        (128, 1400, 10.66, ("128/1,400", "  10.7/s")),
        (128, 1400, 99.96, ("128/1,400", "  100/s")),
        (10**6, 10**6, 12345.6, ("1,000,000/1,000,000", "  12,346/s")),
    ],
)
def test_a_stage_says_as_much_of_count_and_rate_as_is_known(
    done: float, total: float | None, speed: float | None, words: tuple[str, str]
) -> None:
    assert count_and_rate(done, total, speed) == words


class Clock:
    """A clock that stands still unless it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dedupe.cli.progress.monotonic", clock)
    return clock


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What a bar on a terminal is told of, call by call."""
    told: list[int] = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(Progress, "start", lambda _: None)
    monkeypatch.setattr(Progress, "advance", lambda _, task, count: told.append(count))
    return told


def test_the_bar_is_told_of_many_steps_at_once_and_loses_none(
    clock: Clock, told: list[int]
) -> None:
    with RichProgress() as progress:
        progress.start("Looking", 0)
        for _ in range(1000):
            clock.now += 1 / 1024  # a second is 1024 steps
            progress.advance(3)
        clock.now += 1
        progress.advance(0)
    assert 5 <= len(told) <= 11
    assert sum(told) == 3000


def test_no_step_of_one_stage_is_counted_in_the_next(clock: Clock, told: list[int]) -> None:
    with RichProgress() as progress:
        progress.start("Looking", 0)
        progress.advance(7)
        progress.start("Encoding", 3)
        clock.now += 1
        progress.advance(2)
    assert told == [2]


def test_without_a_terminal_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with RichProgress() as progress:
        progress.start("Looking", 3)
        progress.advance(3)
    assert capsys.readouterr() == ("", "")
