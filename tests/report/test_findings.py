import dataclasses

import pytest

from idfsr.report.findings import find_headline
from idfsr.report.page import PageInputs, read_numbers
from idfsr.report.page_tables import RunNumbers


@pytest.fixture
def numbers(made_run: tuple[object, PageInputs]) -> RunNumbers:
    return read_numbers(made_run[1])


def test_headline_is_the_distance_of_the_fit(numbers: RunNumbers) -> None:
    paired = numbers.paired.assign(p_holm=0.01)
    first, _ = find_headline(dataclasses.replace(numbers, paired=paired))
    assert (first.label, first.value) == ("IDFSR (FT)", "0.3060")
    pretrained, other = first.comparisons
    assert (pretrained.against, pretrained.value) == ("IDFSR (PT)", "0.5060")
    assert (pretrained.difference, pretrained.verdict) == ("\N{MINUS SIGN}0.2000", "better")
    assert (other.against, other.value) == ("the best other, CodeFormer", "0.7060")
    by_place = sorted(first.dots, key=lambda dot: dot.at)
    assert [dot.label for dot in by_place] == [
        "IDFSR (FT)", "IDFSR (PT)", "CodeFormer", "Bicubic",
    ]  # fmt: skip
    assert all(0 <= dot.lo <= dot.at <= dot.hi <= 1 for dot in first.dots)


def test_what_cannot_be_told_apart_is_open(numbers: RunNumbers) -> None:
    paired = numbers.paired.assign(p_holm=0.5)
    first, _ = find_headline(dataclasses.replace(numbers, paired=paired))
    assert {found.verdict for found in first.comparisons} == {"open"}


def test_best_method_where_none_was_fitted(numbers: RunNumbers) -> None:
    table = numbers.table1[numbers.table1["method"] != "idfsr-ft"]
    paired = numbers.paired.iloc[:0]
    first, _ = find_headline(dataclasses.replace(numbers, table1=table, paired=paired))
    assert (first.label, first.comparisons) == ("IDFSR (PT)", [])


def test_nothing_without_a_distance(numbers: RunNumbers) -> None:
    table = numbers.table1.drop(columns="ids_sface")
    assert find_headline(dataclasses.replace(numbers, table1=table)) == []
