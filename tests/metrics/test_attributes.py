import numpy as np

from idfsr.constants import EXPRESSIONS, GENDERS
from idfsr.metrics.attributes import compare_attributes


def seen(age: list[float], gender: list[int], expression: list[int]) -> dict:
    names = {"gender": gender, "expression": expression}
    return {"age": np.array(age)} | {name: np.array(x) for name, x in names.items()}


def test_agreement_by_hand() -> None:
    gt = seen([30.0, 41.5], [0, 1], [6, 3])
    sr = seen([35.0, 40.0], [0, 0], [6, 6])
    columns = compare_attributes(sr, gt)
    assert columns["acc_gender_embedded"].tolist() == [1, 0]
    assert columns["acc_expression_embedded"].tolist() == [1, 0]
    assert columns["age_diff_embedded"].tolist() == [5, 1.5]
    assert columns["gt_age_embedded"].tolist() == [30, 41.5]
    assert columns["sr_age_embedded"].tolist() == [35, 40]


def test_classes_are_written_out() -> None:
    gt, sr = seen([1.0], [0], [3]), seen([2.0], [1], [6])
    columns = compare_attributes(sr, gt)
    assert columns["gt_gender_embedded"].tolist() == [GENDERS[0]]
    assert columns["sr_gender_embedded"].tolist() == [GENDERS[1]]
    assert columns["gt_expression_embedded"].tolist() == [EXPRESSIONS[3]] == ["happy"]
    assert columns["sr_expression_embedded"].tolist() == [EXPRESSIONS[6]] == ["neutral"]
