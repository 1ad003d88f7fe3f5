import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.config.figures import CountsConfig, CountsStage
from idfsr.config.fit import FitConfig
from idfsr.config.restore import RestoreConfig
from idfsr.errors import IdfsrError
from idfsr.experiments.counts import FITTED, MEAN, people_with, restore_with_few
from idfsr.experiments.exchanges import (
    OTHER_MEAN,
    OTHER_PHOTOGRAPH,
    STYLE,
    make_exchanges,
    restore_with_each,
)
from idfsr.io.examples import load_identity, load_mean_z_id
from idfsr.io.images import decode_png
from idfsr.methods.engine.restore import pick_rows
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.metrics.sface.network import load_sface
from tests.training.makers import make_network, unit, write_test_shard

ASSETS = Path(__file__).parents[2] / ".assets"
Z_IDS = {"00007": torch.from_numpy(unit([1])), "00008": torch.from_numpy(unit([2]))}


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    return [write_test_shard(tmp_path / "t.parquet")]


@pytest.fixture
def method() -> IdfsrRestorer:
    return IdfsrRestorer(
        model=make_network(), model_digest="d", fitted_z_id=None, num_inference_steps=4, seed=0
    )


def test_exchanges_are_what_their_names_say(shards: list[Path], method: IdfsrRestorer) -> None:
    recogniser = load_sface(ASSETS, torch.device("cpu"))
    table = make_exchanges(shards, method, Z_IDS, 1, recogniser)
    own = table[table["identity"] == "00007"].set_index("exchange")
    examples = pick_rows(load_identity(shards, "00007", "test"), [0])
    others = load_identity(shards, "00008", "fit")
    z_ids = {
        OTHER_PHOTOGRAPH: others["z_id"][0], OTHER_MEAN: load_mean_z_id(shards, "00008"),
    }  # fmt: skip
    for name, z_id in z_ids.items():
        expected = dataclasses.replace(method, fitted_z_id=z_id).restore(examples)[0]
        np.testing.assert_array_equal(decode_png(own.loc[name, "sr_image"]), expected)
        assert own.loc[name, "other_identity"] == "00008"
    fitted = dataclasses.replace(method, fitted_z_id=Z_IDS["00007"])
    styles = own.loc[[STYLE]]
    assert styles["reference"].is_unique
    first = decode_png(styles["sr_image"].iloc[0])
    np.testing.assert_array_equal(first, fitted.restore(examples)[0])
    assert styles["warped_ref"].notna().all()
    restored = list(restore_with_each(fitted, examples))
    assert len(restored) == len(styles) > 1
    assert (restored[0] != restored[1]).any()


def test_one_person_alone_is_refused(shards: list[Path], method: IdfsrRestorer) -> None:
    recogniser = load_sface(ASSETS, torch.device("cpu"))
    with pytest.raises(IdfsrError, match="found 00007 alone, wanted two people at least"):
        make_exchanges(shards, method, {"00007": Z_IDS["00007"]}, 1, recogniser)


def test_few_photographs_are_the_first_ones(shards: list[Path], method: IdfsrRestorer) -> None:
    config = CountsStage(
        seed=0,
        fit=FitConfig(num_steps=2, num_evaluations=1),
        restore=RestoreConfig(num_inference_steps=4),
        counts=CountsConfig(num_photographs=(2,)),
    )
    tables = restore_with_few(shards, make_network(), method, config, 2, 8)
    mean = dataclasses.replace(method, fitted_z_id=load_mean_z_id(shards, "00007", 2))
    expected = mean.restore(load_identity(shards, "00007", "test"))
    own = tables[MEAN][tables[MEAN]["identity"] == "00007"]
    np.testing.assert_array_equal(decode_png(own["sr_image"].iloc[0]), expected[0])
    assert set(tables[FITTED]["method"]) == {FITTED}
    assert tables[FITTED]["sr_image"].tolist() != tables[MEAN]["sr_image"].tolist()


def test_people_with_too_few_photographs_are_left_out(shards: list[Path]) -> None:
    assert people_with(shards, 2) == (["00007", "00008"], [])
    with pytest.raises(IdfsrError, match=r"wanted 9 as in counts\.num_photographs"):
        people_with(shards, 9)
