import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.constants import PROBES
from idfsr.errors import IdfsrError
from idfsr.experiments.probes import (
    PROBES_SCHEMA,
    Stranger,
    measure_probes,
    read_stranger,
    restore_probes,
)
from idfsr.faces.warp import warp_reference
from idfsr.io.examples import load_identity
from idfsr.io.images import decode_png
from idfsr.io.shards import read_shard
from idfsr.io.tensors import from_network
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.metrics.sface.network import SFace, load_sface
from tests.training.makers import make_network, unit, write_test_shard

ASSETS = Path(__file__).parents[2] / ".assets"
Z_IDS = {"00007": torch.from_numpy(unit([1])), "00008": torch.from_numpy(unit([2]))}


@pytest.fixture(scope="module")
def recogniser() -> SFace:
    return load_sface(ASSETS, torch.device("cpu"))


@pytest.fixture
def method() -> IdfsrRestorer:
    model = make_network()
    return IdfsrRestorer(
        model=model, model_digest="d", fitted_z_id=None, num_inference_steps=4, seed=0
    )


def test_every_probe_changes_what_it_says(tmp_path: Path, method: IdfsrRestorer) -> None:
    examples = load_identity([write_test_shard(tmp_path / "t.parquet")], "00007", "test")
    own, other = Z_IDS.values()
    stranger = read_stranger([tmp_path / "t.parquet"], "00008", other, examples)
    restored = dict(restore_probes(method, examples, own, stranger))
    assert list(restored) == list(PROBES)
    fitted = dataclasses.replace(method, fitted_z_id=own)
    np.testing.assert_array_equal(restored["fitted"], fitted.restore(examples))
    for probe in list(PROBES)[1:]:
        assert (restored[probe] != restored["fitted"]).any(), probe
    itself = Stranger(own, examples["warped_ref"][:, 0], own)
    same = dict(restore_probes(method, examples, own, itself))
    np.testing.assert_array_equal(same["other-person"], restored["fitted"])
    np.testing.assert_array_equal(same["wrong-reference"], restored["fitted"])
    np.testing.assert_array_equal(same["wrong-photograph"], restored["fitted"])
    first_again = {**examples, "warped_ref": examples["warped_ref"][:, [0, 0]]}
    same = dict(restore_probes(method, first_again, own, stranger))
    np.testing.assert_array_equal(same["other-reference"], restored["fitted"])


def test_distances_are_to_the_person_and_to_the_next(
    tmp_path: Path,
    method: IdfsrRestorer,
    recogniser: SFace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of images that are the ground truth itself, or for another's z_id that other's."""
    shards = [write_test_shard(tmp_path / "t.parquet")]
    truth = {
        (row["identity"], row["image"]): row["gt_image"]
        for row in read_shard(shards, ["identity", "image", "gt_image"], "test").to_pylist()
    }
    monkeypatch.setattr(
        "idfsr.experiments.probes.restore_probes",
        lambda *_: iter([("fitted", [0, 0]), ("other-person", [1, 1])]),
    )
    identities = iter(["00007", "00007", "00008", "00008", "00008", "00008", "00007", "00007"])
    images = iter(["3", "4"] * 4)
    monkeypatch.setattr(
        "idfsr.experiments.probes.encode_png", lambda _: truth[next(identities), next(images)]
    )
    table = measure_probes(shards, method, Z_IDS, 8, 2, recogniser).set_index("probe")
    assert list(table["other_identity"]) == ["00008"] * 4 + ["00007"] * 4
    assert table.loc["fitted", "ids_sface"].max() == pytest.approx(0, abs=1e-5)
    assert np.isinf(table.loc["fitted", "psnr"]).all()
    assert table.loc["other-person", "ids_sface"].min() > 0.1
    swapped = table.loc["other-person"].groupby("other_identity")["ids_other"].mean()
    whole = table.loc["fitted"].groupby("identity")["ids_other"].mean()
    assert (swapped.loc[["00007", "00008"]] < whole.loc[["00008", "00007"]].to_numpy()).all()


def test_columns_and_number_of_images(
    tmp_path: Path, method: IdfsrRestorer, recogniser: SFace
) -> None:
    shards = [write_test_shard(tmp_path / "t.parquet")]
    table = measure_probes(shards, method, Z_IDS, 8, 1, recogniser)
    assert list(table.columns) == [*PROBES_SCHEMA.names, "sr_image"]
    assert len(table) == len(PROBES) * 2
    assert set(table["image"]) == {"3"}


def test_one_person_cannot_be_swapped(
    tmp_path: Path, method: IdfsrRestorer, recogniser: SFace
) -> None:
    shards = [write_test_shard(tmp_path / "t.parquet")]
    with pytest.raises(IdfsrError, match="00007 alone, wanted two people"):
        measure_probes(shards, method, {"00007": Z_IDS["00007"]}, 8, 1, recogniser)


def test_the_stranger_is_warped_as_the_shards_warp_references(tmp_path: Path) -> None:
    shards = [write_test_shard(tmp_path / "t.parquet")]
    examples = load_identity(shards, "00007", "test")
    stranger = read_stranger(shards, "00008", Z_IDS["00008"], examples)
    row = read_shard(shards, ["image", "gt_image", "landmarks", "z_id"], "fit", "00008")[:1]
    (photograph,) = row.to_pylist()
    assert stranger.reference_z_id.tolist() == photograph["z_id"]
    points = np.array(photograph["landmarks"], np.float32).reshape(5, 2)
    onto = examples["lr_landmarks"][1].numpy()
    wanted = warp_reference(decode_png(photograph["gt_image"]), points, onto, 32)[0]
    np.testing.assert_array_equal(from_network(stranger.warped_ref[1:2])[0], wanted)
    with pytest.raises(IdfsrError, match="found no fit image of nobody"):
        read_stranger(shards, "nobody", Z_IDS["00008"], examples)
