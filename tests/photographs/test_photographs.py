"""Own photographs: a person from a folder, and photographs in which they are restored."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from idfsr.config.types import ScaleFactor
from idfsr.errors import IdfsrError
from idfsr.photographs.apply import rank_references
from idfsr.photographs.blend import face_mask
from idfsr.photographs.choose import Wishes, choose_factor
from idfsr.photographs.fit import fit_person
from idfsr.photographs.likeness import LIKENESS
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.person import Person, load_person, save_person
from idfsr.photographs.restore import Restored, references_of, restore_photograph
from idfsr.photographs.trial import Trial
from tests.photographs.conftest import FACE, SIZE, draw, photograph

FORCED = Wishes(scale_factor=8, force=True)


def pixels(done: Restored) -> np.ndarray:
    """Return the values of what was restored."""
    assert done.image is not None
    return np.array(done.image)


def changed_columns(done: Restored, path: Path) -> list[int]:
    """Return the columns in which the restored photograph differs from the file's."""
    columns: list[int] = np.nonzero((pixels(done) != np.array(Image.open(path))).any(axis=(0, 2)))[
        0
    ].tolist()
    return columns


def make_trial(scale_factor: ScaleFactor, ids: float, psnr: float) -> Trial:
    return Trial(
        scale_factor=scale_factor,
        num_images=1,
        height=9.0,
        ids=(ids, 0.5),
        psnr=(psnr, 20.0),
        distance=(0.5, 0.5),
    )


def test_person_holds_what_a_restoration_needs(tmp_path: Path, person: Person) -> None:
    assert (person.name, person.model_digest, person.id_encoder) == ("ann", "model", "encoder")
    assert person.ref_images.shape == (3, SIZE, SIZE, 3)
    assert person.ref_crops.shape == (3, 112, 112, 3)
    np.testing.assert_allclose(person.ref_landmarks[0], FACE * SIZE, atol=0.1)
    np.testing.assert_allclose(person.ref_z_id.norm(dim=1), 1, rtol=1e-5)
    # one step of Adam from the embedding of a photograph
    assert 0 < (person.z_id - person.ref_z_id).norm(dim=1).min() < 0.1
    assert [trial.scale_factor for trial in person.trials] == [4, 8, 16, 32]
    path = tmp_path / "ann.safetensors"
    save_person(path, person)
    loaded = load_person(path, model_digest="model")
    assert torch.equal(loaded.z_id, person.z_id)
    assert torch.equal(loaded.ref_images, person.ref_images)
    assert (loaded.config, loaded.trials) == (person.config, person.trials)
    with pytest.raises(IdfsrError, match=r"ann\.safetensors: found model_digest model, wanted a"):
        load_person(path, model_digest="another")


def test_only_the_face_changes(tmp_path: Path, loaded: PhotographNetworks, person: Person) -> None:
    path = photograph(tmp_path / "in.png", (1, 7, 100))
    done = restore_photograph(path, person, loaded, FORCED)
    assert done.enlarged == 1
    changed = (pixels(done) != np.array(Image.open(path))).any(axis=2)
    rows, columns = np.nonzero(changed)
    mask_rows, mask_columns = np.nonzero(face_mask(64))
    assert rows.min() >= 20 + mask_rows.min() - 1
    assert rows.max() <= 20 + mask_rows.max() + 1
    assert columns.min() >= 100 + mask_columns.min() - 1
    assert columns.max() <= 100 + mask_columns.max() + 1
    assert changed[40:64, 120:144].mean() > 0.9
    again = restore_photograph(path, person, loaded, FORCED)
    np.testing.assert_array_equal(pixels(again), pixels(done))


def test_what_is_there_is_left_alone(
    tmp_path: Path, loaded: PhotographNetworks, person: Person
) -> None:
    image = draw((1, 7, 100))
    noise = np.random.default_rng(0).integers(0, 100, (64, 64, 3), dtype=np.uint8)
    image[20:84, 100:164] = image[20:84, 100:164] // 2 + noise + 11
    path = tmp_path / "in.png"
    Image.fromarray(image).save(path)
    for wishes in (Wishes(), Wishes(scale_factor=8)):
        done = restore_photograph(path, person, loaded, wishes)
        assert done.image is None
        assert "left alone: it has the detail of 64 px, more than the" in done.choices[0].describe()


def test_photograph_of_a_small_face_is_enlarged(
    tmp_path: Path, loaded: PhotographNetworks, person: Person
) -> None:
    path = photograph(tmp_path / "in.png", (1, 7, 100), side=12)
    done = restore_photograph(path, person, loaded, FORCED)
    assert done.enlarged == 3  # 12 pixels to 32
    assert pixels(done).shape == (300, 660, 3)
    assert (pixels(done)[:50] == 10).all()
    plain = Image.open(path).resize((660, 300), Image.Resampling.BICUBIC)
    same = (pixels(done) == np.array(plain)).all(axis=2)
    assert same[:, :300].all()
    assert same[:, 336:].all()
    assert not same[70:90, 310:326].all()


def test_the_person_is_found_among_others(
    tmp_path: Path, loaded: PhotographNetworks, person: Person
) -> None:
    path = photograph(tmp_path / "in.png", (2, 0, 10), (1, 7, 130))
    done = restore_photograph(path, person, loaded, FORCED)
    assert [choice.scale_factor for choice in done.choices] == [None, 8]
    assert "not ann, for whom a likeness of 0.4 is wanted" in done.choices[0].describe()
    assert done.choices[1].likeness > 0.9
    assert done.choices[0].likeness < LIKENESS
    assert min(changed_columns(done, path)) >= 130
    everybody = restore_photograph(
        path, person, loaded, dataclasses.replace(FORCED, all_faces=True)
    )
    assert [choice.scale_factor for choice in everybody.choices] == [8, 8]
    assert min(changed_columns(everybody, path)) < 74


def test_a_stranger_alone_is_left_alone(
    tmp_path: Path, loaded: PhotographNetworks, person: Person
) -> None:
    path = photograph(tmp_path / "in.png", (2, 0, 10))
    assert restore_photograph(path, person, loaded, FORCED).image is None


def test_of_two_that_are_like_the_person_one_is_taken(
    tmp_path: Path, loaded: PhotographNetworks, person: Person
) -> None:
    path = photograph(tmp_path / "in.png", (1, 5, 10), (1, 7, 130))
    choices = restore_photograph(path, person, loaded, FORCED).choices
    assert sorted(choice.scale_factor or 0 for choice in choices) == [0, 8]
    assert any("another face here is more like ann" in choice.reason for choice in choices)


def test_trials_decide_where_the_face_does_not(person: Person) -> None:
    trials = (make_trial(4, 0.4, 21.0), make_trial(8, 0.4, 19.0), make_trial(16, 0.7, 21.0))
    tried = dataclasses.replace(person, trials=trials)
    assert choose_factor(16.0, tried, 64, Wishes()) == (4, "")
    factor, reason = choose_factor(8.0, tried, 64, Wishes())
    assert factor is None
    assert "restoring does NOT help (IDS 0.400, enlarged 0.500; PSNR 19.00" in reason
    assert choose_factor(8.0, tried, 64, Wishes(force=True)) == (8, reason)
    assert choose_factor(4.0, tried, 64, Wishes())[0] is None  # not the person's face
    assert choose_factor(2.0, tried, 64, Wishes()) == (32, "nobody tried this size")
    assert choose_factor(30.0, tried, 64, Wishes())[0] is None  # too much detail


def test_reference_of_the_nearest_pose_comes_first(person: Person) -> None:
    landmarks = person.ref_landmarks.clone()
    landmarks[:2, 2, 0] += torch.tensor([4.0, 8.0])  # noses turned to the right
    turned = dataclasses.replace(person, ref_landmarks=landmarks)
    ranked = rank_references(references_of(turned), (FACE * SIZE).astype(np.float32))
    assert [item.row.image for item in ranked] == ["2", "0", "1"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("side", [12, 64])
def test_outside_the_mask_no_value_changes(
    tmp_path: Path,
    loaded: PhotographNetworks,
    person: Person,
    mode: str,
    orientation: int,
    side: int,
) -> None:
    """Files of any mode, lying or upright, at their size or enlarged."""
    image = Image.fromarray(draw((1, 7, 100), side=side))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    elif mode == "1":
        image = image.convert("L").point(lambda level: 255 * (level > 10)).convert("1")
    elif mode == "P":
        image = image.quantize(64, dither=Image.Dither.NONE)
    elif mode != "CMYK":
        image = image.convert(mode)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "Ann by the sea"
    path = tmp_path / ("in.tif" if mode == "CMYK" else "in.png")
    turned = {1: image, 3: image.rotate(180), 6: image.transpose(Image.Transpose.ROTATE_90)}
    turned[orientation].convert(mode if mode == "CMYK" else image.mode).save(path, exif=exif)
    wishes = dataclasses.replace(FORCED, all_faces=True)
    done = restore_photograph(path, person, loaded, wishes)
    assert done.image is not None
    scale = done.enlarged
    assert scale == (1 if side == 64 else 3)
    kept = {"1": "L", "P": "RGB", "CMYK": "RGB"}.get(mode, mode)
    assert done.image.mode == kept
    before = done.original.image
    assert before.mode == kept
    if mode != "CMYK":
        np.testing.assert_array_equal(np.array(before), np.array(image.convert(kept)))
    if scale > 1:
        before = before.resize((660, 300), Image.Resampling.BICUBIC)
    old, new = (
        np.array(each).reshape(100 * scale, 220 * scale, -1) for each in (before, done.image)
    )
    same = (old == new).all(axis=2)
    same[20 * scale : (20 + side) * scale, 100 * scale : (100 + side) * scale] = True
    assert same.all(), [(int(a.min()), int(a.max())) for a in np.nonzero(~same)]
    assert (old != new).any() or mode == "1"


def test_grey_stays_grey(tmp_path: Path, loaded: PhotographNetworks, person: Person) -> None:
    grey = draw((1, 7, 100)).mean(axis=2).astype(np.uint8)
    path = tmp_path / "in.png"
    Image.fromarray(np.repeat(grey[..., None], 3, axis=2)).save(path)
    wishes = dataclasses.replace(FORCED, all_faces=True)
    after = pixels(restore_photograph(path, person, loaded, wishes))
    assert (after[..., 0] != grey).any()
    np.testing.assert_array_equal(after[..., 0], after[..., 1])
    np.testing.assert_array_equal(after[..., 0], after[..., 2])


def test_bad_input_is_one_line(tmp_path: Path, loaded: PhotographNetworks, person: Person) -> None:
    empty = photograph(tmp_path / "nobody.png")
    with pytest.raises(IdfsrError, match=r"nobody\.png: found no face, wanted at least one"):
        restore_photograph(empty, person, loaded, FORCED)
    photograph(tmp_path / "bob" / "0.png", (2, 0, 30))
    photograph(tmp_path / "bob" / "1.png")
    with pytest.raises(IdfsrError, match=r"bob: found 1 photographs of one person among 2, wanted"):
        fit_person(tmp_path / "bob", loaded)
