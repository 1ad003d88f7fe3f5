import numpy as np
import pytest

from idfsr.data.synthref.identity import MAX_AGE, MIN_AGE, sample_identity
from idfsr.data.synthref.mesh import HeadModel
from idfsr.data.synthref.pose import EXPRESSIONS, sample_photo
from idfsr.data.synthref.shape import opposite_targets


def test_populations_share_nobody(head: HeadModel) -> None:
    people = {
        tuple(np.round(list(person.shape.values())[:40], 6))
        for population in ("demo", "training")
        for number in range(1, 31)
        for person in [sample_identity(population, 0, number, head.target_names)]
    }
    assert len(people) == 60


def test_a_person_does_not_depend_on_others(head: HeadModel) -> None:
    first = sample_identity("demo", 7, 12, head.target_names)
    sample_identity("demo", 7, 13, head.target_names)
    again = sample_identity("demo", 7, 12, head.target_names)
    assert first.shape == again.shape
    assert first.hair.style == again.hair.style
    assert sample_identity("demo", 8, 12, head.target_names).shape != first.shape


def test_labels_agree_with_what_is_drawn(head: HeadModel) -> None:
    people = [sample_identity("demo", 3, number, head.target_names) for number in range(1, 150)]
    for person in people:
        races = dict(zip(("african", "asian", "caucasian"), person.race_weights, strict=True))
        assert max(races, key=races.__getitem__) == person.race
        assert MIN_AGE <= person.age_years <= MAX_AGE
        assert person.gender == "male" or person.beard == 0
    old = [person.skin.wrinkles for person in people if person.age_years > 60]
    young = [person.skin.wrinkles for person in people if person.age_years < 30]
    assert min(old) > max(young)
    assert {person.race for person in people} == {"african", "asian", "caucasian"}
    assert {person.gender for person in people} == {"female", "male"}


def test_opposites_are_paired_once() -> None:
    names = ("nose/nose-hump-decr", "nose/nose-hump-incr", "chin/chin-triangle")
    assert opposite_targets(names) == [("nose/nose-hump-incr", "nose/nose-hump-decr")]


def test_photos_vary_and_repeat() -> None:
    photos = [sample_photo("demo", 0, 1, image) for image in range(400)]
    assert {photo.expression for photo in photos} == set(EXPRESSIONS)
    assert np.std([photo.yaw for photo in photos]) == pytest.approx(14, rel=0.15)
    assert np.std([photo.pitch for photo in photos]) == pytest.approx(7, rel=0.15)
    assert sample_photo("demo", 0, 1, 5).yaw == photos[5].yaw
    assert sample_photo("training", 0, 1, 5).yaw != photos[5].yaw
