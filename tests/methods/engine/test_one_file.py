"""A method of this package is one file: it is put into a copy, and nothing else is changed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from idfsr.io.examples import load_identity
from idfsr.io.images import decode_png
from idfsr.io.provenance import PACKAGE_DIR
from idfsr.io.tables import read_table
from idfsr.io.tensors import from_network
from tests.training.makers import write_test_shard

SHARPEN = """
import numpy as np
from PIL import Image, ImageFilter

from idfsr.config.types import Positive, section
from idfsr.methods.engine.contract import Method, Restorer


@section
class SharpenConfig:
    radius: Positive = 2.0


class Sharpen(Restorer):
    def __init__(self, radius):
        self.radius = radius

    def restore(self, examples):
        from idfsr.io.tensors import from_network

        size = examples["gt_image"].shape[-1]
        images = [Image.fromarray(image) for image in from_network(examples["lr_image"])]
        large = [image.resize((size, size), Image.Resampling.BICUBIC) for image in images]
        return np.stack([image.filter(ImageFilter.UnsharpMask(self.radius)) for image in large])


METHODS = (
    Method(
        name="sharpen",
        label="Sharpened",
        colour="#123456",
        load=lambda context: Sharpen(context.settings.radius),
        settings=SharpenConfig,
    ),
)
"""

FACTS = """
import json, sys
from pathlib import Path
from idfsr.methods.engine.registry import method_modules, own_methods
from idfsr.report.layout import method_colours, method_label
from idfsr.run.config import json_schema, parse_config, stage_json
from idfsr.run.inputs import missing_packages
from idfsr.io.provenance import code_digest

values = {"methods": ["bicubic", "sharpen"], "method_settings": {"sharpen": {"radius": 3}}}
config = parse_config(values, "run")
Path(sys.argv[1]).write_text(stage_json(config, "restore-sharpen"))
print(json.dumps({
    "label": method_label("sharpen"),
    "colour": method_colours(["sharpen"])["sharpen"],
    "modules": method_modules("sharpen"),
    "own": config.method_settings,
    "schema": json_schema()["properties"]["method_settings"]["properties"]["sharpen"]["title"],
    "missing": missing_packages(config.methods),
    "code": {
        name: code_digest("idfsr.stages.restore_people", *method_modules(name))
        for name in own_methods()
    },
    "torch": "torch" in sys.modules,
}))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with a copy of the package."""
    ignored = shutil.ignore_patterns("__pycache__", "weights")
    shutil.copytree(PACKAGE_DIR, tmp_path / "copy" / "idfsr", ignore=ignored)
    return tmp_path / "copy"


def run(copy: Path, *words: str) -> str:
    """Run Python with the package of the copy."""
    environment = os.environ | {"PYTHONPATH": str(copy)}
    result = subprocess.run(
        [sys.executable, *words],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def facts(copy: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(copy, "-c", FACTS, str(copy / "restore.json")))
    return found


def test_everything_knows_a_method_of_one_new_file(copy: Path, tmp_path: Path) -> None:
    path = copy / "idfsr/methods/sharpen.py"
    path.write_text(SHARPEN)
    before = facts(copy)
    codes = before.pop("code")
    assert before == {
        "label": "Sharpened",
        "colour": "#123456",
        "modules": ["idfsr.methods.sharpen"],
        "own": {"sharpen": {"radius": 3.0}},
        "schema": "SharpenConfig",
        "missing": [],
        "torch": False,
    }
    shard = write_test_shard(tmp_path / "test.parquet")
    run(
        copy,
        *("-m", "idfsr.main", "restore-people", "--config", str(copy / "restore.json")),
        *("--method", "sharpen", "--shards", str(shard), "--identities", "00007"),
        *("--code", "0", "--restored-dir", str(tmp_path)),
    )
    table = read_table(tmp_path / "00007.parquet")
    low = from_network(load_identity([shard], "00007", "test")["lr_image"])[1]
    large = Image.fromarray(low).resize((32, 32), Image.Resampling.BICUBIC)
    expected = np.array(large.filter(ImageFilter.UnsharpMask(3)))
    np.testing.assert_array_equal(decode_png(table["sr_image"][1]), expected)

    path.write_text(SHARPEN.replace("BICUBIC", "LANCZOS"))
    changed = {name for name, code in facts(copy)["code"].items() if code != codes[name]}
    assert changed == {"sharpen"}


def test_an_edit_reruns_the_methods_of_the_file_alone(copy: Path) -> None:
    (copy / "idfsr/methods/sharpen.py").write_text(SHARPEN)
    codes = facts(copy)["code"]
    for name, owners in (
        ("bicubic.py", {"bicubic"}),
        ("dr2/__init__.py", {"dr2"}),
        ("dr2/low_pass.py", {"dr2"}),
        ("pgdiff/restore.py", {"pgdiff", "pgdiff-ref"}),
        ("idfsr/restore.py", {"idfsr-pt", "idfsr-mean", "idfsr-ft"}),
        ("engine/guided.py", {"asffnet", "dmdnet"}),
        ("engine/spandrel.py", {"gfpgan", "restoreformer"}),
    ):
        path = copy / "idfsr/methods" / name
        text = path.read_text()
        path.write_text(text + "\n\nEDITED = 1\n")
        edited = facts(copy)["code"]
        assert {name for name, code in edited.items() if code != codes[name]} == owners, path
        path.write_text(text)
