from pathlib import Path

import numpy as np
import pytest

from idfsr.errors import IdfsrError
from idfsr.faces.align import align_arcface
from idfsr.faces.crops import CROPS_SCHEMA, make_crops
from idfsr.io.images import decode_png
from idfsr.io.tables import read_table, write_table

from .face_tree import make_face, make_face_tree


def test_crops_with_labels(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    labels = read_table(tree.ground_truth)
    labels.loc[4, "age_years"] = 77.0  # bob/1
    write_table(labels, tree.ground_truth)
    table = make_crops(tree.manifest, tree.landmarks, tree.root, tree.ground_truth, 2)
    assert set(table.columns) == set(CROPS_SCHEMA.names)
    assert len(table) == 12
    row = table.set_index(["identity", "image"]).loc[("bob", "1")]
    assert row["age_years"] == 77
    image, landmarks, _ = make_face(4)
    np.testing.assert_array_equal(
        decode_png(row["crop"]), align_arcface(image, landmarks.astype(np.float32))
    )


def test_face_without_label_is_one_line(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    write_table(read_table(tree.ground_truth)[1:], tree.ground_truth)
    with pytest.raises(IdfsrError, match=r"ground_truth\.parquet: found nothing on ann/0"):
        make_crops(tree.manifest, tree.landmarks, tree.root, tree.ground_truth, 1)
