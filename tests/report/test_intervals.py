import math

import numpy as np
import pytest
from scipy.stats import bootstrap

from idfsr.report.intervals import mean_interval


def test_mean_is_over_images_not_identities() -> None:
    interval = mean_interval(np.array([1.0, 1.0, 1.0, 5.0]), ["a", "a", "a", "b"], 100)
    assert interval.mean == 2
    assert interval.num_identities == 2


def test_interval_of_a_constant_is_the_constant() -> None:
    interval = mean_interval(np.full(6, 0.25), list("aabbcc"), 100)
    assert (interval.mean, interval.lo, interval.hi) == (0.25, 0.25, 0.25)


def test_two_identities_have_three_possible_resamples() -> None:
    # aa, ab and ba, bb with chances 1/4, 1/2, 1/4: means 1, 2 and 5
    interval = mean_interval(np.array([1.0, 1.0, 1.0, 5.0]), ["a", "a", "a", "b"], 1000)
    assert (interval.lo, interval.hi) == (1, 5)


def test_agrees_with_scipy_where_every_identity_has_one_image() -> None:
    values = np.random.default_rng(0).normal(size=40)
    found = mean_interval(values, [str(number) for number in range(40)], 20_000)
    expected = bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=1
    ).confidence_interval
    assert found.lo == pytest.approx(expected.low, abs=0.02)
    assert found.hi == pytest.approx(expected.high, abs=0.02)


def test_images_of_one_person_do_not_narrow_the_interval() -> None:
    values = np.random.default_rng(0).normal(size=10)
    people = [str(number) for number in range(10)]
    single = mean_interval(values, people, 500)
    repeated = mean_interval(np.repeat(values, 7), np.repeat(people, 7).tolist(), 500)
    assert (repeated.lo, repeated.hi) == pytest.approx((single.lo, single.hi))


def test_missing_values_do_not_count() -> None:
    interval = mean_interval(np.array([1.0, math.nan, 3.0]), ["a", "b", "c"], 100)
    assert interval.mean == 2
    assert interval.num_identities == 2


@pytest.mark.parametrize(
    ("values", "identities", "mean"), [([], [], math.nan), ([1.0, 3.0], ["a", "a"], 2.0)]
)
def test_fewer_than_two_identities_have_no_interval(
    values: list[float], identities: list[str], mean: float
) -> None:
    interval = mean_interval(np.array(values), identities, 100)
    assert interval.mean == pytest.approx(mean, nan_ok=True)
    assert math.isnan(interval.lo)
    assert math.isnan(interval.hi)


def test_infinite_value_has_no_interval() -> None:
    interval = mean_interval(np.array([1.0, math.inf]), ["a", "b"], 100)
    assert interval.mean == math.inf
    assert math.isnan(interval.lo)
