"""Write what timm's tf_efficientnet_lite0 makes of three pictures: tests/golden/lite0.json.

Run by hand, never by the tests, because timm is no dependency of this project:

    uv pip install --no-deps --target /tmp/timm timm==1.0.31 pyyaml huggingface_hub safetensors
    PYTHONPATH=/tmp/timm python benchmarks/reference_lite0.py

tests/encoders/test_lite0.py compares the project's own network with it.
"""

import json
import sys
from pathlib import Path

import numpy as np
import timm
import torch

from dedupe.encoders.registry import find_encoder
from dedupe.encoders.weights import find_weights, load_weights

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests" / "encoders"))


def main() -> None:
    import lite0_pictures

    encoder = find_encoder("efficientnet_lite0")
    file = find_weights(encoder)
    if file is None:
        raise SystemExit("the weights' package is not installed")
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    theirs = torch.load(file, weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), theirs.values(), strict=True)))
    network.eval()
    pixels = torch.from_numpy(lite0_pictures.pictures()).permute(0, 3, 1, 2).float() / 255
    mean = torch.tensor(encoder.mean).view(3, 1, 1)
    std = torch.tensor(encoder.std).view(3, 1, 1)
    with torch.inference_mode():
        images = (pixels - mean) / std
        features = network.forward_head(network.forward_features(images), pre_logits=True).numpy()
        ours = encoder.build().eval()
        ours.load_state_dict(load_weights(encoder)[0])
        difference = np.abs(ours(images).numpy() - features).max()
    target = ROOT / "tests" / "golden" / "lite0.json"
    target.write_text(
        json.dumps(
            {
                "made by": f"benchmarks/reference_lite0.py, timm {timm.__version__}, "
                f"torch {torch.__version__}, on a CPU",
                "features": [[float(f"{value:.7g}") for value in row] for row in features],
            }
        )
        + "\n"
    )
    print(f"{target.relative_to(ROOT)}: {features.shape}, norms {np.linalg.norm(features, axis=1)}")
    print(f"largest difference of this project's network on this machine: {difference}")


if __name__ == "__main__":
    main()
