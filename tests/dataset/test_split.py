import pandas as pd
import pytest

from idfsr.config.split import SplitConfig
from idfsr.dataset.split import halve, split_images, summarise
from idfsr.errors import IdfsrError


def people(num_identities: int, num_images: int) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"identity": f"{identity:05d}", "image": str(image), "copy_of": "", "status": "ok"}
            for identity in range(num_identities)
            for image in range(num_images)
        ]
    )


def identities(split: pd.DataFrame, *parts: str) -> set[str]:
    return set(split.loc[split["part"].isin(parts), "identity"])


def test_a_tenth_is_tested_and_halved() -> None:
    split = split_images(people(40, 7), SplitConfig(), seed=0)
    assert len(split) == 280
    test = identities(split, "test")
    assert len(test) == 4
    assert identities(split, "fit") == test
    assert not test & identities(split, "pretrain")
    for part, num_images in (("fit", 3), ("test", 4)):
        counts = split.loc[split["part"] == part, "identity"].value_counts()
        assert set(counts) == {num_images}
    assert (split["reason"] == "").all()
    assert split[["identity", "image"]].apply(tuple, axis=1).is_monotonic_increasing


def test_every_identity_is_as_likely() -> None:
    # 200 draws of 2 of 20: each is drawn 20 times on average, with a deviation of 4.2
    drawn = pd.Series(
        [
            identity
            for seed in range(200)
            for identity in identities(split_images(people(20, 4), SplitConfig(), seed), "test")
        ]
    ).value_counts()
    assert len(drawn) == 20
    assert drawn.min() >= 5
    assert drawn.max() <= 40


def test_order_of_the_files_does_not_matter() -> None:
    quality = people(40, 8)
    shuffled = quality.sample(frac=1, random_state=1)
    expected = split_images(quality, SplitConfig(), seed=3)
    pd.testing.assert_frame_equal(split_images(shuffled, SplitConfig(), seed=3), expected)
    assert not split_images(quality, SplitConfig(), seed=4).equals(expected)


def test_membership_is_stable_when_an_identity_leaves() -> None:
    quality = people(100, 4)
    before = identities(split_images(quality, SplitConfig(), seed=0), "test")
    for gone in ("00003", min(before)):
        fewer = quality[quality["identity"] != gone]
        after = identities(split_images(fewer, SplitConfig(), seed=0), "test")
        assert len(before - {gone} - after) == 0
        assert len(after - before) <= 1


def test_halves_are_stable_when_an_image_leaves() -> None:
    images = [str(image) for image in range(10)]
    fit, test = halve("ann", images, seed=0)
    assert sorted(fit + test) == sorted(images)
    fit_after, _ = halve("ann", [image for image in images if image != test[0]], seed=0)
    assert len(fit) == 5
    assert set(fit_after) < set(fit)
    assert halve("bob", images, seed=0)[0] != fit


def test_literal_membership() -> None:
    # `printf 0/ann | sha256sum` begins with ee1b, bob's with dbcb, cat's with c18c, dan's with 8065
    quality = pd.DataFrame(
        [
            {"identity": name, "image": str(image), "copy_of": "", "status": "ok"}
            for name in ("ann", "bob", "cat", "dan")
            for image in range(4)
        ]
    )
    split = split_images(quality, SplitConfig(test_fraction=0.5), seed=0)
    assert identities(split, "test") == {"cat", "dan"}


def test_small_sampled_identities_are_left_out_of_everything() -> None:
    quality = people(20, 4)
    sampled = identities(split_images(quality, SplitConfig(), seed=0), "test")
    small, large = sorted(sampled)
    quality.loc[(quality["identity"] == small) & (quality["image"] == "2"), "status"] = "truncated"
    split = split_images(quality, SplitConfig(), seed=0)
    assert identities(split, "test") == {large}
    rows = split[split["identity"] == small]
    assert set(rows["part"]) == {"left_out"}
    few = "few images: 3 of the sampled identity, below 4"
    assert rows["reason"].tolist() == [few, few, "truncated", few]


def test_representative_identities_are_added() -> None:
    quality = people(20, 4)
    drawn = identities(split_images(quality, SplitConfig(), seed=0), "test")
    extra = min(set(quality["identity"]) - drawn)
    config = SplitConfig(representative=(extra, min(drawn)))
    assert identities(split_images(quality, config, seed=0), "test") == drawn | {extra}


def test_unknown_representative_is_named() -> None:
    with pytest.raises(IdfsrError, match=r"split\.representative: 00099 has 0 usable images"):
        split_images(people(20, 4), SplitConfig(representative=("00099",)), seed=0)


def test_small_representative_is_named() -> None:
    config = SplitConfig(representative=("00001",), min_images=5)
    with pytest.raises(IdfsrError, match=r"00001 has 4 usable images, wanted at least .*, 5"):
        split_images(people(20, 4), config, seed=0)


def test_no_test_identity() -> None:
    with pytest.raises(IdfsrError, match="no test identity remains: none of the 2 sampled"):
        split_images(people(20, 3), SplitConfig(), seed=0)


def test_no_usable_image() -> None:
    with pytest.raises(IdfsrError, match="none of 6 images is usable"):
        split_images(people(2, 3).assign(status="no face"), SplitConfig(), seed=0)


def test_summary_counts_parts_and_kinds_of_reason() -> None:
    quality = people(20, 5)
    quality.loc[3, "status"] = "blurred: sharpness 1.5 below 20"
    quality.loc[8, "status"] = "blurred: sharpness 9.2 below 20"
    quality.loc[9, "status"] = "no face"
    split = split_images(quality, SplitConfig(min_images=4), seed=0)
    rows = summarise(split).to_numpy().tolist()
    assert [row[:2] for row in rows] == [
        ["pretrain", ""], ["fit", ""], ["test", ""], ["left_out", ""],
        ["left_out", "blurred"], ["left_out", "no face"],
    ]  # fmt: skip
    assert [row[2:] for row in rows][3:] == [[2, 3], [2, 2], [1, 1]]
    assert rows[1][2] == rows[2][2] == 2
    assert sum(row[3] for row in rows[:4]) == 100


@pytest.mark.parametrize("num_identities", [1, 2])
def test_too_few_people_are_told_what_to_do(num_identities: int) -> None:
    with pytest.raises(IdfsrError, match=rf"found {num_identities} people .* wanted 3 .*idfsr fit"):
        split_images(people(num_identities, 8), SplitConfig(), seed=0)


def test_nobody_left_to_train_on_is_said() -> None:
    split = split_images(people(3, 8), SplitConfig(), seed=0)
    assert len(identities(split, "pretrain")) == 2
    config = SplitConfig(representative=("00000", "00001", "00002"))
    with pytest.raises(IdfsrError, match=r"0 of 3 people are left to train on, wanted 2 or more"):
        split_images(people(3, 8), config, seed=0)


def test_copies_count_as_one_photograph_and_stay_together() -> None:
    quality = pd.DataFrame(
        [
            {"identity": f"{identity:05d}", "image": str(image), "copy_of": "", "status": "ok"}
            for identity in range(10)
            for image in range(8)
        ]
    )
    quality.loc[quality["image"].isin(["4", "5"]), "copy_of"] = "0"
    quality.loc[quality["image"].isin(["6", "7"]), "copy_of"] = "1"
    config = SplitConfig(test_fraction=0.5, min_images=4)
    split = split_images(quality, config, 0)
    tested = split[split["part"] != "pretrain"].merge(quality, on=["identity", "image"])
    assert set(tested["part"]) == {"fit", "test"}
    shown = tested["copy_of"].where(tested["copy_of"] != "", tested["image"])
    assert tested.groupby([tested["identity"], shown])["part"].nunique().max() == 1
    quality.loc[quality["image"] == "3", "copy_of"] = "2"
    with pytest.raises(IdfsrError, match="no test identity remains"):
        split_images(quality, config, 0)
