"""Every entry is complete, right, and there without torch."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dedupe.encoders.encoder import Encoder
from dedupe.encoders.normalise import NORMALISE
from dedupe.encoders.registry import DEFAULT_ENCODER, ENCODERS, find_encoder
from dedupe.errors import UnknownName

every_encoder = pytest.mark.parametrize("encoder", ENCODERS.values(), ids=list(ENCODERS))
torchvision_encoder = pytest.mark.parametrize(
    "encoder",
    [encoder for encoder in ENCODERS.values() if "torchvision" in encoder.source],
    ids=lambda encoder: encoder.name,
)


@every_encoder
def test_every_entry_is_complete(encoder: Encoder) -> None:
    assert ENCODERS[encoder.name] is encoder
    assert encoder.normalise in NORMALISE
    assert encoder.resize >= encoder.crop > 0
    assert encoder.dim > 0
    assert encoder.scale is None or encoder.scale > 0
    assert encoder.threshold > 0
    assert "arXiv:" in encoder.source
    assert encoder.weights.licence
    assert encoder.weights.megabytes > 1
    assert bool(encoder.weights.url) != bool(encoder.weights.package)
    assert len(encoder.weights.sha256) in (8, 64)
    assert set(encoder.weights.sha256) <= set("0123456789abcdef")


@torchvision_encoder
def test_numbers_are_those_of_torchvisions_own_weights(encoder: Encoder) -> None:
    from torchvision import models

    enum, _, member = encoder.source.split()[-1].partition(".")
    published = getattr(models, enum)[member]
    asked = published.transforms()
    assert [encoder.resize] == asked.resize_size
    assert [encoder.crop] == asked.crop_size
    assert list(encoder.mean) == asked.mean
    assert list(encoder.std) == asked.std
    assert encoder.interpolation == asked.interpolation.value
    assert encoder.weights.url == published.url
    assert published.url.endswith(f"/{encoder.weights.file}")
    # torchvision counts in MiB
    megabytes = published.meta["_file_size"] * 1.048576
    assert encoder.weights.megabytes == pytest.approx(megabytes, abs=0.06)


def test_mobilenet_v2_is_the_seeds_recipe() -> None:
    seed = ENCODERS["mobilenet_v2"]
    assert (seed.resize, seed.crop, seed.dim, seed.interpolation) == (256, 224, 1280, "bilinear")
    assert (seed.normalise, seed.scale, seed.threshold) == ("none", 1.0, 16.0)
    assert seed.full_decode
    assert seed.weights.file == "mobilenet_v2-b0353104.pth"


@every_encoder
def test_every_encoder_and_its_scale_are_documented(encoder: Encoder) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/thresholds.md").read_text(encoding="utf-8")
    scales = page[page.index("## The scale of each encoder") :]
    row = next(line for line in scales.splitlines() if line.startswith(f"| `{encoder.name}` |"))
    assert ("not measured" if encoder.scale is None else f"{encoder.scale:g}") in row


def test_the_default_needs_no_download() -> None:
    assert ENCODERS[DEFAULT_ENCODER].weights.package


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="no encoder called 'mobilnet_v2'") as caught:
        find_encoder("mobilnet_v2")
    assert "did you mean 'mobilenet_v2'?" in caught.value.hint


def test_listing_and_fingerprints_import_no_torch() -> None:
    code = (
        "import sys\n"
        "from dedupe.encoders import registry, weights, device, encode, identity\n"
        "for encoder in registry.ENCODERS.values():\n"
        "    encoder.fingerprint('0' * 64, 1), weights.find_weights(encoder)\n"
        "identity.known_fingerprint(registry.find_encoder('efficientnet_lite0'))\n"
        "sys.exit(any(name.split('.')[0] in ('torch', 'torchvision') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_two_encoders_share_a_fingerprint() -> None:
    prints = {encoder.fingerprint("0" * 64, 1) for encoder in ENCODERS.values()}
    assert len(prints) == len(ENCODERS)


@pytest.mark.parametrize(
    "change",
    [
        {"resize": 257},
        {"crop": 192},
        {"interpolation": "bicubic"},
        {"mean": (0.5, 0.5, 0.5)},
        {"std": (0.5, 0.5, 0.5)},
        {"normalise": "l2"},
        {"scale": 2.0},
        {"full_decode": False},
    ],
    ids=str,
)
def test_a_fingerprint_changes_with_whatever_changes_a_vector(change: dict[str, object]) -> None:
    encoder = ENCODERS["mobilenet_v2"]
    changed = replace(encoder, **change)  # type: ignore[arg-type]
    assert changed.fingerprint("0" * 64, 1) != encoder.fingerprint("0" * 64, 1)


def test_a_fingerprint_changes_with_weights_decoder_and_calibration_but_not_threshold() -> None:
    encoder = ENCODERS["mobilenet_v2"]
    prints = {
        encoder.fingerprint("0" * 64, 1),
        encoder.fingerprint("1" * 64, 1),
        encoder.fingerprint("0" * 64, 2),
        encoder.fingerprint("0" * 64, 1, "other photos"),
    }
    assert len(prints) == 4
    assert replace(encoder, threshold=20.0).fingerprint("0" * 64, 1) in prints
