"""The main path: find photos, read them, encode them in batches, remember them."""

import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encode import LoadedEncoder, load_encoder
from dedupe.encoders.identity import known_fingerprint
from dedupe.encoders.registry import DEFAULT_ENCODER, find_encoder
from dedupe.errors import Interrupted, RootMissing
from dedupe.index.library import Library, open_library
from dedupe.index.place import default_index
from dedupe.index.store import EncoderRow, Index, is_under
from dedupe.photos.decode import Reading, quiet_pillow, read_photo
from dedupe.photos.discover import discover, each_absolute, resolve_roots
from dedupe.photos.photo import PhotoFile, Skip
from dedupe.progress import Progress, Silent

# Photos encoded and written in one go: what a kill costs at most. Four forwards of 16.
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
    """

    roots: tuple[Path, ...]
    index: Path
    encoder: str
    photos: int
    encoded: int
    recognised: int
    forgotten: int
    skips: tuple[Skip, ...]


@dataclass(slots=True)
class _Walk:
    """What lies below the roots, against what is remembered of it.

    `passed_over` was never opened (links, folders); `skips` are files that could not be
    read, now or in an earlier scan. `seen` holds every path. `renumbered` are unchanged but
    for their device or inode: a drive that was mounted again, a copy that was put back.
    """

    todo: list[PhotoFile] = field(default_factory=list)
    unchanged: int = 0
    renumbered: list[PhotoFile] = field(default_factory=list)
    passed_over: list[Skip] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)


def update_index(
    paths: Iterable[Path | str] | Path | str,
    *,
    index: Path | None = None,
    encoder: str = DEFAULT_ENCODER,
    weights: Path | None = None,
    device: str = "auto",
    workers: int | None = None,
    progress: Progress | None = None,
) -> ScanReport:
    """Bring the index up to date with what lies under `paths`.

    Only what is new or changed (size or mtime) is read; a content that is known is not
    encoded again. What is gone is forgotten, never because a folder is missing, empty or
    unreadable. Photos are only ever read. A kill at any moment costs at most BATCH photos.

    Args:
        paths: folders, or single photos.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.
        encoder: a key of ENCODERS.
        weights: the user's own weights file instead of the published one.
        device: "auto", "cpu", "cuda" or "mps".
        workers: threads that read and decode; the number of cores if None.
        progress: told how far it is.

    Returns:
        What was found, done and passed over.

    Raises:
        RootMissing: a folder is missing, or empty although photos of it are remembered.
        IndexProblem: the index cannot be used, or another scan is using it.
        Interrupted: Ctrl-C or SIGTERM; finished batches are kept.
        DedupeError: the encoder cannot be loaded.
    """
    index = index or default_index()
    progress = progress or Silent()
    entry = find_encoder(encoder)
    roots = resolve_roots(paths)
    with Index(index, create=True, lock=True) as store:
        loaded: LoadedEncoder | None = None
        fingerprint = known_fingerprint(entry, weights)
        if fingerprint is None:  # not here: fetched now, or refused before any walking
            loaded = load_encoder(encoder, weights=weights, device=device)
            fingerprint = loaded.fingerprint
        row = store.encoder(encoder, fingerprint, entry.dim)
        progress.start("Looking through folders", 0)
        walk = _walk(store, row, roots, progress)
        if walk.todo and loaded is None:
            progress.start("Loading the encoder", 0)
            loaded = load_encoder(encoder, weights=weights, device=device)
        encoded = recognised = 0
        progress.start("Encoding photos", len(walk.todo))
        batches = _batches(store, row, loaded, walk, workers or os.cpu_count() or 1)
        try:
            # closing: after Ctrl-C no thread goes on decoding
            with quiet_pillow(), closing(batches):
                for done in batches:
                    encoded += done.encoded
                    recognised += done.recognised
                    walk.skips.extend(done.skips)
                    progress.advance(done.total)
            forgotten = _forget(store, row, roots, walk)
        except KeyboardInterrupt as stop:
            raise _interrupted(stop, encoded + recognised, len(walk.todo)) from None
    read = encoded + recognised
    return ScanReport(
        roots=roots,
        index=index,
        encoder=encoder,
        photos=walk.unchanged + read,
        encoded=encoded,
        recognised=recognised,
        forgotten=forgotten,
        skips=tuple(sorted(walk.passed_over + walk.skips, key=lambda skip: os.fsencode(skip.path))),
    )


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


def _walk(store: Index, row: EncoderRow, roots: Sequence[Path], progress: Progress) -> _Walk:
    """Sort what is found into what is known and what has to be read."""
    known = store.known_files(row, roots)
    known_skips = store.known_skips(roots)
    walk = _Walk()
    for found in discover(roots):
        path = os.fsencode(found.path)
        walk.seen.add(path)
        if isinstance(found, Skip):
            walk.passed_over.append(found)
            continue
        progress.advance()
        is_now = (found.size, found.mtime_ns)
        if path in known and known[path][:2] == is_now:
            walk.unchanged += 1
            if known[path][2:] != (found.device, found.inode):
                walk.renumbered.append(found)
        elif path in known_skips and known_skips[path][:2] == is_now:
            walk.skips.append(known_skips[path][2])
        else:
            walk.todo.append(found)
    _refuse_empty_roots(store, roots, walk)
    return walk


def _refuse_empty_roots(store: Index, roots: Sequence[Path], walk: _Walk) -> None:
    """A root without any file in it is a drive that is not there: no reason to forget."""
    gone = _gone(store, roots, walk)
    # a drive that was formatted anew has a folder lost+found, which is passed over
    files = walk.seen - {os.fsencode(skip.path) for skip in walk.passed_over} if gone else set()
    for root in roots:
        lost = sum(is_under(path, [root]) for path in gone)
        if lost and not any(is_under(path, [root]) for path in files):
            raise RootMissing(
                f"{root} is empty, but {lost} of its files are remembered",
                "is the drive connected? nothing was forgotten; if it is meant to be empty: "
                f"dedupe forget {root}",
            )


def _gone(store: Index, roots: Sequence[Path], walk: _Walk) -> set[bytes]:
    """The photo files below the roots that are no longer there."""
    gone = store.files_under(roots) - walk.seen
    unlisted = _unlisted(store, walk)
    return {path for path in gone if not (unlisted and is_under(path, unlisted))}


def _unlisted(store: Index, walk: _Walk) -> list[Path]:
    """Folders below the roots of which this walk knows nothing."""
    passed_over = {skip.path for skip in walk.passed_over}
    failed = [skip.path for skip in walk.passed_over if skip.passing]
    # a hidden folder below these roots that was once scanned for itself
    hidden = [r for r in store.roots() if passed_over.intersection((r, *r.parents))]
    return failed + hidden


@dataclass(frozen=True, slots=True)
class _Done:
    encoded: int
    recognised: int
    skips: list[Skip]

    @property
    def total(self) -> int:
        return self.encoded + self.recognised + len(self.skips)


def _batches(
    store: Index, row: EncoderRow, loaded: LoadedEncoder | None, walk: _Walk, workers: int
) -> Generator[_Done]:
    """Read, encode and store `walk.todo` batch by batch, in its order."""
    if loaded is None:
        return
    known = store.known_contents(row)
    files: dict[Path, PhotoFile] = {file.path: file for file in walk.todo}
    batch: list[Reading | Skip] = []
    with closing(_readings(walk.todo, loaded, known, workers)) as readings:
        for reading in readings:
            batch.append(reading)
            if len(batch) == BATCH:
                yield _store(store, row, loaded, known, batch, files)
                batch = []
    if batch:
        yield _store(store, row, loaded, known, batch, files)


def _readings(
    todo: Sequence[PhotoFile], loaded: LoadedEncoder, known: set[bytes], workers: int
) -> Generator[Reading | Skip]:
    """Decode ahead in threads (Pillow lets go of the GIL), at most 2 batches of pixels.

    150 kB a photo at 224 x 224, so 19 MB; in the order of `todo`.
    """
    ahead: deque[Future[Reading | Skip]] = deque()
    upcoming = iter(todo)
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        try:
            for file in upcoming:
                ahead.append(pool.submit(read_photo, file, loaded.encoder, known))
                if len(ahead) >= 2 * BATCH:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _store(
    store: Index,
    row: EncoderRow,
    loaded: LoadedEncoder,
    known: set[bytes],
    batch: Sequence[Reading | Skip],
    files: dict[Path, PhotoFile],
) -> _Done:
    """Encode what needs it and write the batch in one transaction."""
    fresh: dict[bytes, Reading] = {}
    for reading in batch:
        if isinstance(reading, Reading) and reading.photo.content not in known:
            fresh.setdefault(reading.photo.content, reading)
    pixels = [one.pixels for one in fresh.values() if one.pixels is not None]
    vectors: Iterable[npt.NDArray[np.float32]] = ()
    if pixels:
        vectors = loaded.encode(np.stack(pixels))
    skips = [each for each in batch if isinstance(each, Skip)]
    with store.batch():
        store.use_encoder(row)
        for reading, vector in zip(fresh.values(), vectors, strict=True):
            store.remember_photo(reading.photo, row, vector)
        for each in batch:
            if isinstance(each, Skip):
                store.remember_skip(each, files[each.path])
            else:
                store.remember_file(each.photo)
    known.update(fresh)
    return _Done(len(fresh), len(batch) - len(fresh) - len(skips), skips)


def _forget(store: Index, row: EncoderRow, roots: Sequence[Path], walk: _Walk) -> int:
    """Drop what is gone, and remember what was passed over."""
    gone = _gone(store, roots, walk)
    skipped = {os.fsencode(skip.path) for skip in walk.passed_over + walk.skips}
    outdated = store.skips_under(roots) - skipped
    if unlisted := _unlisted(store, walk):
        outdated -= store.skips_under(unlisted)
    with store.batch():
        store.use_encoder(row)
        store.forget(gone, outdated)
        store.renumber(walk.renumbered)
        for skip in walk.passed_over:
            store.remember_skip(skip)
        store.remember_roots(roots)
        if gone or walk.todo:
            store.drop_unused()
    return len(gone)


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
        store.drop_unused()
    return len(gone)


def _interrupted(stop: KeyboardInterrupt, done: int, todo: int) -> Interrupted:
    by_system = signal.SIGTERM in stop.args
    return Interrupted(
        f"stopped: {done} of {todo} new photos were encoded and are remembered",
        "run the same command again to go on from here",
        exit_code=143 if by_system else 130,
    )
