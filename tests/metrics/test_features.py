from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.tables import write_table
from idfsr.metrics.features import Extractor, Feature, FeatureStore, ImageBatch, make_batch


def make_images(*values: int) -> ImageBatch:
    image = np.zeros((len(values), 4, 4, 3), np.uint8)
    image[:, 0, 0, 0] = values
    return make_batch(image, np.zeros((len(values), 112, 112, 3), np.uint8))


class Network:
    """Gives the first pixel in several forms, and remembers what it was asked of."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, batch: ImageBatch) -> list[Feature]:
        values = batch.image[:, 0, 0, 0].tolist()
        self.asked += values
        return [
            {"value": value / 3, "row": np.float32([value, 0.1]), "ragged": np.ones(value)}
            for value in values
        ]


@pytest.fixture
def network() -> Network:
    return Network()


def make_store(network: Network, digest: str = "1") -> FeatureStore:
    return FeatureStore([Extractor("net", digest, network)])


def test_images_are_known_by_their_content() -> None:
    batch = make_images(1, 2, 1)
    assert batch.keys[0] == batch.keys[2] != batch.keys[1]
    crop = batch.crop.copy()
    crop[0, 5, 5] = 1
    assert make_batch(batch.image, crop).keys[0] != batch.keys[0]
    turned = make_batch(batch.image.reshape(3, 2, 8, 3), batch.crop)
    assert turned.keys[0] != batch.keys[0]


def test_an_image_is_asked_of_once(network: Network) -> None:
    store = make_store(network)
    store.complete(make_images(1, 2), ["net"])
    store.complete(make_images(2, 3), ["net"])
    assert network.asked == [1, 2, 3]
    found = store.features("net", make_images(3, 1).keys)
    assert found["value"].tolist() == [1, 1 / 3]
    assert found["row"].shape == (2, 2)
    assert [len(row) for row in found["ragged"]] == [3, 1]


def test_a_file_gives_back_what_was_written(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "made" / "features.parquet"
    first, keys = make_store(network), make_images(1, 2, 3).keys
    first.complete(make_images(1, 2, 3), ["net"])
    first.write(path, keys[:2])
    second = make_store(network)
    second.read(path)
    second.complete(make_images(1, 2, 3), ["net"])
    assert network.asked == [1, 2, 3, 3]  # the third was not written
    for name, values in first.features("net", keys[:2]).items():
        for found, wanted in zip(second.features("net", keys[:2])[name], values, strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_another_digest_is_not_believed(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "features.parquet"
    first = make_store(network)
    first.complete(make_images(1), ["net"])
    first.write(path, make_images(1).keys)
    second = make_store(network, digest="2")
    second.read(path)
    second.complete(make_images(1), ["net"])
    assert network.asked == [1, 1]


def test_files_are_equal_whatever_the_order(network: Network, tmp_path: Path) -> None:
    for number, values in enumerate(((1, 2, 3), (3, 1, 2))):
        store, batch = make_store(network), make_images(*values)
        store.complete(batch, ["net"])
        store.write(tmp_path / f"{number}.parquet", batch.keys)
    first, second = (pq.read_table(tmp_path / f"{number}.parquet") for number in (0, 1))
    assert first.equals(second, check_metadata=True)


def test_a_network_that_was_not_asked_leaves_a_gap(network: Network, tmp_path: Path) -> None:
    other = Network()
    both = [Extractor("net", "1", network), Extractor("other", "1", other)]
    store, batch = FeatureStore(both), make_images(1)
    store.complete(batch, ["net"])
    store.write(tmp_path / "features.parquet", batch.keys)
    again = FeatureStore(both)
    again.read(tmp_path / "features.parquet")
    again.complete(batch, ["net", "other"])
    assert (network.asked, other.asked) == ([1], [1])


def test_files_of_another_kind(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "features.parquet"
    with pytest.raises(IdfsrError, match=r"features\.parquet: no such file"):
        make_store(network).read(path)
    path.write_bytes(b"no table")
    with pytest.raises(IdfsrError, match=r"features\.parquet: not a Parquet table"):
        make_store(network).read(path)
    write_table(pd.DataFrame({"a": [1]}), path)
    with pytest.raises(IdfsrError, match="found no column key, wanted features of `idfsr feat"):
        make_store(network).read(path)
