"""Sets hold no RAW with its JPEG and no photo with its edit: those are not duplicates."""

from collections.abc import Callable
from datetime import datetime
from itertools import combinations
from pathlib import Path

import pytest
from beside import header, jpeg

from dedupe.index.library import Library
from dedupe.matching.explain import explain
from dedupe.matching.sets.groups import Group, find_groups
from dedupe.photos.shots import partnership

Numbers = Callable[..., Library]

NOON = datetime(2019, 7, 14, 12, 0, 0, 340_000)
SHOT: dict[str, object] = {"taken": NOON, "taken_from": "original", "camera": "Canon EOS 450D"}
OTHER: dict[str, object] = {**SHOT, "camera": "Nikon D70"}


def sets(groups: list[Group]) -> list[list[str]]:
    return sorted([str(photo.path) for photo in group.photos] for group in groups)


def test_two_backups_of_raw_and_jpeg_are_two_sets_of_the_same_file(numbers: Numbers) -> None:
    paths = [(f"/{folder}/I{end}", n) for folder in "ab" for n, end in enumerate((".CR2", ".JPG"))]
    found = find_groups(numbers([[1, 1]] * 4, paths, [SHOT] * 4))
    assert sets(found) == [["/a/I.CR2", "/b/I.CR2"], ["/a/I.JPG", "/b/I.JPG"]]
    assert {group.relation.words for group in found} == {"same file"}


def test_a_raw_and_its_jpeg_alone_are_in_no_set(numbers: Numbers) -> None:
    paths = ["/a/I.CR2", "/a/I.JPG"]
    assert find_groups(numbers([[1, 1]] * 2, paths, [SHOT] * 2)) == []
    assert len(find_groups(numbers([[1, 1]] * 2, paths, [SHOT, OTHER]))) == 1
    assert len(find_groups(numbers([[1, 1]] * 2, ["/a/I.CR2", "/b/I.JPG"], [SHOT] * 2))) == 1


@pytest.mark.parametrize(
    ("photo", "edit"),
    [("/a/I.jpg", "/a/I-edited.jpg"), ("/a/IMG_1234.HEIC", "/a/IMG_E1234.JPG")],
)
def test_an_edit_is_never_offered_to_be_dropped_for_its_photo(
    numbers: Numbers, photo: str, edit: str
) -> None:
    assert find_groups(numbers([[1, 1]] * 2, [photo, edit], [SHOT] * 2)) == []
    # by another camera it only has such a name
    assert len(find_groups(numbers([[1, 1]] * 2, [photo, edit], [SHOT, OTHER]))) == 1
    # the same picture elsewhere joins one of the two
    three = numbers([[1, 1]] * 3, [photo, edit, "/b/web.jpg"], [SHOT] * 3)
    (group,) = find_groups(three)
    assert "/b/web.jpg" in {str(each.path) for each in group.photos}
    assert len(group.photos) == 2


def test_no_set_of_a_series_holds_two_of_one_shot(numbers: Numbers) -> None:
    paths, known = [], []
    for folder in ("a", "b"):
        for second in range(4):
            for end in (".CR2", ".JPG", "-edited.JPG"):
                paths.append(f"/{folder}/I{second}{end}")
                known.append({**SHOT, "taken": NOON.replace(second=second)})
    library = numbers([[1, 1]] * len(paths), paths, known)
    found = find_groups(library)
    assert found
    for group in found:
        for one, other in combinations(group.photos, 2):
            assert partnership(one, other) is None


def test_explain_says_that_two_photos_are_of_one_shot(samples: Library, tmp_path: Path) -> None:
    (tmp_path / "I.jpg").write_bytes(jpeg(header()))
    (tmp_path / "I-edited.jpg").write_bytes(jpeg(header(), colour=120))
    explained = explain(samples, tmp_path / "I.jpg", tmp_path / "I-edited.jpg", device="cpu")
    assert explained.why[-1] == (
        "They are a photo and its edit: no set holds both, and one goes where the other goes."
    )
