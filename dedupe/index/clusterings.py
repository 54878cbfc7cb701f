"""The cluster file of an encoder: who was clustered with whom, remembered; only a cache."""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

from dedupe.index.beside import beside, read_sealed, write_sealed, written_alone

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# Clusterings that are remembered: a threshold changes who is in no set, so that each has its own.
MOST = 4

_MAGIC = b"dedupeC1"
_HEAD = struct.Struct("<16sQ")  # of what it is, photos


class ClusterFile:
    """index.db.<fingerprint>.clusters: the last few clusterings, 4 bytes a photo each.

    Written whole, sealed, read whole. What is not as it was written is not there: losing it
    costs time, never an answer. Its writers take a lock of their own.
    """

    def __init__(self, index: Path, fingerprint: str) -> None:
        self.path = beside(index, fingerprint, "clusters")
        self._lock = index.with_name(f"{index.name}.clusters")

    def read(self, key: bytes) -> "npt.NDArray[np.int32] | None":
        """The cluster of each photo, as `write` was given it; None where it is not remembered."""
        return self._all().get(key)

    def write(self, key: bytes, labels: "npt.NDArray[np.int32]") -> None:
        """Remember one more clustering; the oldest one is forgotten.

        Args:
            key: 16 bytes of all that it rests on (`clustering_key`).
            labels: (N,) int32, the cluster of each photo; -1 for one that is in none.

        Raises:
            IndexProblem: another process is writing, or it cannot be written.
        """
        with written_alone(self.path, self._lock):
            found = {key: labels} | self._all() | {key: labels}  # the newest comes first
            data = _MAGIC + b"".join(
                _HEAD.pack(each, len(found[each])) + found[each].astype("<i4").tobytes()
                for each in list(found)[:MOST]
            )
            write_sealed(self.path, data)

    def _all(self) -> "dict[bytes, npt.NDArray[np.int32]]":
        """All that is remembered, by key, the newest first."""
        import numpy as np

        body = read_sealed(self.path)
        if body[: len(_MAGIC)] != _MAGIC:
            return {}
        found = {}
        at = len(_MAGIC)
        while at < len(body):
            key, count = _HEAD.unpack_from(body, at)
            found[key] = np.frombuffer(body, "<i4", count, at + _HEAD.size)
            at += _HEAD.size + 4 * count
        return found


def clustering_key(parts: Iterable[bytes]) -> bytes:
    """What a clustering is known by: 16 bytes of all that it rests on, in order."""
    hasher = xxhash.xxh3_128()
    for part in parts:
        hasher.update(part)
    return hasher.digest()
