"""What a reader has to know beside the tables, from what the tables hold."""

from collections.abc import Iterator, Sequence

import pandas as pd

from idfsr.config.metrics import MetricsConfig
from idfsr.constants import DEEPFACE_THRESHOLD
from idfsr.metrics.engine.registry import METRICS, find_metrics
from idfsr.report.layout import Column, method_label, metric_columns, scale_label
from idfsr.report.networks import describe_networks
from idfsr.report.paper import COLUMNS
from idfsr.report.tables import records

NOTES = {
    "psnr": (
        "PSNR: over the three colours of the whole image, no border cropped; IDFSR does not say."
    ),
    "psnr_y": "PSNR (Y): over the luma of BT.601.",
    "ssim": "SSIM: Wang et al. (2004), a Gaussian window of 11 pixels, mean over the colours.",
    "ssim_y": "SSIM (Y): likewise, on the luma of BT.601.",
    "lpips": "LPIPS: Zhang et al. (2018), version 0.1 with AlexNet, of the package lpips, on RGB.",
    "fid": (
        "FID: of pytorch-fid's 2048 Inception features of all restored images and all ground "
        "truths."
    ),
    "kid": (
        "KID: of the same features, the unbiased estimate with a cubic kernel over all images at "
        "once. Unlike FID, its expectation does not depend on their number."
    ),
    "clipiqa": (
        "CLIPIQA: pyiqa's, CLIP with ResNet-50, the mean over five pairs of prompts, images as "
        "they are."
    ),
    "musiq": "MUSIQ: pyiqa's, trained on KonIQ-10k, about 0 to 100.",
    "ids": (
        "IDS: DeepFace's cosine distance of VGG-Face embeddings, faces found by OpenCV's cascades "
        "and aligned by the eyes; of several faces the nearest two count. {no_face}"
    ),
    "idv": "IDV: images whose IDS is at most {deepface_threshold:g}, DeepFace's own threshold.",
    "acc_gender": (
        "Gender: images of whose largest face DeepFace says the same as of the ground truth's. "
        "{no_face}"
    ),
    "acc_emotion": "Emotion: likewise, of seven emotions.",
    "acc_race": "Race: likewise, of six.",
    "age_diff": (
        "Age difference: of DeepFace's ages of both largest faces in whole years; mean ± standard "
        "deviation of its size over the images."
    ),
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
        "IDS (SFace): the cosine distance of the aligned faces of restored image and ground truth "
        "in the recogniser SFace, as DeepFace's verify gives it with that model; no training or "
        "fitting has used it. The paper's IDS is of another recogniser."
    ),
    "idv_sface": (
        "IDV (SFace): images whose IDS (SFace) is at most {threshold:g}, a threshold that was set "
        "on photographs."
    ),
    "acc_gender_embedded": (
        "Same gender: a small network says the same of restored image and ground truth."
    ),
    "acc_expression_embedded": (
        "Same expression: likewise. It stands where the paper has emotion accuracy by DeepFace."
    ),
    "acc_race_embedded": "Same race: likewise.",
    "age_diff_embedded": (
        "Age difference (embedded): of the ages that a small network gives to restored image and "
        "ground truth; mean ± standard deviation of its size over the images."
    ),
}
"""Metric to what it is, with the fields of `describe`."""

NO_FACE = {
    True: "Pairs with an image in which no face is found are left out; IDFSR does not say.",
    False: "Where no face is found the whole image is taken for one; IDFSR does not say.",
}
"""`MetricsConfig.enforce_detection` to what it means."""

STABLE_FID = 2048
"""Images below which the covariances of Inception's features are singular."""


def describe(names: Sequence[str], config: MetricsConfig) -> list[str]:
    """Say what some metrics are, and what was chosen where the paper leaves it open."""
    fields = {
        "threshold": config.idv_threshold,
        "deepface_threshold": DEEPFACE_THRESHOLD,
        "no_face": NO_FACE[config.enforce_detection],
    }
    return [note.format(**fields) for name, note in NOTES.items() if name in names]


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
    if "fid" in names and num_images < STABLE_FID:
        yield (
            f"FID of {num_images} images, fewer than its {STABLE_FID} features: it is biased "
            "upwards, and to be compared at equal numbers of images only."
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
            yield f"{column.title}: {_reason(column, table)}; its columns are empty."
        elif len(missing):
            rows = [
                f"{method_label(row['method'])} {scale_label(row['scale_factor'])}"
                for row in records(missing)
            ]
            yield f"{column.title}: could not be computed for {', '.join(rows)}."


def _reason(column: Column, table: pd.DataFrame) -> str:
    metric = METRICS[column.key.removesuffix("_mean")]
    if metric.kind == "set" and table["num_images"].max() == 1:
        return "not computed, for it takes two images or more"
    if metric.weights.startswith("published."):
        faces = " or of faces" if "face_note" in metric.details else ""
        return f"not computed, for want of its weights (`idfsr weights check metrics`){faces}"
    return "could not be computed"


def write_footnotes(
    table1: pd.DataFrame, table2: pd.DataFrame, networks: pd.DataFrame, config: MetricsConfig
) -> list[str]:
    """Say what the numbers of both tables are, and which are missing.

    Args:
        table1: As `build_table` makes it from `config.table1`.
        table2: From `config.table2`.
        networks: Of `list_networks`.
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
        *describe(names, config),
        *describe_networks(networks),
        *_few_images(table1, names),
        *_count_faces(table2 if "num_sr_without_face" in table2 else table1),
        *_empty_cells(table1, columns1),
        *_empty_cells(table2, columns2),
        _compare_with_paper(names),
    ]
