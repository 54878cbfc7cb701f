from pathlib import Path

import pytest
from scene import TREE
from trees import make_files


@pytest.fixture
def full(tree: Path) -> Path:
    make_files(tree, TREE)
    return tree
