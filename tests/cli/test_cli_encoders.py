from pathlib import Path

import pytest
from cli.running import dedupe, on_terminal
from reports.odd_names import plain
from rich.cells import cell_len

from dedupe.encoders.registry import DEFAULT_ENCODER, ENCODERS


def rows(out: str) -> dict[str, str]:
    return {line.split()[0]: line for line in out.splitlines() if line.strip()}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where torch keeps weights, with none in it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch/hub/checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_is_listed_with_what_a_person_chooses_by(name: str, cache: Path) -> None:
    encoder = ENCODERS[name]
    row = rows(dedupe("encoders").out)[name]
    assert ("(default)" in row) == (name == DEFAULT_ENCODER)
    words = row.replace("(default)", "").split()
    assert words[:5] == [
        name,
        f"{encoder.dim}",
        f"{encoder.crop}",
        f"{encoder.weights.megabytes:.0f}",
        encoder.weights.licence,
    ]


@pytest.mark.parametrize("name", [name for name in ENCODERS if name != DEFAULT_ENCODER])
def test_weights_are_here_once_their_file_is_in_the_cache(name: str, cache: Path) -> None:
    assert rows(dedupe("encoders").out)[name].rstrip().endswith("  not here")
    (cache / ENCODERS[name].weights.file).write_bytes(b"")
    after = rows(dedupe("encoders").out)
    assert after[name].rstrip().endswith("  here")
    others = set(ENCODERS) - {name, DEFAULT_ENCODER}
    assert all(after[other].rstrip().endswith("  not here") for other in others)


def test_the_weights_of_the_default_encoder_came_with_the_installation(cache: Path) -> None:
    assert rows(dedupe("encoders").out)[DEFAULT_ENCODER].rstrip().endswith("  here")


def test_the_list_fits_80_columns_without_broken_rows(cache: Path) -> None:
    lines = plain(on_terminal("encoders").out).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert len(lines) == len(ENCODERS) + 3
