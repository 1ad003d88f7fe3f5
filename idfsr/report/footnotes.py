"""What a reader has to know beside the tables, from what the tables hold."""

from collections.abc import Iterator, Sequence

import pandas as pd

from idfsr.config import MetricsConfig
from idfsr.report.layout import Column, method_label, metric_columns, scale_label
from idfsr.report.tables import records

NOTES = {
    "psnr": "PSNR: over the three colours of the whole image.",
    "psnr_y": "PSNR (Y): over the luma of BT.601.",
    "ssim": "SSIM: Wang et al. (2004), a Gaussian window of 11 pixels, mean over the colours.",
    "ssim_y": "SSIM (Y): likewise, on the luma of BT.601.",
    "mobilenetv2_distance": (
        "MobileNetV2 distance: built like LPIPS on ImageNet features of MobileNetV2, all weights "
        "1. It stands where the paper has LPIPS and is not LPIPS."
    ),
    "mobilenetv2_fd": (
        "MobileNetV2 Frechet distance: of the features of all restored images and all ground "
        "truths, so it grows as images get fewer. It stands where the paper has FID and is not "
        "FID."
    ),
    "brisque": (
        "BRISQUE: a score without a reference, fitted to people's ratings of photographs (Mittal "
        "et al. 2012). It stands where the paper has CLIPIQA and MUSIQ."
    ),
    "ids_sface": (
        "IDS (SFace): the cosine distance of the faces of restored image and ground truth in the "
        "recogniser SFace, which no training or fitting has used. The paper's IDS is of another "
        "recogniser."
    ),
    "idv_sface": (
        "IDV (SFace): images whose IDS (SFace) is at most {threshold:g}, a threshold that was set "
        "on photographs."
    ),
    "acc_gender": "Same gender: a small network says the same of restored image and ground truth.",
    "acc_expression": (
        "Same expression: likewise. It stands where the paper has emotion accuracy by DeepFace."
    ),
    "acc_race": "Same race: likewise.",
    "age_diff": (
        "Age difference: of the ages that a small network gives to restored image and ground "
        "truth; mean ± standard deviation of its size over the images."
    ),
}
"""Metric to what it is; `{threshold}` is `MetricsConfig.idv_threshold`."""

NOT_THE_PAPER = (
    "Of these metrics the paper has PSNR and SSIM alone, and only a run on CelebRef-HQ has its "
    "data: no other number may be compared with the paper's."
)


def _scope(table: pd.DataFrame) -> str:
    parts = [
        f"{scale_label(row['scale_factor'])}: {row['num_images']} test images "
        f"of {row['num_identities']} identities"
        for row in records(_largest(table).drop_duplicates("scale_factor"))
    ]
    return f"{'; '.join(parts)}. None of them was in the pretraining."


def _largest(table: pd.DataFrame) -> pd.DataFrame:
    """Put the rows with the most images of each scale factor first."""
    return table.sort_values(["scale_factor", "num_images"], ascending=[True, False], kind="stable")


def _not_restored(table: pd.DataFrame) -> Iterator[str]:
    most = table.groupby("scale_factor")["num_images"].transform("max")
    parts = [
        f"{method_label(row['method'])} {scale_label(row['scale_factor'])} "
        f"{row['most'] - row['num_images']} of {row['most']}"
        for row in records(table.assign(most=most)[table["num_images"] < most])
    ]
    if parts:
        yield (
            f"Images that a method could not restore, which its row leaves out: {', '.join(parts)}."
        )


def _empty_cells(table: pd.DataFrame, columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        missing = table[table[column.key].isna()]
        if len(missing) == len(table):
            yield f"{column.title}: could not be computed; its columns are empty."
        elif len(missing):
            rows = [
                f"{method_label(row['method'])} {scale_label(row['scale_factor'])}"
                for row in records(missing)
            ]
            yield f"{column.title}: could not be computed for {', '.join(rows)}."


def write_footnotes(table1: pd.DataFrame, table2: pd.DataFrame, config: MetricsConfig) -> list[str]:
    """Say what the numbers of both tables are, and which are missing.

    Args:
        table1: As `build_table` makes it from `config.table1`.
        table2: From `config.table2`.
        config: Of the run.
    """
    columns1, columns2 = metric_columns(config.table1), metric_columns(config.table2)
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
        *(
            note.format(threshold=config.idv_threshold)
            for name, note in NOTES.items()
            if name in names
        ),
        *_empty_cells(table1, columns1),
        *_empty_cells(table2, columns2),
        NOT_THE_PAPER,
    ]
