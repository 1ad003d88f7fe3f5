"""What a reader has to know beside the tables, from what the tables hold."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from idfsr.config.metrics import MetricsConfig
from idfsr.metrics.engine.registry import find_families, find_metrics
from idfsr.report.layout import Column, method_label, metric_columns, scale_label
from idfsr.report.leaks import Marks, describe_leaks
from idfsr.report.networks import describe_networks
from idfsr.report.paper import COLUMNS
from idfsr.report.tables import records


def describe(names: Sequence[str], config: MetricsConfig) -> list[str]:
    """Say what some metrics are, and what was chosen where the paper leaves it open."""
    notes = [metric.note for metric in find_metrics(names)]
    return [
        *(note if isinstance(note, str) else note(config) for note in notes),
        *_own_calls(names, config),
    ]


def _own_calls(names: Sequence[str], config: MetricsConfig) -> Iterator[str]:
    """Say which metrics the packages computed by themselves, if any."""
    titles = [
        metric.title
        for metric in find_metrics(names)
        for family in find_families([metric.name]).values()
        if family.by_package and config.engine == "library"
    ]
    if titles:
        yield (
            f"By the packages' own calls, image by image (metrics.engine: library): "
            f"{', '.join(titles)}."
        )


def _scope(table: pd.DataFrame) -> str:
    parts = [
        f"{scale_label(row['scale_factor'])}: {row['num_images']} test images "
        f"of {row['num_identities']} identities"
        for row in records(_largest(table).drop_duplicates("scale_factor"))
    ]
    return f"{'; '.join(parts)}. None of them was in the pretraining."


def _count_faces(table: pd.DataFrame) -> Iterator[str]:
    """Say where DeepFace's detector failed, if the table holds that."""
    if "num_sr_without_face" not in table or table["num_sr_without_face"].isna().all():
        return
    restored = [
        f"{row['num_sr_without_face']:.0f} of {method_label(row['method'])} "
        f"{scale_label(row['scale_factor'])}"
        for row in records(table)
        if row["num_sr_without_face"] > 0
    ]
    yield (
        f"DeepFace found no face in {table['num_gt_without_face'].max():.0f} of the ground truths "
        f"and in these restored images: {', '.join(restored) or 'none'}."
    )


def _few_images(table: pd.DataFrame, names: Sequence[str]) -> Iterator[str]:
    num_images = table["num_images"].min()
    for metric in find_metrics(names):
        if num_images < metric.stable_images:
            yield (
                f"{metric.title} of {num_images} images, fewer than its {metric.stable_images} "
                "features: it is biased upwards, and to be compared at equal numbers of images "
                "only."
            )


def _compare_with_paper(names: Sequence[str]) -> str:
    """Say which numbers may stand beside the paper's."""
    of_the_paper = {column.key for columns in COLUMNS.values() for column in columns}
    titles = [metric.title for metric in find_metrics(names) if metric.name in of_the_paper]
    known = " and ".join(filter(None, (", ".join(titles[:-1]), *titles[-1:]))) or "none"
    alone = "" if len(titles) == len(set(names)) else " alone"
    return (
        f"Of these metrics the paper has {known}{alone}, and only a run on CelebRef-HQ has its "
        "data: no other number may be compared with the paper's."
    )


def _largest(table: pd.DataFrame) -> pd.DataFrame:
    """Put the rows with the most images of each scale factor first."""
    return table.sort_values(["scale_factor", "num_images"], ascending=[True, False], kind="stable")


def _not_restored(table: pd.DataFrame) -> Iterator[str]:
    most = table.groupby("scale_factor")["num_images"].transform("max")
    parts = [
        f"{method_label(row['method'])} {scale_label(row['scale_factor'])} "
        f"{row['most'] - row['num_images']} of {row['most']}{_because(row)}"
        for row in records(table.assign(most=most)[table["num_images"] < most])
    ]
    if parts:
        yield (
            f"Images that a method could not restore, which its row leaves out: {', '.join(parts)}."
        )


def _because(row: dict[str, Any]) -> str:
    problem = row.get("problem")
    return f" ({problem})" if isinstance(problem, str) and problem else ""


def _empty_cells(table: pd.DataFrame, columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        missing = table[table[column.key].isna()]
        if len(missing) == len(table):
            yield f"{column.title}: {_reason(column, table)}; its columns are empty."
        elif len(missing):
            rows = [
                f"{method_label(row['method'])} {scale_label(row['scale_factor'])}"
                for row in records(missing)
            ]
            yield f"{column.title}: could not be computed for {', '.join(rows)}."


def _reason(column: Column, table: pd.DataFrame) -> str:
    name = column.key.removesuffix("_mean")
    (metric,) = find_metrics([name])
    (family,) = find_families([name]).values()
    if metric.kind == "set" and table["num_images"].max() == 1:
        return "not computed, for it takes two images or more"
    if family.weights.startswith("published."):
        faces = " or of faces" if "face_note" in metric.details else ""
        return f"not computed, for want of its weights (`idfsr weights check metrics`){faces}"
    return "could not be computed"


def _biased_or_empty(
    table1: pd.DataFrame, table2: pd.DataFrame, config: MetricsConfig
) -> Iterator[str]:
    yield from _few_images(table1, [*config.table1, *config.table2])
    yield from _empty_cells(table1, metric_columns(config.table1))
    yield from _empty_cells(table2, metric_columns(config.table2))


def write_warnings(table1: pd.DataFrame, table2: pd.DataFrame, config: MetricsConfig) -> list[str]:
    """Say what is missing in both tables, and which numbers are biased; see `write_footnotes`."""
    return [*_not_restored(table1), *_biased_or_empty(table1, table2, config)]


def write_footnotes(
    table1: pd.DataFrame,
    table2: pd.DataFrame,
    networks: pd.DataFrame,
    config: MetricsConfig,
    marks: Marks,
) -> list[str]:
    """Say what the numbers of both tables are, and which are missing.

    Args:
        table1: As `build_table` makes it from `config.table1`.
        table2: From `config.table2`.
        networks: Of `list_networks`.
        config: Of the run.
        marks: Of the values.
    """
    names = [*config.table1, *config.table2]
    return [
        _scope(table1),
        *_not_restored(table1),
        "Best bold, second best underlined, by the printed digits.",
        (
            "Values are means over images. Intervals hold 95 % of "
            f"{config.num_bootstrap} bootstrap resamples of the identities with all their images; "
            "they do not cover the chance in training."
        ),
        *describe_leaks(names, marks),
        *describe(names, config),
        *describe_networks(networks),
        *_count_faces(table2 if "num_sr_without_face" in table2 else table1),
        *_biased_or_empty(table1, table2, config),
        _compare_with_paper(names),
    ]
