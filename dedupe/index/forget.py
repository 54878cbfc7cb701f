"""Drop what is remembered, at the user's word."""

from collections.abc import Iterable
from pathlib import Path

from dedupe.index.place import default_index
from dedupe.index.store import Index
from dedupe.photos.discover import each_absolute


def forget(paths: Iterable[Path | str] | Path | str, *, index: Path | None = None) -> int:
    """Drop all that is remembered at or below `paths`, whether they still exist or not.

    No photo is touched; another scan brings them back.

    Args:
        paths: folders or photos.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.

    Returns:
        How many photo files were forgotten.

    Raises:
        IndexProblem: the index cannot be used, or a scan is using it.
    """
    roots = each_absolute(paths)
    if not roots:
        return 0
    with Index(index or default_index(), lock=True) as store, store.batch():
        gone = store.files_under(roots)
        store.forget(gone, store.skips_under(roots))
        store.forget_roots(roots)
        store.drop_unused(at_once=True)
    return len(gone)
