"""Colours come out in sRGB, whatever space a picture was saved in."""

import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from dedupe.photos import colour
from dedupe.photos.colour import to_srgb

Array = npt.NDArray[np.float64]

# --- colour profiles, written by hand after ICC.1:2001-04

# primaries adapted to D50, a row for each of red, green, blue
SRGB = np.array([[0.43607, 0.22249, 0.01392], [0.38515, 0.71687, 0.09708],
                 [0.14307, 0.06061, 0.71410]])  # fmt: skip
DISPLAY_P3 = np.array([[0.51512, 0.24120, -0.00105], [0.29198, 0.69225, 0.04189],
                       [0.15710, 0.06657, 0.78407]])  # fmt: skip
ADOBE_RGB = np.array([[0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087],
                      [0.14919, 0.06322, 0.74457]])  # fmt: skip
D50 = np.array([0.96420, 1.0, 0.82491])


def srgb_decode(values: Array) -> Array:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def srgb_encode(values: Array) -> Array:
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def xyz(values: Array) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def curve(decode: Callable[[Array], Array]) -> bytes:
    steps = np.round(decode(np.linspace(0, 1, 1024)) * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", len(steps)) + steps.tobytes()


def profile(space: bytes, pcs: bytes, tags: dict[bytes, bytes], device: bytes = b"mntr") -> bytes:
    tags = {b"desc": b"desc\0\0\0\0\0\0\0\2a\0" + b"\0" * 78, b"wtpt": xyz(D50)} | tags
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">2I", at + len(body), len(value))
        body += value + b"\0" * (-len(value) % 4)
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"test", 0x02100000, device, space, pcs)
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + xyz(D50)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def rgb_profile(primaries: Array, decode: Callable[[Array], Array] = srgb_decode) -> bytes:
    rows = {b"rXYZ": primaries[0], b"gXYZ": primaries[1], b"bXYZ": primaries[2]}
    tags = {name: xyz(row) for name, row in rows.items()}
    return profile(
        b"RGB ", b"XYZ ", tags | {name: curve(decode) for name in (b"rTRC", b"gTRC", b"bTRC")}
    )


def grey_profile(decode: Callable[[Array], Array]) -> bytes:
    return profile(b"GRAY", b"XYZ ", {b"kTRC": curve(decode)})


def cmyk_profile() -> bytes:
    """Four inks, mixed linearly in Lab between the colours of the 16 full mixtures."""
    lab = bytearray()
    for mixture in range(16):
        cyan, magenta, yellow, black = (mixture >> bit & 1 for bit in (3, 2, 1, 0))
        lightness = 100 - 30 * (cyan + magenta) - 5 * yellow if not black else 12
        tint = 0 if black else 1
        green_red = tint * (70 * magenta - 35 * cyan)
        blue_yellow = tint * (85 * yellow - 45 * cyan)
        lab += bytes((round(lightness * 2.55), 128 + green_red, 128 + blue_yellow))
    identity = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    ramp = bytes(range(256))
    to_lab = b"mft1\0\0\0\0\4\3\2\0" + identity + ramp * 4 + bytes(lab) + ramp * 3
    # and back, which LittleCMS asks for the darkest ink: all of it, or none, by lightness
    inks = b"\xff" * 16 + b"\0" * 16
    to_inks = b"mft1\0\0\0\0\3\4\2\0" + identity + ramp * 3 + inks + ramp * 4
    return profile(b"CMYK", b"Lab ", {b"A2B0": to_lab, b"B2A0": to_inks}, device=b"prtr")


def saved_in(primaries: Array, encode: Callable[[Array], Array], image: Image.Image) -> Image.Image:
    """The sRGB picture, its colours written as numbers of another space."""
    linear = srgb_decode(np.asarray(image) / 255) @ SRGB @ np.linalg.inv(primaries)
    return Image.fromarray(np.round(encode(linear.clip(0, 1)) * 255).astype(np.uint8))


def colours() -> Image.Image:
    """Not up to full saturation: 8 bits of a wide space hold its darkest reds too coarsely."""
    levels = [50, 80, 110, 140, 170, 200, 230]
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(7, 49, 3)
    return Image.fromarray(grid.astype(np.uint8))


def furthest(one: Image.Image, other: Image.Image) -> int:
    assert one.mode == other.mode == "RGB"
    return int(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).max())


def adobe_decode(values: Array) -> Array:
    return values ** (563 / 256)


def adobe_encode(values: Array) -> Array:
    return values ** (256 / 563)


# --- what is converted


@pytest.mark.parametrize(
    ("primaries", "decode", "encode"),
    [(DISPLAY_P3, srgb_decode, srgb_encode), (ADOBE_RGB, adobe_decode, adobe_encode)],
    ids=["Display P3", "Adobe RGB"],
)
def test_a_picture_in_a_wide_space_comes_out_as_its_srgb_original(
    primaries: Array, decode: Callable[[Array], Array], encode: Callable[[Array], Array]
) -> None:
    original = colours()
    wide = saved_in(primaries, encode, original)
    assert furthest(wide, original) > 20
    assert furthest(to_srgb(wide, rgb_profile(primaries, decode)), original) <= 3


def test_a_grey_picture_follows_the_curve_of_its_profile() -> None:
    grey = Image.frombytes("L", (3, 1), bytes([0, 128, 255]))
    linear = to_srgb(grey, grey_profile(lambda values: values))
    assert list(np.asarray(linear)[0, :, 0]) == [0, 188, 255]
    assert (np.asarray(linear)[..., 0] == np.asarray(linear)[..., 2]).all()
    assert list(np.asarray(to_srgb(grey, grey_profile(srgb_decode)))[0, :, 0]) == [0, 128, 255]


def test_inks_are_mixed_as_their_profile_says() -> None:
    inks = [(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255)]
    picture = Image.new("CMYK", (5, 1))
    picture.putdata(inks)
    paper, cyan, magenta, yellow, black = (
        to_srgb(picture, cmyk_profile()).crop((at, 0, at + 1, 1)).getpixel((0, 0))
        for at in range(5)
    )
    assert paper == (255, 255, 255)
    assert black == (0, 0, 0)  # though the ink has a lightness of 12
    assert picture.convert("RGB").getpixel((1, 0)) == (0, 255, 255)
    assert cyan[0] < 100 < cyan[1] < cyan[2] < 255  # type: ignore[index,operator]
    assert magenta[0] > magenta[1] + 80  # type: ignore[index,operator]
    assert yellow[0] > yellow[2] + 80  # type: ignore[index,operator]


def test_a_lab_picture_needs_no_profile() -> None:
    lab = Image.frombytes("LAB", (3, 1), bytes([0, 0, 0, 255, 0, 0, 138, 0, 0]))
    found = np.asarray(to_srgb(lab, None))[0].tolist()
    for colour_found, lightness in zip(found, (0, 255, 128), strict=True):
        assert all(abs(value - lightness) <= 4 for value in colour_found)


# --- what stays as it is


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("nothing", [None, b""])
def test_without_a_profile_a_picture_is_converted_as_pillow_does(
    mode: str, nothing: bytes | None
) -> None:
    picture = colours().convert(mode)
    assert to_srgb(picture, nothing).tobytes() == picture.convert("RGB").tobytes()


@pytest.mark.parametrize(
    "srgb",
    [
        rgb_profile(SRGB),
        rgb_profile(SRGB + 0.00005),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ],
    ids=["by hand", "rounded otherwise", "LittleCMS"],
)
def test_an_srgb_profile_costs_no_transform(srgb: bytes) -> None:
    picture = colours()
    assert to_srgb(picture, srgb) is picture


@pytest.mark.parametrize(
    ("mode", "foreign"),
    [
        ("L", rgb_profile(DISPLAY_P3)),
        ("L", cmyk_profile()),
        ("RGB", grey_profile(adobe_decode)),
        ("RGB", cmyk_profile()),
        ("CMYK", rgb_profile(DISPLAY_P3)),
    ],
)
def test_a_profile_of_another_space_than_the_picture_is_not_used(mode: str, foreign: bytes) -> None:
    picture = colours().convert(mode)
    assert to_srgb(picture, foreign).tobytes() == picture.convert("RGB").tobytes()


def broken_profiles() -> list[bytes]:
    whole = rgb_profile(DISPLAY_P3)
    lost_tag = whole.replace(b"gXYZ", b"????", 1)
    wild = whole[:300] + b"\xff" * 40 + whole[340:]
    link = whole.replace(b"mntr", b"link", 1)
    lying_size = b"\xff\xff\xff\xff" + whole[4:]
    endless = whole + b"\0" * (5 << 20)
    return [b"x", b"\0" * 128, whole[:200], lost_tag, wild, link, lying_size, endless]


@pytest.mark.parametrize("broken", broken_profiles(), ids=range(8))
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_broken_profile_never_costs_the_photo(mode: str, broken: bytes) -> None:
    picture = colours().convert(mode)
    found = to_srgb(picture, broken)
    assert (found.mode, found.size) == ("RGB", picture.size)


@pytest.mark.parametrize("cut", [b"x", rgb_profile(DISPLAY_P3)[:200]])
def test_what_is_no_profile_changes_nothing(cut: bytes) -> None:
    picture = colours()
    assert to_srgb(picture, cut) is picture


# --- how it is done


def test_each_profile_is_understood_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    build = ImageCms.buildTransform

    def counting(*args: object) -> ImageCms.ImageCmsTransform:
        built.append(args)
        return build(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(ImageCms, "buildTransform", counting)
    colour._transform.cache_clear()
    for _ in range(3):
        for one in (rgb_profile(SRGB), rgb_profile(DISPLAY_P3), b"broken"):
            to_srgb(colours(), one)
    assert len(built) == 2
    assert colour._transform.cache_info().currsize == 3


def test_threads_get_the_same_colours_as_one_alone() -> None:
    wide, p3 = colours().resize((200, 200)), rgb_profile(DISPLAY_P3)
    alone = to_srgb(wide, p3).tobytes()
    colour._transform.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: to_srgb(wide, p3).tobytes(), range(64)))
    assert set(found) == {alone}
