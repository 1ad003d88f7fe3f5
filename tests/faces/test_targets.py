from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.errors import IdfsrError
from idfsr.faces.align import align_arcface
from idfsr.faces.targets import Face, make_target, read_faces, read_target
from idfsr.io.digests import file_digest
from idfsr.io.images import resize

from .face_tree import BOX, LANDMARKS, make_face, make_face_tree, photograph


def test_aligned_image_is_resized() -> None:
    image, landmarks, box = make_face(0)
    target = make_target(image, landmarks, box, "celebref_hq", 32)
    np.testing.assert_array_equal(target.gt_image, resize(image, (32, 32), "lanczos"))
    np.testing.assert_allclose(target.landmarks, landmarks / 4, rtol=1e-6)
    np.testing.assert_allclose(target.box, box / 4, rtol=1e-6)
    np.testing.assert_array_equal(target.id_crop, align_arcface(image, landmarks))


def test_whole_photograph_is_aligned() -> None:
    target = make_target(photograph(), LANDMARKS, BOX, "folder", 128)
    assert target.gt_image.shape == (128, 128, 3)
    template = np.array(FFHQ_LANDMARKS_512) / 4
    assert np.abs(target.landmarks - template).mean() < 2.5
    width, height = target.box[2:] - target.box[:2]
    assert height / width == pytest.approx((BOX[3] - BOX[1]) / (BOX[2] - BOX[0]), rel=1e-3)
    assert target.box[0] < template[:, 0].min() < template[:, 0].max() < target.box[2]


def test_aligned_image_must_be_square(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    path = tree.root / "ann" / "0.png"
    Image.fromarray(photograph()[:, :300]).save(path)
    faces = {("ann", "0"): Face(path, file_digest(path), BOX, LANDMARKS)}
    wanted = r"0\.png: found 300x512 pixels, wanted a square image for dataset.kind synthref"
    with pytest.raises(IdfsrError, match=wanted):
        read_target(faces, ("ann", "0"), "synthref", 64)


def test_a_photograph_that_changed_after_the_index_is_refused(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    faces = read_faces(tree.manifest, tree.landmarks, tree.root)
    assert read_target(faces, ("bob", "1"), "synthref", 64).gt_image.shape == (64, 64, 3)
    path = tree.root / "bob" / "1.png"
    path.write_bytes((tree.root / "bob" / "2.png").read_bytes())
    with pytest.raises(IdfsrError, match=r"bob/1\.png: found sha256 .* changed since the index"):
        read_target(faces, ("bob", "1"), "synthref", 64)


def test_joins_manifest_and_shards(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    faces = read_faces(tree.manifest, tree.landmarks, tree.root)
    assert len(faces) == 12
    _, landmarks, box = make_face(4)
    face = faces["bob", "1"]
    assert face.path == tree.root / "bob" / "1.png"
    np.testing.assert_allclose(face.landmarks, landmarks, rtol=1e-5)
    np.testing.assert_allclose(face.box, box, rtol=1e-5)
    target = read_target(faces, ("bob", "1"), "synthref", 64)
    np.testing.assert_allclose(target.landmarks, landmarks / 2, rtol=1e-5)


def test_image_without_landmarks_is_one_line() -> None:
    with pytest.raises(IdfsrError, match=r"ann/7: in the split but without landmarks"):
        read_target({}, ("ann", "7"), "synthref", 64)
