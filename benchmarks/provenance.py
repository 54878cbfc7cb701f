"""Whether the original of each photo is kept, and not a copy that is larger, newer or nicer.

    python benchmarks/provenance.py --photos FOLDER [--photos FOLDER] --count 200
    python benchmarks/provenance.py --photos FOLDER --half second     half of the photos

Of each photo five copies are made: a PNG, one enlarged by Lanczos (1.5 to 2 times), one saved
again at a higher quality (steps at least 1.4 times finer), one without metadata (not decoded: its
segments are left out), and one as messengers make it (shrunk, quality 70 to 80). The original
keeps its own pixels; it
gets the EXIF block of a camera, with its size in pixels as cameras write it, every other one with
a place, and each fourth gets none: there only pixels can tell. Of what has EXIF, every other PNG,
enlarged and re-saved copy keeps all of it; half of these enlarged copies are by a program that
copies the block as it is, the others by one that writes their own size into it (--updated all:
all of them, so that only pixels can tell). Every other messenger's copy has a messenger's name.
All other names, folders, and all times of files are drawn by chance.

Then `dedupe scan` and `dedupe group --relation same-picture` are run. Counted is whose photo is
kept: the original's (or one of the same bytes: what has no metadata cannot lose any), or which
copy's, with the reason that is shown. The same with the chain of rules that knows nothing of
originals, and what looking at pixels adds to the time.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from blake3 import blake3
from PIL import ExifTags, Image
from rich.console import Console
from rich.table import Table

from dedupe.organize.keep.ranking import DEFAULT_KEEP
from dedupe.photos.jpeg_quality import estimate_quality
from dedupe.photos.quiet import quiet_pillow

COPIES = ("png", "enlarged", "re-saved", "stripped", "messenger")
WITHOUT = tuple(rule for rule in DEFAULT_KEEP if rule != "original")
_FINE = Image.Resampling.LANCZOS
_QUALITIES = (80, 85, 90, 92, 95, 98, 100)  # what programs save at
_CAMERAS = (("Canon", "Canon EOS 450D"), ("Apple", "iPhone 12"), ("SONY", "DSC-W830"))


@dataclass(frozen=True)
class Made:
    """One file: which photo it shows, and how it was made."""

    photo: int
    kind: str
    exif: bool


def main() -> None:
    options = _options()
    sources = _sources(options.photos, options.half)
    draw = Random(options.seed)
    draw.shuffle(sources)
    sources = sources[: options.count]
    with TemporaryDirectory() as temporary:
        place = Path(temporary)
        files = make(sources, place / "photos", draw, options.updated == "all")
        index = place / "index.db"
        _dedupe("scan", str(place / "photos"), "--index", str(index))
        _groups(index, DEFAULT_KEEP)  # pairs are verified and remembered: later runs cost the same
        results = {}
        for name, rules in (("default", DEFAULT_KEEP), ("without original", WITHOUT)):
            document, seconds = _groups(index, rules)
            results[name] = counted(document, files)
            results[name]["cpu_seconds"] = round(seconds, 2)
        found = {"photos": len(sources), "files": len(files), "results": results}
        show(found)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1) + "\n")


def make(
    sources: Sequence[Path], folder: Path, draw: Random, all_updated: bool = False
) -> dict[str, Made]:
    """Write each photo and its copies; what each path is."""
    files: dict[str, Made] = {}
    with quiet_pillow():
        for number, source in enumerate(sources):
            with Image.open(source) as opened:
                size = opened.size
            exif = None if number % 4 == 3 else _exif(draw, size, gps=number % 2 == 0)
            updates = all_updated or number // 4 % 2 == 1
            name = f"IMG-{draw.randint(20180101, 20231231)}-WA{draw.randint(0, 9999):04}"
            for kind, suffix, data in _files(source, exif, draw, updates):
                stem = name if kind == "messenger" and number % 2 else _stem(draw)
                path = folder / draw.choice("abcdef") / f"{stem}{suffix}"
                while path.exists():
                    path = path.with_stem(_stem(draw))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                then = draw.randint(1_400_000_000, 1_700_000_000)
                os.utime(path, (then, then))
                files[os.fspath(path)] = Made(number, kind, exif is not None)
    return files


def _files(
    source: Path, exif: bytes | None, draw: Random, updates: bool
) -> Iterator[tuple[str, str, bytes]]:
    """The original and its five copies: kind, suffix, bytes."""
    data = without_metadata(source.read_bytes())
    original = with_exif(data, exif) if exif else data
    yield "original", ".jpg", original
    yield "stripped", ".jpg", data
    with Image.open(BytesIO(data)) as opened:
        quality = estimate_quality(opened.quantization) or 90  # type: ignore[attr-defined]
        picture = opened.convert("RGB")
    kept = [exif if exif and draw.random() < 0.5 else None for _ in range(3)]
    yield "png", ".png", _saved(picture, "PNG", kept[0])
    scale = draw.uniform(1.5, 2)
    large = picture.resize((round(picture.width * scale), round(picture.height * scale)), _FINE)
    said = _with_size(kept[1], large.size) if kept[1] and updates else kept[1]
    yield "enlarged", ".jpg", _saved(large, "JPEG", said, quality=draw.randint(85, 95))
    # steps that are hardly finer leave no trace, and lose nothing that there was
    finer = [each for each in _QUALITIES if (100 - each) * 1.4 <= 100 - quality] or [100]
    how = {"quality": draw.choice(finer), "subsampling": draw.choice((0, 2))}
    again = _saved(picture, "JPEG", kept[2], **how)
    yield "re-saved", ".jpg", again
    scale = min(draw.uniform(0.5, 0.8), 1600 / max(picture.size))
    small = picture.resize((round(picture.width * scale), round(picture.height * scale)), _FINE)
    yield "messenger", ".jpg", _saved(small, "JPEG", None, quality=draw.randint(70, 80))


def _saved(picture: Image.Image, form: str, exif: bytes | None, **how: int) -> bytes:
    out = BytesIO()
    picture.save(out, form, **({"exif": exif} if exif else {}), **how)
    return out.getvalue()


def without_metadata(data: bytes) -> bytes:
    """A JPEG without its EXIF, XMP, IPTC and comments; no pixel of it is touched."""
    kept, at = [data[:2]], 2
    while data[at + 1] != 0xDA:  # start of scan: pixels follow to the end
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        # JFIF, colour profile and Adobe's word on the colours belong to the picture
        if data[at + 1] not in (0xE1, 0xED, 0xFE):
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])


def with_exif(data: bytes, exif: bytes) -> bytes:
    """A JPEG with an EXIF block behind its first marker."""
    return data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:]


def _exif(draw: Random, size: tuple[int, int], *, gps: bool) -> bytes:
    exif = Image.Exif()
    maker, model = draw.choice(_CAMERAS)
    when = f"{draw.randint(2005, 2023)}:{draw.randint(1, 12):02}:{draw.randint(1, 28):02} "
    when += f"{draw.randint(0, 23):02}:{draw.randint(0, 59):02}:{draw.randint(0, 59):02}"
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = maker, model
    exif[ExifTags.Base.Software] = "Ver.1.00"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = when
    _say_size(exif, size)
    if gps:
        where = exif.get_ifd(ExifTags.IFD.GPSInfo)
        where[ExifTags.GPS.GPSLatitudeRef], where[ExifTags.GPS.GPSLongitudeRef] = "N", "E"
        where[ExifTags.GPS.GPSLatitude] = (47.0, float(draw.randint(0, 59)), 12.5)
        where[ExifTags.GPS.GPSLongitude] = (8.0, float(draw.randint(0, 59)), 30.25)
    return exif.tobytes()


def _with_size(block: bytes, size: tuple[int, int]) -> bytes:
    """An EXIF block that says another size."""
    exif = Image.Exif()
    exif.load(block)
    _say_size(exif, size)
    return exif.tobytes()


def _say_size(exif: Image.Exif, size: tuple[int, int]) -> None:
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ExifImageWidth], details[ExifTags.Base.ExifImageHeight] = size


def _stem(draw: Random) -> str:
    return (
        draw.choice(("IMG_", "DSC", "P", "photo ", "export-", "")) + f"{draw.randint(1, 99999):05}"
    )


def counted(document: dict[str, Any], files: dict[str, Made]) -> dict[str, Any]:
    """Whose photo is kept in each set, and which originals are in none."""
    content = {path: blake3(Path(path).read_bytes()).digest() for path in files}
    originals = {made.photo: path for path, made in files.items() if made.kind == "original"}
    kept: Counter[str] = Counter()
    kinds: dict[str, list[int]] = {"with EXIF": [0, 0], "without": [0, 0]}
    reasons, apart, seen = [], 0, set()
    right_reasons: Counter[str] = Counter()
    for each in document["sets"]:
        members = [(photo, files[photo["path"]]) for photo in each["photos"]]
        photos = {made.photo for _, made in members}
        for number in photos:
            if not any(made.kind == "original" for _, made in members if made.photo == number):
                apart += 1
                continue
            seen.add(number)
            best, made = members[0]
            right = made.photo == number and content[best["path"]] == content[originals[number]]
            kept["original" if right else made.kind if len(photos) == 1 else "mixed set"] += 1
            tally = kinds["with EXIF" if made.exif else "without"]
            tally[0] += right
            tally[1] += 1
            if right:
                right_reasons[best["reason"]] += 1
            else:
                against = next(photo["reason"] for photo, it in members if it.kind == "original")
                reasons.append((made.kind, made.exif, against, Path(best["path"]).name))
    return {
        "kept": dict(kept),
        "by EXIF": kinds,
        "sets without their original": apart,
        "originals in no set": len(originals) - len(seen),
        "wrong": reasons,
        "reasons": right_reasons.most_common(12),
    }


def show(found: dict[str, Any]) -> None:
    console = Console(width=120)
    table = Table("kept", *found["results"])
    kinds = ("original", *COPIES, "mixed set")
    for kind in kinds:
        table.add_row(kind, *(str(each["kept"].get(kind, 0)) for each in found["results"].values()))
    for name in ("sets without their original", "originals in no set", "cpu_seconds"):
        table.add_row(name, *(str(each[name]) for each in found["results"].values()))
    console.print(f"{found['photos']} photos, {found['files']} files")
    console.print(table)
    for name, each in found["results"].items():
        for kind, (right, of) in each["by EXIF"].items():
            console.print(f"{name}, originals {kind}: {right} of {of} kept")
    first = found["results"]["default"]
    for wrong in first["wrong"]:
        console.print("wrong:", *map(str, wrong), markup=False)
    for reason, count in first["reasons"]:
        console.print(f"{count:4} kept: {reason}", markup=False)


def _groups(index: Path, rules: Sequence[str]) -> tuple[dict[str, Any], float]:
    before = _cpu()
    said = _dedupe(
        *("group", "--index", str(index), "--relation", "same-picture", "--no-clusters"),
        *("--format", "json", "--keep", ",".join(rules)),
    )
    return json.loads(said), _cpu() - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _dedupe(*arguments: str) -> str:
    began = time.monotonic()
    command = [sys.executable, "-m", "dedupe", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
    print(f"dedupe {arguments[0]}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return done.stdout


def _sources(folders: Sequence[Path], half: str) -> list[Path]:
    """JPEGs below the folders, one of each content; every other one for a half."""
    found: dict[bytes, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".jpg", ".jpeg") and path.is_file():
                data = path.read_bytes()
                if data[:3] == b"\xff\xd8\xff" and _is_plain(data):
                    found.setdefault(data, path)
    paths = sorted(found.values())
    return {"all": paths, "first": paths[::2], "second": paths[1::2]}[half]


def _is_plain(data: bytes) -> bool:
    """A JPEG in colour, upright: what a camera writes."""
    with quiet_pillow(), Image.open(BytesIO(data)) as image:
        upright = image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        return image.format == "JPEG" and image.mode == "RGB" and upright


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=Path, action="append", required=True, metavar="FOLDER")
    parser.add_argument("--count", type=int, default=200, help="of photos, at most")
    parser.add_argument("--half", choices=("all", "first", "second"), default="all")
    parser.add_argument(
        "--updated", choices=("half", "all"), default="half", help="whose size programs wrote anew"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write what was found here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
