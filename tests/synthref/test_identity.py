import numpy as np
import pytest

from idfsr.synthref import shape as shapes
from idfsr.synthref.expression import EXPRESSIONS, unit_weights
from idfsr.synthref.identity import MAX_AGE, MIN_AGE, aging, sample_identity
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.pose import sample_photo
from idfsr.synthref.shape import opposite_targets, sample_shape


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
        assert 1 <= person.skin.tone <= 10
        assert person.mixture.sum() == pytest.approx(1)
        assert MIN_AGE <= person.age_years <= MAX_AGE
        assert person.gender == "male" or person.beard == 0
    assert all(person.skin.wrinkles == 0 for person in people if person.age_years < 35)
    assert all(person.skin.wrinkles > 0.4 for person in people if person.age_years > 62)
    assert aging(45.0) == pytest.approx(0.14, abs=0.01)
    assert {person.gender for person in people} == {"female", "male"}


def test_opposites_are_paired_once() -> None:
    names = ("nose/nose-hump-decr", "nose/nose-hump-incr", "chin/chin-triangle")
    assert opposite_targets(names) == [("nose/nose-hump-incr", "nose/nose-hump-decr")]


def test_directions_name_features_of_the_mesh(head: HeadModel) -> None:
    known = {name.split("/")[1].removeprefix("l-") for name in head.target_names}
    tables = [shapes.AVERAGE, shapes.MALE, shapes.OLD, *shapes.DIRECTIONS]
    assert {name for table in tables for name in table} <= known
    first_ends = tuple(f"-{one}" for one, _ in shapes.OPPOSITES)
    assert all(name.endswith(first_ends) for table in tables for name in table)


def test_age_and_sex_show_in_the_local_shape(head: HeadModel) -> None:
    def mean_weight(target: str, masculinity: float, age_years: float) -> float:
        one, other = (f"{target}-{end}" for end in ("incr", "decr"))
        draws = [
            sample_shape(
                np.random.default_rng(seed), head.target_names, np.eye(3)[0], masculinity, age_years
            )
            for seed in range(20)
        ]
        return float(np.mean([draw.get(one, 0.0) - draw.get(other, 0.0) for draw in draws]))

    bag, lip = "eyes/l-eye-bag", "mouth/mouth-upperlip-volume"
    assert mean_weight(bag, 1.0, 75.0) > mean_weight(bag, 1.0, 25.0) + 0.15
    assert mean_weight(lip, 1.0, 75.0) < mean_weight(lip, 1.0, 25.0) - 0.1
    assert mean_weight(lip, 1.0, 25.0) < mean_weight(lip, 0.0, 25.0) - 0.2


def test_a_quarter_has_a_mark(head: HeadModel) -> None:
    marks = [
        sample_identity("training", 0, number, head.target_names).skin.mark for number in range(400)
    ]
    assert marks.count("scar") == pytest.approx(36, abs=18)
    assert marks.count("mole") == pytest.approx(36, abs=18)
    assert marks.count("birthmark") == pytest.approx(32, abs=16)


def test_photos_vary_and_repeat() -> None:
    photos = [sample_photo("demo", 0, 1, image) for image in range(400)]
    assert {photo.expression for photo in photos} == set(EXPRESSIONS)
    assert np.std([photo.yaw for photo in photos]) == pytest.approx(15, rel=0.15)
    assert np.std([photo.pitch for photo in photos]) == pytest.approx(6, rel=0.15)
    assert sample_photo("demo", 0, 1, 5).yaw == photos[5].yaw
    assert sample_photo("training", 0, 1, 5).yaw != photos[5].yaw


def test_half_of_the_images_are_neutral_or_smile() -> None:
    photos = [sample_photo("demo", 0, person, 0) for person in range(600)]
    expressions = [photo.expression for photo in photos]
    assert expressions.count("neutral") + expressions.count("happy") > 300
    assert expressions.count("happy") > expressions.count("neutral")
    others = [photo.strength for photo in photos if photo.expression not in {"neutral", "happy"}]
    assert 0.4 <= min(others) < max(others) <= 0.9


def test_both_sides_of_an_expression_are_alike(head: HeadModel) -> None:
    for expression in EXPRESSIONS:
        weights = unit_weights(expression, 1.0, np.full(3, 1 / 3), head.target_names)
        for name, weight in weights.items():
            assert weights[name.replace("-left-", "-right-").replace("/l-", "/r-")] == weight


def test_a_broad_smile_shows_teeth(head: HeadModel) -> None:
    names, mixture = head.target_names, np.full(3, 1 / 3)
    closed, broad = (unit_weights("happy", strength, mixture, names) for strength in (0.5, 1.0))
    assert closed["expression/asian/mouth-parling"] == 0
    assert broad["expression/asian/mouth-parling"] > 0
