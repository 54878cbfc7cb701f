"""What was seen in the pixels of photos, remembered: a file is looked at once."""

import math
import struct
from collections.abc import Mapping

from dedupe.index.reading import ReadIndex
from dedupe.index.seals import row_seal
from dedupe.index.store import Index

Look = tuple[str, bytes, bytes]
"""What was looked for, in the photo of which content, beside which; itself where it is alone."""

Numbers = tuple[float | None, ...]
"""What was seen; None where it cannot be told."""


def known_looks(store: ReadIndex, method: str) -> dict[Look, Numbers]:
    """All that is remembered.

    Args:
        store: an open index.
        method: who looked; what others saw is not given.

    Returns:
        What `remember_looks` was given. A row that a damaged disk changed is left out, and its
        photos are looked at again.
    """
    found: dict[Look, Numbers] = {}
    with store.snapshot():
        contents = dict(store.contents())
        for asked, photo, beside, seen, seal in store.each_look(method):
            known = photo in contents and beside in contents
            if known and row_seal(method, asked, photo, beside, seen) == seal:
                numbers = struct.unpack(f"<{len(seen) // 8}d", seen)
                found[asked, contents[photo], contents[beside]] = tuple(
                    None if math.isnan(each) else each for each in numbers
                )
    return found


def remember_looks(store: Index, method: str, found: Mapping[Look, Numbers]) -> None:
    """Store what was seen, in one transaction; what other methods saw is dropped.

    What was seen of a photo that is not known any more is passed over.

    Args:
        store: an index, locked.
        method: who looked.
        found: what was seen.
    """
    with store.whole():
        rows = []
        for (asked, *contents), numbers in found.items():
            known = [store.find_content(content) for content in contents]
            if None not in known:
                seen = struct.pack(
                    f"<{len(numbers)}d", *(math.nan if each is None else each for each in numbers)
                )
                columns = (method, asked, *(each[0] for each in known if each), seen)
                rows.append((*columns, row_seal(*columns)))
        store.put_looks(method, rows)
