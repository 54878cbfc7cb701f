"""The photos of a library as an index gives them: each is made when it is asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from dedupe.index.columns import HASH, Columns
from dedupe.index.rows import Same, degrees_of, moment_of, photo_of
from dedupe.photos.photo import Photo

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class IndexedPhotos(Sequence[Photo]):
    """Photos that are rows of columns, as good as a tuple of them, and never changed.

    To make 100,000 takes a second and 100 MB, and a search shows twenty: so one is made when it
    is asked for, and only once. What all are asked for, `contents` and the others below read
    from the columns.
    """

    def __init__(
        self,
        columns: Columns,
        rows: "npt.NDArray[np.int64]",
        links: Mapping[int, tuple[Path, ...]] | None = None,
        *,
        made: "tuple[dict[int, Photo], Same] | None" = None,
    ) -> None:
        """Nothing is made yet.

        Args:
            columns: of all photos of an index.
            rows: of these photos.
            links: by row the further names of a photo.
            made: those of the columns that were made already, and their texts.
        """
        self._columns = columns
        self._rows = rows
        self._links = links or {}
        self._made, self._same = made or ({}, {})

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Photo: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Photo]: ...
    def __getitem__(self, place: int | slice) -> Photo | Sequence[Photo]:
        if isinstance(place, slice):
            return self._at_rows(self._rows[place])
        row = int(self._rows[place])
        return self._made.get(row) or self._make(row)

    def __iter__(self) -> Iterator[Photo]:
        made = self._made
        return (made.get(row) or self._make(row) for row in self._rows.tolist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, (str, bytes)):
            return NotImplemented
        return len(self) == len(other) and all(map(Photo.__eq__, self, other))

    def __hash__(self) -> int:
        return hash(tuple(self))  # which it is equal to

    def __repr__(self) -> str:
        return f"<{len(self)} photos of an index>"

    def at(self, places: "npt.NDArray[np.int64]") -> "IndexedPhotos":
        """Some of them; what is made of one is made of the other."""
        return self._at_rows(self._rows[places])

    def with_names(
        self, places: "npt.NDArray[np.int64]", links: Mapping[int, tuple[Path, ...]]
    ) -> "IndexedPhotos":
        """Some of them, as yet without any that was made.

        Args:
            places: which.
            links: by place the further names of a photo.
        """
        rows = self._rows.tolist()
        named = {rows[place]: its for place, its in links.items()}
        return IndexedPhotos(self._columns, self._rows[places], named)

    def each(self, name: str) -> list[bytes]:
        """Of every photo one of the columns that are bytes or text."""
        return self._columns.each(name, self._rows)

    def hashes(self, name: str) -> "npt.NDArray[np.uint8]":
        """(N, 32) of every photo one of the columns that are hashes; zeros where it has none."""
        return self._columns.hashes(name, self._rows)

    @property
    def linked(self) -> list[int]:
        """The places of those that have further names, in order."""
        import numpy as np

        return np.flatnonzero(np.isin(self._rows, list(self._links))).tolist()

    def degrees(self) -> "npt.NDArray[np.float64]":
        """(N, 2) north and east; nan where the place is unknown."""
        columns = (self._columns.number(name)[self._rows] for name in ("latitude", "longitude"))
        return degrees_of(*columns)

    def moments(self) -> "npt.NDArray[np.int64]":
        """(N,) microseconds since 1970; `NEVER` where they are unknown."""
        return self._columns.number("moment")[self._rows]

    def _at_rows(self, rows: "npt.NDArray[np.int64]") -> "IndexedPhotos":
        return IndexedPhotos(self._columns, rows, self._links, made=(self._made, self._same))

    def _make(self, row: int) -> Photo:
        photo = photo_of(*self._columns.at(row), self._same, self._links.get(row, ()))
        self._made[row] = photo
        return photo


def photos_at(photos: Sequence[Photo], places: "npt.NDArray[np.int64]") -> Sequence[Photo]:
    """Some of some photos."""
    if isinstance(photos, IndexedPhotos):
        return photos.at(places)
    return tuple(photos[place] for place in places.tolist())


def contents(photos: Sequence[Photo]) -> list[bytes]:
    """`Photo.content` of each."""
    if isinstance(photos, IndexedPhotos):
        return photos.each("content")
    return [photo.content for photo in photos]


def content_hashes(photos: Sequence[Photo]) -> "npt.NDArray[np.uint8]":
    """(N, 32) `Photo.content` of each; zeros where it is of another length."""
    if isinstance(photos, IndexedPhotos):
        return photos.hashes("content")
    return _stacked(photo.content if len(photo.content) == HASH else b"" for photo in photos)


def pixel_hashes(photos: Sequence[Photo]) -> "npt.NDArray[np.uint8]":
    """(N, 32) `Photo.pixel_hash` of each; zeros where it has none."""
    if isinstance(photos, IndexedPhotos):
        return photos.hashes("pixel_hash")
    return _stacked(photo.pixel_hash for photo in photos)


def dct_hashes(photos: Sequence[Photo]) -> "npt.NDArray[np.uint8]":
    """(N, 32) `Photo.dct_hash` of each; zeros where it has none."""
    if isinstance(photos, IndexedPhotos):
        return photos.hashes("dct_hash")
    return _stacked(photo.dct_hash for photo in photos)


def _stacked(hashes: Iterable[bytes]) -> "npt.NDArray[np.uint8]":
    import numpy as np

    joined = b"".join([each.ljust(HASH, b"\0") for each in hashes])
    return np.frombuffer(joined, np.uint8).reshape(-1, HASH)


def moments(photos: Sequence[Photo]) -> "npt.NDArray[np.int64]":
    """(N,) when each was taken, in microseconds since 1970; `NEVER` where that is unknown."""
    import numpy as np

    if isinstance(photos, IndexedPhotos):
        return photos.moments()
    return np.array([moment_of(photo.taken) for photo in photos], np.int64)


def degrees(photos: Sequence[Photo]) -> "npt.NDArray[np.float64]":
    """(N, 2) `Photo.latitude` and `Photo.longitude` of each; nan where they are unknown."""
    import numpy as np

    if isinstance(photos, IndexedPhotos):
        return photos.degrees()
    known = [(photo.latitude, photo.longitude) for photo in photos]
    return np.array(known, np.float64).reshape(-1, 2)


def linked(photos: Sequence[Photo]) -> list[int]:
    """The places of those that have `Photo.hard_links`, in order."""
    if isinstance(photos, IndexedPhotos):
        return photos.linked
    return [place for place, photo in enumerate(photos) if photo.hard_links]
