"""What is read of a folder's files and how, and what is refused and why, as Markdown.

    python benchmarks/formats.py FOLDER

One row per kind of file, none per file: docs/formats.md says the same in words. Kinds that need
an optional decoder (camera RAW, JPEG XL) are read only where that is installed.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path

from PIL import Image, features

from dedupe.errors import PhotoUnreadable
from dedupe.photos.colour import to_srgb
from dedupe.photos.decode import Reading, Wants
from dedupe.photos.photo import Skip
from dedupe.photos.quiet import quiet_pillow
from dedupe.photos.raw import open_raw
from dedupe.photos.read import photo_file, read_photo
from dedupe.photos.sniff import HEAD, raw_kind

WANTS = Wants(resize=256, crop=224, interpolation="bicubic", full_decode=False)

_CONTAINERS = {
    rb"\xff\xd8\xff": "JPEG",
    rb"\x89PNG": "PNG",
    rb"GIF8": "GIF",
    rb"RIFF....WEBP": "WEBP",
    rb"II\*\0|MM\0\*|II\+\0|MM\0\+": "TIFF",
    rb"BM": "BMP",
    rb"\0\0\0\x0cjP|\xff\x4f\xff\x51": "JPEG2000",
    rb".{4}ftyp(avif|avis|avio)": "AVIF",
    rb".{4}ftyp(he|mif|msf)": "HEIF",
    rb"\xff\x0a|\0\0\0\x0cJXL": "JPEG XL",
}
_MODES = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey, transparent",
    "P": "palette",
    "PA": "palette, transparent",
    "RGB": "colour",
    "RGBA": "colour, transparent",
    "CMYK": "CMYK",
    "LAB": "Lab",
    "F": "float",
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="What is read of a folder's files, and how.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    rows: Counter[tuple[str, str, str]] = Counter()
    with quiet_pillow():
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            rows[row_of(path)] += 1
    read = sum(count for (*_, how), count in rows.items() if not how.startswith("refused"))
    print(f"{rows.total()} files: {read} read, {rows.total() - read} refused. {decoders()}\n")
    print("| container | what is in it | files | what becomes of it |\n|---|---|---|---|")
    for (container, content, how), count in sorted(rows.items()):
        print(f"| {container} | {content} | {count} | {how} |")


def row_of(path: Path) -> tuple[str, str, str]:
    """Container, what is in it, and what becomes of it, each the same for all of a kind."""
    data = path.read_bytes()
    found = read_photo(photo_file(path), WANTS)
    kind = raw_kind(path, data[:HEAD])
    if isinstance(found, Skip):
        # what the decoder says of one file's bytes is no kind of its own
        reason = re.sub(r" \([^()]* [^()]*\)", "", found.reason)
        container = f"RAW ({kind})" if kind else _container(path, data)
        return container, "", f"refused: {reason}"
    if kind or found.photo.format == "DNG":
        return f"RAW ({found.photo.format})", "", _raw_way(data)
    with Image.open(BytesIO(data)) as image:
        return found.photo.format, _content(image, data), ", ".join(_ways(image, found))


def _container(path: Path, data: bytes) -> str:
    for magic, name in _CONTAINERS.items():
        if re.match(magic, data, re.DOTALL):
            return name
    return path.suffix.removeprefix(".").upper() or "no extension"


def _raw_way(data: bytes) -> str:
    try:
        picture = open_raw(data).image
    except PhotoUnreadable as refusal:  # it was read a moment ago
        raise AssertionError from refusal
    if picture.format is None:
        return "developed at half the size"
    small = " (small: the RAW itself is broken)" if min(picture.size) < 320 else ""
    return f"embedded preview{small}"


def _content(image: Image.Image, data: bytes) -> str:
    words = [_MODES.get(image.mode, "grey" if image.mode.startswith("I") else image.mode)]
    if (bits := _bits(image, data)) > 8:
        words.append(f"{bits} bit")
    if image.info.get("progressive"):
        words.append("progressive")
    if image.format == "MPO":
        words.append("several pictures")
    elif getattr(image, "n_frames", 1) > 1:
        moving = getattr(image, "is_animated", False) and image.format not in ("TIFF", "HEIF")
        words.append("animated" if moving else "several pictures")
    return ", ".join(words)


def _bits(image: Image.Image, data: bytes) -> int:
    """Per channel, as the container says it."""
    if image.format == "TIFF":
        return int(max(image.tag_v2.get(258, (8,))))  # type: ignore[attr-defined]
    if image.format == "HEIF":
        return int(image.info.get("bit_depth", 8))
    if image.format == "AVIF" and (at := data.find(b"av1C")) > 0:
        flags = data[at + 6]
        return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
    if image.format == "PNG":
        return data[24]
    if image.format == "PPM":
        white = re.match(rb"P[2356]\s+(?:#.*\n\s*)*\d+\s+\d+\s+(\d+)", data)
        return int(white[1]).bit_length() if white else 8
    return 16 if image.mode.startswith("I;16") else 8


def _ways(image: Image.Image, found: Reading) -> Iterator[str]:
    yield "read"
    if found.photo.frames > 1 or image.format == "MPO":
        yield "first picture"
    if found.photo.reduced > 1:
        yield "shrunk while decoding"
    if image.mode == "F" or image.mode.startswith("I"):
        yield "scaled to 8 bit"
    if image.has_transparency_data:
        yield "over white"
    profile = image.info.get("icc_profile")
    if profile:
        yield "profile applied" if _is_applied(image, profile) else "profile is sRGB or of no use"
    if found.photo.orientation != 1:
        yield "turned upright"


def _is_applied(image: Image.Image, profile: bytes) -> bool:
    mode = image.mode if image.mode in ("L", "CMYK") else "RGB"
    levels = Image.frombytes("L", (256, 1), bytes(range(256)))
    # red only: a wide space has the same greys as sRGB
    patch = (
        levels if mode == "L" else Image.merge("RGB", [levels, *2 * [levels.point(lambda _: 0)]])
    )
    patch = patch.convert(mode)
    return to_srgb(patch, profile).tobytes() != patch.convert("RGB").tobytes()


def decoders() -> str:
    """The versions of what decodes."""
    said = [f"Pillow {version('pillow')}", f"libjpeg-turbo {features.version('libjpeg_turbo')}"]
    for package in ("pillow-heif", "rawpy", "pillow-jxl-plugin"):
        try:
            said.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            said.append(f"no {package}")
    return ", ".join(said) + "."


if __name__ == "__main__":
    main()
