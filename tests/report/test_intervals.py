import math

import numpy as np
import pytest
from scipy.stats import bootstrap, ttest_1samp

from idfsr.report.intervals import correct_holm, mean_interval


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


def test_p_value_counts_the_resamples_on_the_other_side() -> None:
    people = [str(number) for number in range(8)]
    # no resample of positive numbers has a mean of zero or less: the sample itself alone counts
    assert mean_interval(np.arange(1.0, 9.0), people, 999).p == 2 / 1000
    assert mean_interval(-np.arange(1.0, 9.0), people, 999).p == 2 / 1000
    assert mean_interval(np.zeros(8), people, 999).p == 1
    assert math.isnan(mean_interval(np.ones(3), ["a"] * 3, 99).p)
    open_question = mean_interval(np.array([1.0, -1.0] * 4), people, 999).p
    assert open_question > 0.5


def test_p_value_of_a_normal_mean() -> None:
    values = np.random.default_rng(0).normal(0.3, 1, size=60)
    expected = ttest_1samp(values, 0).pvalue
    found = mean_interval(values, [str(number) for number in range(60)], 20_000).p
    assert found == pytest.approx(expected, rel=0.35)


def test_holm_by_hand() -> None:
    # 0.01 x 4; 0.02 x 3; 0.03 x 2 is 0.06 as before; 0.9
    assert correct_holm([0.9, 0.02, 0.01, 0.03]) == [0.9, 0.06, 0.04, 0.06]
    assert correct_holm([0.4, 0.5]) == [0.8, 0.8]
    assert correct_holm([0.9, 0.8]) == [1, 1]
    assert correct_holm([]) == []


def test_holm_leaves_out_what_was_not_compared() -> None:
    first, second, third = correct_holm([0.01, math.nan, 0.04])
    assert (first, third) == (0.02, 0.04)
    assert math.isnan(second)
