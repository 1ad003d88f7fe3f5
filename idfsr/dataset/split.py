"""Who is trained on and who is tested (IDFSR, "Datasets").

A share of the identities is sampled for the test, uniformly. Sampled identities with few images
are left out of everything, named ones are added, and each test identity's images are halved into
fit and test. The paper does not say which part gets the odd image: here the test does, so that
fitting never has more than half (docs/decisions/0017).

An identity is drawn by the rank of a hash of (seed, identity), an image by that of (seed,
identity, image). Copies of a photograph count as one and stay together. So the order of the files
does not matter, and an identity that comes or goes, or an image, moves at most those at the edge of
the rank: what was tested stays tested.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Collection, Mapping

import pandas as pd

from idfsr.config.split import SplitConfig
from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY, OK, reason_kind

logger = logging.getLogger(__name__)

PARTS = ("pretrain", "fit", "test", "left_out")

MIN_PRETRAIN_IDENTITIES = 2
"""The LR detector learns from some and is measured on others."""


def _rank(names: list[str], seed: int) -> list[str]:
    """Sort names in an order that is random to the eye but fixed by each name and the seed."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())


def sample_test_identities(
    num_images: Mapping[str, int], config: SplitConfig, seed: int
) -> set[str]:
    """Draw the identities of the test, before those with few images are left out.

    Args:
        num_images: Usable images of each identity, at least one.
        config: The share to draw and the identities to add.
        seed: Of the draw.

    Returns:
        The share of the identities, rounded but at least one, and the representative ones.

    Raises:
        IdfsrError: A representative identity is unknown or has too few images.
    """
    for identity in config.representative:
        found = num_images.get(identity, 0)
        if found < config.min_images:
            message = (
                f"split.representative: {identity} has {found} usable images, "
                f"wanted at least split.min_images, {config.min_images}"
            )
            raise IdfsrError(message)
    num_sampled = max(1, round(config.test_fraction * len(num_images)))
    return {*_rank(list(num_images), seed)[:num_sampled], *config.representative}


def halve(identity: str, images: Collection[str], seed: int) -> tuple[list[str], list[str]]:
    """Divide an identity's images into fit and test; test has one more if they are odd."""
    keys = _rank([f"{identity}/{image}" for image in images], seed)
    ranked = [key.removeprefix(f"{identity}/") for key in keys]
    middle = len(ranked) // 2
    return ranked[:middle], ranked[middle:]


def _originals(images: pd.DataFrame) -> "pd.Series[str]":
    """Return for each image the photograph that it shows: its own name, or that of the first copy.

    Where the first one is not used, its copies still belong together under its name.
    """
    return images["copy_of"].where(images["copy_of"] != "", images["image"])


def _sample(num_images: Counter[str], config: SplitConfig, seed: int) -> tuple[set[str], set[str]]:
    """Draw the people to test on; the second set are those of them who have too few images.

    Raises:
        IdfsrError: No test identity remains, too few people are left to train on, or see
            `sample_test_identities`.
    """
    sampled = sample_test_identities(num_images, config, seed)
    small = {identity for identity in sampled if num_images[identity] < config.min_images}
    if sampled == small:
        message = (
            f"split: no test identity remains: none of the {len(sampled)} sampled has "
            f"split.min_images, {config.min_images}, usable images"
        )
        raise IdfsrError(message)
    num_left = len(num_images) - len(sampled)
    if num_left < MIN_PRETRAIN_IDENTITIES:
        message = (
            f"split: {num_left} of {len(num_images)} people are left to train on, wanted "
            f"{MIN_PRETRAIN_IDENTITIES} or more: a smaller split.test_fraction or fewer in "
            "split.representative"
        )
        raise IdfsrError(message)
    return sampled, small


def split_images(quality: pd.DataFrame, config: SplitConfig, seed: int) -> pd.DataFrame:
    """Give every image its part.

    Args:
        quality: Columns identity, image, copy_of and status, "ok" or why the image is left out.
        config: How to draw.
        seed: Of the draw.

    Returns:
        Columns identity, image, part (one of `PARTS`) and reason (empty unless left out), a row
        for each row of `quality`, sorted by identity and image.

    Raises:
        IdfsrError: No image is usable, too few people are there for a training and a test, no test
            identity remains, or see `sample_test_identities`.
    """
    usable = quality[quality["status"] == OK]
    if usable.empty:
        message = f"split: none of {len(quality)} images is usable, wanted status {OK!r}"
        raise IdfsrError(message)
    originals = _originals(usable)
    shown = zip(usable["identity"], originals, strict=True)
    num_images = Counter(identity for identity, _ in dict.fromkeys(shown))
    if len(num_images) <= MIN_PRETRAIN_IDENTITIES:
        message = (
            f"split: found {len(num_images)} people with usable images, wanted "
            f"{MIN_PRETRAIN_IDENTITIES + 1} or more; for the photographs of one person there is "
            "`idfsr fit --identity-dir`"
        )
        raise IdfsrError(message)
    sampled, small = _sample(num_images, config, seed)
    table = quality[KEY].assign(part="pretrain", reason="")
    for identity in sorted(sampled - small):
        rows = usable.index[usable["identity"] == identity]
        fit, _ = halve(identity, set(originals[rows]), seed)
        table.loc[rows, "part"] = ["fit" if name in fit else "test" for name in originals[rows]]
    rejected = quality["status"] != OK
    table.loc[rejected, "reason"] = quality.loc[rejected, "status"]
    few = ~rejected & table["identity"].isin(small)
    counts = table.loc[few, "identity"].map(num_images)
    table.loc[few, "reason"] = [
        f"few images: {count} of the sampled identity, below {config.min_images}"
        for count in counts
    ]
    table.loc[rejected | few, "part"] = "left_out"
    return table.sort_values(KEY, ignore_index=True)


def summarise(split: pd.DataFrame) -> pd.DataFrame:
    """Count the identities and images of each part and of each kind of reason.

    Returns:
        Columns part, reason, num_identities, num_images: a row for each of `PARTS` with an empty
        reason, then a row for each kind of reason, the most frequent first.
    """

    def count(images: pd.DataFrame, part: str, reason: str) -> dict[str, str | int]:
        return {
            "part": part,
            "reason": reason,
            "num_identities": images["identity"].nunique(),
            "num_images": len(images),
        }

    rows = [count(split[split["part"] == part], part, "") for part in PARTS]
    left_out = split[split["part"] == "left_out"]
    kinds = left_out["reason"].map(reason_kind)
    rows += [
        count(left_out[kinds == kind], "left_out", kind) for kind in kinds.value_counts().index
    ]
    summary = pd.DataFrame(rows)
    logger.info("\n%s", summary.to_string(index=False))
    return summary
