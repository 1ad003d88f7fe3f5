from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.io.images import encode_png
from idfsr.io.tables import write_table
from idfsr.training.networks.crops import CropReader, hold_out, read_crops
from tests.training.makers import make_face, write_crops


def test_crops_are_read_with_their_labels(tmp_path: Path) -> None:
    crops = read_crops(write_crops(tmp_path / "crops.parquet", 2, 2), ["age_years"])
    assert len(crops) == 4
    np.testing.assert_array_equal(crops.pixels[3], make_face(1, 1, 112))
    assert list(crops.labels.columns) == ["identity", "image", "age_years"]
    assert crops.labels["age_years"].tolist() == [20, 20, 21, 21]


@pytest.mark.parametrize(
    ("side", "num", "words"), [(112, 0, "found no rows"), (64, 1, r"shape \(64, 64, 3\)")]
)
def test_other_tables_are_refused(tmp_path: Path, side: int, num: int, words: str) -> None:
    row = {"identity": "a", "image": "0", "crop": encode_png(make_face(0, 0, side))}
    write_table(pd.DataFrame([row]).iloc[:num], tmp_path / "crops.parquet")
    with pytest.raises(IdfsrError, match=words):
        read_crops(tmp_path / "crops.parquet")


def test_a_tenth_of_the_identities_is_held_out(tmp_path: Path) -> None:
    path = write_crops(tmp_path / "crops.parquet", 20, 2)
    inside, outside = hold_out(read_crops(path), 3, path)
    identities = [set(part.labels["identity"]) for part in (inside, outside)]
    assert [len(names) for names in identities] == [18, 2]
    assert not identities[0] & identities[1]
    assert (len(inside), len(outside)) == (36, 4)
    again = hold_out(read_crops(path), 3, path)[1]
    assert again.labels.equals(outside.labels)
    others = [set(hold_out(read_crops(path), s, path)[1].labels["identity"]) for s in range(4)]
    assert len({tuple(sorted(names)) for names in others}) > 1


def test_too_few_identities_to_hold_out(tmp_path: Path) -> None:
    path = write_crops(tmp_path / "crops.parquet", 4, 1)
    with pytest.raises(IdfsrError, match="found 4 identities, wanted 10 or more"):
        hold_out(read_crops(path), 0, path)


def test_batches_pair_images_with_their_targets(tmp_path: Path) -> None:
    crops = read_crops(write_crops(tmp_path / "crops.parquet", 3, 1))
    reader = CropReader(
        crops=crops, targets=torch.tensor([0, 1, 2]), batch_size=6, seed=0, sizes=(112,)
    )
    batch = reader(6)
    assert batch.images_seen == 6
    assert sorted(batch.targets.tolist()) == [0, 0, 1, 1, 2, 2]
    means = crops.pixels.mean(axis=(1, 2)) / 127.5 - 1
    for image, target in zip(batch.images, batch.targets, strict=True):
        # The pattern's colours survive the augmentation better than those of the other two.
        colour = image.mean(dim=(1, 2)).numpy()
        centred = means - means.mean(axis=1, keepdims=True)
        distances = np.linalg.norm(centred - (colour - colour.mean()), axis=1)
        assert distances.argmin() == target
    assert torch.equal(reader(6).images, batch.images)
    assert not torch.equal(reader(0).images, batch.images)
