"""95 % intervals by resampling people, not images.

Images of one person resemble each other, so an interval over images would be too narrow. The
percentile bootstrap of clusters: draw as many identities as there are, with replacement, and take
all their images (Efron and Tibshirani 1993, chapters 8 and 13). The same resamples say how likely a
mean of the other sign is, and Holm (1979) corrects that for the number of comparisons.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

BOOTSTRAP_SEED = 0
"""The resamples are the same in every run, for every method and metric."""

PERCENTILES = (2.5, 97.5)
"""Ends of a 95 % interval."""


@dataclass(frozen=True)
class Interval:
    """A mean over images with its 95 % interval over identities."""

    mean: float
    """NaN if there is no value."""
    lo: float
    """NaN if there are values of fewer than two identities."""
    hi: float
    """As `lo`."""
    num_identities: int
    """Identities with a value."""
    p: float
    """That the mean is zero, two-sided: twice the smaller share of resamples on either side of it,
    where zero counts for both and the sample itself for one more. NaN as `lo`."""


def mean_interval(
    values: Float[np.ndarray, "N"], identities: Sequence[str], num_bootstrap: int
) -> Interval:
    """Return the mean over images, and its interval over the identities they show.

    Args:
        values: One for each image; NaN where there is none, which does not count.
        identities: Whom each image shows, as long as `values`.
        num_bootstrap: Resamples.
    """
    known = ~np.isnan(values)
    names, owner = np.unique(np.asarray(identities, dtype=object)[known], return_inverse=True)
    if not len(names):
        return Interval(math.nan, math.nan, math.nan, 0, math.nan)
    sums = np.bincount(owner, weights=values[known])
    counts = np.bincount(owner)
    mean = float(sums.sum() / counts.sum())
    if len(names) == 1:
        return Interval(mean, math.nan, math.nan, 1, math.nan)
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    # How often each identity is drawn in each resample.
    draws = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=num_bootstrap)
    with np.errstate(invalid="ignore"):  # an infinite value has no interval
        means = (draws @ sums) / (draws @ counts)
        lo, hi = np.percentile(means, PERCENTILES)
    smaller = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = min(1.0, 2 * (1 + smaller) / (num_bootstrap + 1))
    return Interval(mean, float(lo), float(hi), len(names), p)


def correct_holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for the number of comparisons, so that one in twenty families has a mistake.

    Holm (1979): the smallest is multiplied by their number, the next by one less, and so on, and
    none is smaller than one before it.

    Args:
        p_values: Of one family; NaN stands where nothing was compared, and stays.
    """
    corrected = [math.nan] * len(p_values)
    known = sorted((p, at) for at, p in enumerate(p_values) if not math.isnan(p))
    largest = 0.0
    for rank, (p, at) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        corrected[at] = largest
    return corrected
