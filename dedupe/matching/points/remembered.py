"""Features that were found in earlier runs, beside the index."""

from collections.abc import Mapping
from pathlib import Path

import xxhash

from dedupe.index.features import FeatureFile
from dedupe.matching.points.features import POINTS, Features
from dedupe.matching.points.packed import packed, sound
from dedupe.matching.points.words import WORD_BITS, WORDS

# Goes up with every change of what is found in a thumbnail: its points, their words, its fields.
_VERSION = 1


class RememberedFeatures:
    """What a feature file knows, as features: a cache. To be closed."""

    def __init__(self, index: Path) -> None:
        """Nothing is read yet.

        Args:
            index: beside which it lies.
        """
        self._file = FeatureFile(index, _method())

    def recall(self, jpegs: Mapping[bytes, bytes]) -> dict[bytes, Features]:
        """Those that are known, as `features_of` would find them.

        Args:
            jpegs: thumbnails by content hash.

        Returns:
            Likewise by content hash.
        """
        known = self._file.read(jpegs)
        found = {content: sound(data, jpegs[content]) for content, data in known.items()}
        return {content: each for content, each in found.items() if each is not None}

    def remember(self, found: Mapping[bytes, Features]) -> None:
        """Remember what was found, by content hash."""
        self._file.add(
            {content: each.thumbnail for content, each in found.items()},
            {content: packed(each) for content, each in found.items()},
        )

    def close(self) -> None:
        """Wait until all is written."""
        self._file.close()


def _method() -> bytes:
    """Names all that decides which features a thumbnail has."""
    import cv2

    who = f"{_VERSION} {POINTS} {WORDS} {WORD_BITS} opencv {cv2.__version__}"
    return xxhash.xxh3_128_digest(who.encode())
