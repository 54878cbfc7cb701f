"""The main path: find photos, read them, encode them in batches, remember them."""

import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.encoders.identity import known_fingerprint
from dedupe.encoders.registry import DEFAULT_ENCODER, find_encoder
from dedupe.errors import IndexDamaged, Interrupted, RootMissing
from dedupe.index.aside import last_aside
from dedupe.index.changes import Changes, find_changes, unlisted
from dedupe.index.ignored import remember_ignored, salvaged
from dedupe.index.library import Library, open_library
from dedupe.index.place import default_index
from dedupe.index.store import EncoderRow, Index, set_aside
from dedupe.photos.discover import resolve_roots
from dedupe.photos.photo import Skip
from dedupe.photos.walk import Entry
from dedupe.progress import Progress, Silent

if TYPE_CHECKING:
    from dedupe.encoders.encode import LoadedEncoder
    from dedupe.encoders.encoder import Encoder
    from dedupe.index.pipeline import Batch
    from dedupe.photos.decode import Reading

# Photos written in one go: what a kill costs at most, besides what was read ahead.
BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """What a scan found and did.

    Attributes:
        roots: the folders that were scanned.
        index: where it was remembered.
        encoder: the name of the encoder.
        photos: readable photos at or below the roots, by number of files.
        encoded: of these, decoded and encoded in this scan.
        recognised: of these, new or moved, but of a content that was known.
        forgotten: photo files that were remembered and are gone.
        skips: all that was passed over, sorted by path.
        set_aside: where a damaged index was moved, so that this one could be made anew.
        decisions: what `dedupe ignore` was told that was carried over from there.
    """

    roots: tuple[Path, ...]
    index: Path
    encoder: str
    photos: int
    encoded: int
    recognised: int
    forgotten: int
    skips: tuple[Skip, ...]
    set_aside: Path | None = None
    decisions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What a scan was asked for, the same for a first and a second try."""

    roots: tuple[Path, ...]
    index: Path
    entry: "Encoder"
    weights: Path | None
    device: str
    workers: int | None
    exclude: Sequence[str]
    thumbnails: bool
    progress: Progress

    def load(self) -> "LoadedEncoder":
        from dedupe.cores import cores
        from dedupe.encoders.encode import load_encoder

        self.progress.start("Loading the encoder", 0)
        # encoding takes a fifth of the time, and every core has a decoder already
        return load_encoder(
            self.entry.name,
            weights=self.weights,
            device=self.device,
            threads=max(1, cores() // 4),
        )


def update_index(
    paths: Iterable[Path | str] | Path | str,
    *,
    index: Path | None = None,
    encoder: str = DEFAULT_ENCODER,
    weights: Path | None = None,
    device: str = "auto",
    workers: int | None = None,
    exclude: Sequence[str] = (),
    thumbnails: bool = True,
    progress: Progress | None = None,
) -> ScanReport:
    """Bring the index up to date with what lies under `paths`.

    Only what is new or changed (size or mtime) is read; a content that is known is not
    encoded again. What is gone is forgotten, never because a folder is missing, empty or
    unreadable. Photos are only ever read, in processes of their own, so that a file that
    crashes or hangs its decoder costs itself and no other. A kill at any moment costs at most
    BATCH photos. A damaged index is set aside and made anew.

    Memory: 470 bytes for each file, and 33 MB of photos that were read ahead; each worker
    has 40 MB and may take 1.45 GB for a very large photo.

    Args:
        paths: folders, or single photos.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.
        encoder: a key of ENCODERS.
        weights: the user's own weights file instead of the published one.
        device: "auto", "cpu", "cuda" or "mps".
        workers: processes that read and decode; as many as cores if None; 0 for threads of
            this process.
        exclude: gitignore patterns, relative to each of `paths`, of what is not looked at.
        thumbnails: whether a small JPEG of each new photo is kept in the index.
        progress: told how far it is.

    Returns:
        What was found, done and passed over.

    Raises:
        RootMissing: a folder is missing, went away meanwhile, or is empty although photos of
            it are remembered.
        IndexProblem: the index cannot be used, or another scan is using it.
        Interrupted: Ctrl-C or SIGTERM; finished batches are kept.
        UsageError: a pattern of `exclude` is none.
        DedupeError: the encoder cannot be loaded.
    """
    request = _Request(
        roots=resolve_roots(paths, exclude),
        index=index or default_index(),
        entry=find_encoder(encoder),
        weights=weights,
        device=device,
        workers=workers,
        exclude=exclude,
        thumbnails=thumbnails,
        progress=progress or Silent(),
    )
    try:
        return _update(request)
    except IndexDamaged:
        return _update(request, set_aside(request.index))


def scan(
    *paths: Path | str,
    index: Path | None = None,
    encoder: str = DEFAULT_ENCODER,
    weights: Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Library:
    """Bring the index up to date with `paths` and read what it knows of them.

    Args and errors are those of `update_index`, which also tells what it did.

    Returns:
        The photos at or below `paths` with their vectors; `library.skips` says what was
        passed over.
    """
    update_index(
        paths, index=index, encoder=encoder, weights=weights, device=device, progress=progress
    )
    return open_library(paths, index=index, encoder=encoder)


def _update(request: _Request, moved_to: Path | None = None) -> ScanReport:
    entry, progress = request.entry, request.progress
    # also where the scan that set one aside was killed before it had made a new one
    before = None if request.index.exists() else last_aside(request.index)
    with Index(request.index, create=True, lock=True) as store:
        decisions = remember_ignored(store, salvaged(before)) if before else 0
        loaded: LoadedEncoder | None = None
        fingerprint = known_fingerprint(entry, request.weights)
        if fingerprint is None:  # not here: fetched now, or refused before any walking
            loaded = request.load()
            fingerprint = loaded.fingerprint
        row = store.encoder(entry.name, fingerprint, entry.dim)
        progress.start("Looking through folders", 0)
        changes = find_changes(store, row, request.roots, request.exclude, progress)
        done = _Done()
        try:
            if changes.todo:
                _read_and_encode(request, store, row, loaded, changes.todo, done)
            forgotten = _forget(request, store, row, changes, done)
        except KeyboardInterrupt as stop:
            raise _interrupted(stop, done.photos, len(changes.todo)) from None
    skips = changes.passed_over + changes.unreadable + done.skips
    return ScanReport(
        roots=request.roots,
        index=request.index,
        encoder=entry.name,
        photos=changes.unchanged + done.photos,
        encoded=done.encoded,
        recognised=done.recognised,
        forgotten=forgotten,
        skips=tuple(sorted(skips, key=lambda skip: os.fsencode(skip.path))),
        set_aside=moved_to,
        decisions=decisions,
    )


class _Done:
    """What is in the index by now."""

    def __init__(self) -> None:
        self.encoded = 0
        self.recognised = 0
        self.skips: list[Skip] = []

    @property
    def photos(self) -> int:
        return self.encoded + self.recognised

    def add(self, batch: "Batch") -> None:
        self.encoded += len(batch.photos)
        self.recognised += len(batch.copies)
        self.skips.extend(batch.skips)


def _read_and_encode(
    request: _Request,
    store: Index,
    row: EncoderRow,
    loaded: "LoadedEncoder | None",
    todo: Sequence[Entry],
    done: _Done,
) -> None:
    """Read, encode and store what is to do, batch by batch, in its order."""
    # here: a scan that finds nothing new is over before these are imported
    from dedupe.cores import cores
    from dedupe.index.pipeline import Batch, encode_readings
    from dedupe.photos.decode import Wants
    from dedupe.photos.workers import Readers

    progress = request.progress
    begun = 0  # photos that went through before the encoder was loaded

    def load() -> "LoadedEncoder":
        ready = loaded or request.load()
        progress.start("Encoding photos", len(todo))
        progress.advance(begun)
        return ready

    unread: dict[Path, Entry] = {}

    def noting(readings: Iterable["Reading | Skip"]) -> Iterator["Reading | Skip"]:
        for entry, reading in zip(todo, readings, strict=True):
            if isinstance(reading, Skip):
                unread[reading.path] = entry
            yield reading

    workers = request.workers
    if workers is None:  # a few photos are read before a second process has started
        workers = min(cores(), 1 + len(todo) // 4)
    known = store.known_contents(row)
    drives = {root: root.stat().st_dev for root in request.roots}
    with store.batch():
        store.remember_roots(request.roots)
    progress.start("Reading photos", len(todo))
    wants = Wants.of(request.entry)
    collected = Batch()
    with Readers(wants, workers=workers, thumbnails=request.thumbnails) as readers:
        readings = readers.read((each.file() for each in todo), known)
        try:
            for batch in encode_readings(noting(readings), load, known, readers.spare_cores):
                progress.advance(len(batch))
                begun += len(batch)
                collected.extend(batch)
                pulled = _pulled(drives) if any(skip.passing for skip in batch.skips) else None
                if len(collected) >= BATCH or pulled:
                    _store(store, row, collected, unread)
                    done.add(collected)
                    collected = Batch()
                    unread.clear()
                if pulled:
                    raise _went_away(pulled, done.photos, len(todo))
        except KeyboardInterrupt:
            _store(store, row, collected, unread)
            done.add(collected)
            raise
    _store(store, row, collected, unread)
    done.add(collected)


def _store(store: Index, row: EncoderRow, batch: "Batch", unread: dict[Path, Entry]) -> None:
    """Write a batch in one transaction."""
    if not len(batch):
        return
    import numpy as np

    with store.batch():
        store.use_encoder(row)
        if batch.photos:
            store.remember_photos(row, batch.photos, np.stack(batch.vectors), batch.thumbnails)
        store.remember_files([*batch.photos, *batch.copies])
        for skip in batch.skips:
            store.remember_skip(skip, unread[skip.path])


def _pulled(drives: dict[Path, int]) -> Path | None:
    """A root that is not what it was when the scan began: an unplugged drive, a lost share."""
    for root, device in drives.items():
        try:
            if root.stat().st_dev != device:
                return root
            if root.is_dir():
                with os.scandir(root):  # an unplugged drive may still know its own number
                    pass
        except OSError:
            return root
    return None


def _went_away(root: Path, done: int, todo: int) -> RootMissing:
    return RootMissing(
        f"{root} went away while it was scanned: {done} of {todo} new photos are remembered",
        "connect it again and run the same command: it goes on from there",
    )


def _forget(request: _Request, store: Index, row: EncoderRow, changes: Changes, done: _Done) -> int:
    """Drop what is gone, and remember what was passed over."""
    skips = changes.passed_over + changes.unreadable + done.skips
    outdated = store.skips_under(request.roots) - {os.fsencode(skip.path) for skip in skips}
    if unknown := unlisted(store, changes, request.roots):
        outdated -= store.skips_under(unknown)
    with store.batch():
        store.use_encoder(row)
        store.forget(changes.gone, outdated)
        store.renumber(changes.renumbered)
        for skip in changes.passed_over:
            store.remember_skip(skip)
        store.remember_roots(request.roots)
        if changes.gone or changes.todo:
            store.drop_unused()
    return len(changes.gone)


def _interrupted(stop: KeyboardInterrupt, done: int, todo: int) -> Interrupted:
    by_system = signal.SIGTERM in stop.args
    return Interrupted(
        f"stopped: {done} of {todo} new photos were encoded and are remembered",
        "run the same command again to go on from here",
        exit_code=143 if by_system else 130,
    )
