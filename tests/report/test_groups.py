"""Table 1 by groups of people."""

import pandas as pd
import pytest

from idfsr.config.metrics import MetricsConfig
from idfsr.report.groups import build_groups, find_groups, lay_out_groups
from idfsr.report.intervals import mean_interval
from idfsr.report.layout import scale_label

METHODS = ("bicubic", "idfsr-ft")
CONFIG = MetricsConfig(table1=("psnr", "ids_sface", "mobilenetv2_fd"), num_bootstrap=200)
PEOPLE = [f"{number:05d}" for number in range(8)]


@pytest.fixture
def images() -> pd.DataFrame:
    """Eight people with two images each; the last two people are seen as women of 60."""
    rows = [
        {
            "identity": person, "image": str(image), "method": method, "scale_factor": scale_factor,
            "psnr": 20.0 + number + image + (method == "idfsr-ft"), "ids_sface": 0.5,
            "gt_gender_embedded": "female" if number > 5 else "male",
            "gt_age_embedded": 60.0 if number > 5 else 29.0 + image,
        }
        for scale_factor in (8, 16)
        for method in METHODS
        for number, person in enumerate(PEOPLE)
        for image in range(2)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def truth() -> pd.DataFrame:
    """What the renderer knows of the same people: two images of each."""
    once = pd.DataFrame(
        {
            "identity": PEOPLE, "gender": ["female"] * 5 + ["male"] * 3,
            "age_years": [29.9, 30.0, 49.9, 50.0, 20, 20, 20, 20],
            "skin_tone": [1, 3, 4, 6, 7, 10, 1, 1], "race": "of a hand-made table",
        }
    )  # fmt: skip
    return pd.concat([once, once])


def test_the_renderer_knows_its_people_who_have_no_race(
    images: pd.DataFrame, truth: pd.DataFrame
) -> None:
    images = images.assign(gt_race="seen by a network all the same")
    groups, source = find_groups(images, truth)
    assert source == "the renderer"
    assert groups.columns.tolist() == ["identity", "gender", "age", "skin tone"]
    assert groups["age"].tolist() == [
        "under 30", "30 to 49", "30 to 49", "50 and over", *["under 30"] * 4
    ]  # fmt: skip
    assert groups["skin tone"].tolist() == [
        "tones 1 to 3", "tones 1 to 3", "tones 4 to 6", "tones 4 to 6",
        "tones 7 to 10", "tones 7 to 10", "tones 1 to 3", "tones 1 to 3",
    ]  # fmt: skip


def test_of_photographs_a_network_says_what_it_sees_in_most(images: pd.DataFrame) -> None:
    groups, source = find_groups(images, None)
    assert source == "the embedded attribute network"
    assert groups.set_index("identity").loc["00000"].tolist() == ["male", "under 30"]
    assert groups.set_index("identity").loc["00007"].tolist() == ["female", "50 and over"]
    images = images.assign(gt_race="asian", gt_gender="Man")
    images.loc[(images["identity"] == "00000") & (images["image"] == "0"), "gt_race"] = None
    groups, source = find_groups(images, None)
    assert source == "DeepFace"
    assert groups.columns.tolist() == ["identity", "gender", "race"]
    assert set(groups["race"]) == {"asian"}


def test_means_have_intervals_over_people_and_few_people_have_neither(
    images: pd.DataFrame, truth: pd.DataFrame
) -> None:
    table = build_groups(images, truth, METHODS, CONFIG)
    assert "mobilenetv2_fd" not in table
    assert list(dict.fromkeys(table["attribute"])) == ["gender", "age", "skin tone"]
    rows = table.set_index(["attribute", "group", "method", "scale_factor"]).sort_index()
    women = rows.loc[("gender", "female", "idfsr-ft", 8)]
    values = images[(images["method"] == "idfsr-ft") & (images["scale_factor"] == 8)].head(10)
    wanted = mean_interval(values["psnr"].to_numpy(), values["identity"].tolist(), 200)
    assert women["psnr"] == 23.5
    assert (women["psnr_lo"], women["psnr_hi"]) == (wanted.lo, wanted.hi)
    assert (women["num_images"], women["num_identities"], women["note"]) == (10, 5, "")
    men = rows.loc[("gender", "male", "idfsr-ft", 8)]
    assert men["note"] == "fewer than 5 people"
    assert men[["psnr", "psnr_lo", "psnr_hi", "ids_sface"]].isna().all()
    numbered = table[table["note"] == ""]
    assert numbered[["psnr_lo", "psnr_hi"]].notna().all(axis=None)
    assert table["num_identities"][table["attribute"] == "gender"].sum() == 8 * 4


def test_the_page_shows_the_fitted_model(images: pd.DataFrame, truth: pd.DataFrame) -> None:
    tables = lay_out_groups(build_groups(images, truth, METHODS, CONFIG), CONFIG)
    assert [table.title for table in tables] == [
        f"IDFSR (FT), {scale_label(factor)}" for factor in (8, 16)
    ]
    shown = [(row.attribute, row.group, row.num_people, row.note) for row in tables[0].rows]
    assert shown[:5] == [
        ("gender", "female", 5, ""),
        ("", "male", 3, "fewer than 5 people"),
        ("age", "under 30", 5, ""),
        ("", "30 to 49", 2, "fewer than 5 people"),
        ("", "50 and over", 1, "fewer than 5 people"),
    ]
    assert tables[0].rows[0].cells[0][0] == "23.50"
    assert tables[0].rows[1].cells == []


def test_nothing_is_known(images: pd.DataFrame) -> None:
    images = images.drop(columns=["gt_gender_embedded", "gt_age_embedded"])
    table = build_groups(images, None, METHODS, CONFIG)
    assert table.empty
    assert lay_out_groups(table, CONFIG) == []
