"""A method of another package: found, run and tested as docs/add-a-method.md says."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image, ImageFilter

from idfsr.errors import IdfsrError
from idfsr.io.examples import load_identity
from idfsr.io.images import decode_png
from idfsr.io.tables import read_table
from idfsr.io.tensors import from_network
from idfsr.main import main
from idfsr.methods.engine.registry import find_method, method_names, own_methods
from idfsr.run.config import Config, parse_config, stage_json, stage_settings
from tests.training.makers import write_test_shard

GUIDE = Path(__file__).parents[3] / "docs" / "add-a-method.md"


@pytest.fixture
def blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install_plugin: Callable[..., None]
) -> list[str]:
    """Blocks of Python in the guide, the first of them installed as it says."""
    text = GUIDE.read_text(encoding="utf-8")
    (point,) = re.findall(r'^(\w+) = "(\w+)"$', text, re.MULTILINE)
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / f"{point[1]}.py").write_text(blocks[0])
    install_plugin(*point)
    monkeypatch.delitem(sys.modules, point[1], raising=False)
    return blocks


def test_the_guide_needs_no_more_than_thirty_lines(blocks: list[str]) -> None:
    assert len(blocks[0].splitlines()) <= 30


def test_name_is_known_to_the_settings(blocks: list[str]) -> None:
    assert blocks
    assert method_names() == (*own_methods(), "sharpen")
    assert parse_config({"methods": ["sharpen", "bicubic"]}, "x").methods[0] == "sharpen"


def test_unknown_method_is_refused_before_the_run() -> None:
    with pytest.raises(
        IdfsrError, match=r"x: methods\.1: .*wanted one of asffnet.*found 'sharpen'"
    ):
        parse_config({"methods": ["bicubic", "sharpen"]}, "x")


def test_its_own_test_passes(blocks: list[str]) -> None:
    names: dict[str, object] = {}
    exec(blocks[1], names)  # noqa: S102 - the guide's own words
    names["test_contract"]()  # type: ignore[operator]
    assert find_method("sharpen") is names["SHARPEN"]


def test_command_restores_with_it(blocks: list[str], tmp_path: Path) -> None:
    assert blocks
    shard = write_test_shard(tmp_path / "test.parquet")
    (tmp_path / "restore.json").write_text(stage_json(Config(), "restore-sharpen"))
    main(
        [
            "restore-people",
            *("--config", str(tmp_path / "restore.json"), "--method", "sharpen"),
            *("--shards", str(shard), "--identities", "00007", "--code", "c0de"),
            *("--restored-dir", str(tmp_path)),
        ]
    )
    table = read_table(tmp_path / "00007.parquet")
    low = from_network(load_identity([shard], "00007", "test")["lr_image"])[1]
    large = Image.fromarray(low).resize((32, 32), Image.Resampling.BICUBIC)
    expected = np.array(large.filter(ImageFilter.UnsharpMask(2)))
    np.testing.assert_array_equal(decode_png(table["sr_image"][1]), expected)


def test_it_may_have_settings_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install_plugin: Callable[..., None]
) -> None:
    """The guide's method with the guide's settings."""
    text = GUIDE.read_text(encoding="utf-8")
    method, _, settings = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (overlay,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    declared = method.replace('name="sharpen",', 'name="sharpen", settings=SharpenConfig,')
    (tmp_path / "sharpen.py").write_text(settings + declared)
    install_plugin("sharpen", "sharpen")
    monkeypatch.delitem(sys.modules, "sharpen", raising=False)
    config = parse_config({"methods": ["sharpen"], **yaml.safe_load(overlay)}, "x")
    assert stage_settings(config, "restore-sharpen").method == {"radius": 3.0}
    with pytest.raises(IdfsrError, match=r"x: method_settings\.sharpen\.radius: Input should be"):
        parse_config({"method_settings": {"sharpen": {"radius": 0}}}, "x")
