"""An index filled batch by batch without a single photo, and all that can be read from it."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from dedupe.index.ignored import known_ignored
from dedupe.index.store import EncoderRow, Index
from dedupe.photos.photo import Photo, PhotoFile, Skip

ENCODERS = (("red", "red-0123456789abcdef", 96), ("blue", "blue-fedcba9876543210", 40))


def content(number: int) -> bytes:
    return hashlib.sha256(f"content {number}".encode()).digest()


def photo(number: int, path: str | None = None) -> Photo:
    file = PhotoFile(
        path=Path(path or f"/photos/{number:05}.jpg"),
        size=4_000_000 + number,
        mtime_ns=1_500_000_000_000_000_000 + number,
        device=66306,
        inode=(1 << 63) + number,
    )
    return Photo(
        file=file,
        content=content(number),
        width=4000,
        height=3000 + number,
        format="JPEG",
        taken=datetime(2019, 7, 14, 10, 15, 12, 730_000) if number % 3 else None,
        taken_from="original" if number % 3 else "",
        camera="Canon EOS 450D",
        software="" if number % 2 else "GIMP 2.10",
        gps=number % 4 == 0,
        latitude=None if number % 4 else -33.0 - number / 1000,
        longitude=None if number % 4 else 151.2093001,
        orientation=1 + number % 8,
        frames=1 + number % 2,
        jpeg_quality=92 if number % 5 else None,
        pixel_hash=hashlib.sha256(f"pixels {number}".encode()).digest(),
        reduced=8,
        dct_hash=hashlib.sha256(f"dct {number}".encode()).digest(),
    )


def vectors(photos: list[Photo], dim: int) -> np.ndarray:
    seeds = [int.from_bytes(each.content[:4], "little") for each in photos]
    return np.stack([np.random.default_rng(s).standard_normal(dim, np.float32) for s in seeds])


def thumbnail(number: int) -> bytes | None:
    return b"\xff\xd8" + content(number) * (20 + number) if number % 7 else None


def add(store: Index, encoder: EncoderRow, numbers: range) -> None:
    """One batch of a scan: new contents, a copy of one, and a file that is no photo."""
    photos = [photo(number) for number in numbers]
    with store.whole():
        store.use_encoder(encoder)
        made = vectors(photos, encoder.dim)
        store.remember_photos(encoder, photos, made, [thumbnail(number) for number in numbers])
        store.remember_files([*photos, photo(numbers[0], f"/photos/copy of {numbers[0]}.jpg")])
        store.remember_skip(Skip(Path(f"/photos/{numbers[0]}.mp4"), "is a video", False))
        store.remember_roots([Path("/photos"), Path(f"/photos/{numbers[0]}")])
        contents = sorted(content(number) for number in (numbers[0], numbers[-1], 99))
        store.put_ignored([(b"".join(contents[:2]), 1), (b"".join(contents), 0)])


def fill(index: Path, photos: int, batch: int = 8) -> Iterator[Index]:
    """Fill an index, one batch of one encoder at a time; closed at the end."""
    with Index(index, create=True, lock=True) as store:
        rows = [store.encoder(*each) for each in ENCODERS]
        for first in range(0, photos, batch):
            for row in rows:
                add(store, row, range(first, min(first + batch, photos)))
                yield store


def everything(index: Path) -> dict[str, object]:
    """All that a scan or a library could ask, to be compared."""
    found: dict[str, object] = {}
    with Index(index) as store:
        for name, *_ in ENCODERS:
            row = store.last_encoder(name)
            photos, made, *_ = store.photos(row, [])
            found[name] = (row, photos, made.shape, made.tobytes())
            found[f"contents of {name}"] = store.known_contents(row)
            files, without = store.files(row, [])
            found[f"files of {name}"] = {path: store.checked(row) for path, row in files.items()}
            found[f"without {name}"] = without
        found["last"] = store.last_encoder()
        found["roots"] = store.roots()
        found["skips"] = store.skips([]), store.known_skips([])
        found["paths"] = store.files_under([]), store.skips_under([])
        found["ignored"] = known_ignored(store)
        contents = [content(number) for number in range(100)]
        found["thumbnails"] = store.thumbnails(contents)
    return found


def copy_of(index: Path, folder: Path) -> Path:
    """The index with all that lies beside it, as it is at this moment."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for path in index.parent.iterdir():
        if path.name.startswith(index.name) and not path.name.endswith(".lock"):
            (folder / path.name).write_bytes(path.read_bytes())
    return folder / index.name
