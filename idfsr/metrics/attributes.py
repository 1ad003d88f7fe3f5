"""Agreement of the perceived attributes of a restored image with those of the ground truth.

One network looks at both images, so its errors count only where the two differ, and no labels are
needed. The paper asks DeepFace; this is the small network of `idfsr.models.attributes`, and its
figures cannot be compared with the paper's.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Shaped

from idfsr.constants import EXPRESSIONS, GENDERS
from idfsr.errors import IdfsrError
from idfsr.metrics.engine.metric import (
    POSITIVE,
    SHARE,
    Family,
    Features,
    ImageBatch,
    Metric,
    OfImages,
    Resources,
)

CLASSES: Final = {"gender": GENDERS, "expression": EXPRESSIONS}


def compare_attributes(
    sr: Mapping[str, Shaped[np.ndarray, "B"]], gt: Mapping[str, Shaped[np.ndarray, "B"]]
) -> dict[str, np.ndarray]:
    """Compare what the network says of restored images and of the ground truth.

    Args:
        sr: Of the restored images: "age" in years; "gender" and "expression", indices into the
            classes of `idfsr.constants`.
        gt: Likewise, of the ground truth.

    Returns:
        Columns: acc_gender_embedded and acc_expression_embedded, 1 where both have the same class
        and 0 elsewhere; age_diff_embedded, the absolute difference in years;
        and of each attribute what was seen in either, gt_*_embedded and sr_*_embedded: a word, or
        years.
    """
    seen = {
        f"{side}_{name}": values[name]
        for side, values in (("gt", gt), ("sr", sr))
        for name in ("age", *CLASSES)
    }
    columns = {"age_diff": np.abs(seen["sr_age"].astype(np.float64) - seen["gt_age"])}
    for side in ("gt", "sr"):
        columns[f"{side}_age"] = seen[f"{side}_age"].astype(np.float64)
    for name, classes in CLASSES.items():
        gt_class, sr_class = seen[f"gt_{name}"], seen[f"sr_{name}"]
        columns[f"acc_{name}"] = (gt_class == sr_class).astype(np.float64)
        columns[f"gt_{name}"] = np.array(classes)[gt_class]
        columns[f"sr_{name}"] = np.array(classes)[sr_class]
    return {f"{name}_embedded": values for name, values in columns.items()}


def load(resources: Resources) -> OfImages:
    """Load the network."""
    from idfsr.io.tensors import to_network
    from idfsr.models.attributes import load_attributes

    if resources.attributes is None:
        message = "--attributes: found none, wanted the weights of the attribute network"
        raise IdfsrError(message)
    network = load_attributes(resources.attributes, resources.device)

    def extract(batch: ImageBatch) -> Features:
        seen = network.predict(to_network(batch.crop))
        return {name: values.cpu().numpy() for name, values in seen.items()}

    return OfImages(extract, compare_attributes)


FAMILY = Family(
    metrics=(
        Metric(
            name="acc_gender_embedded",
            title="Same gender",
            unit="share",
            decimals=3,
            direction="higher",
            value_range=SHARE,
            kind="pair",
            note="Same gender: a small network says the same of restored image and ground truth.",
            details=("gt_gender_embedded", "sr_gender_embedded"),
        ),
        Metric(
            name="acc_expression_embedded",
            title="Same expression",
            unit="share",
            decimals=3,
            direction="higher",
            value_range=SHARE,
            kind="pair",
            note=(
                "Same expression: likewise. It stands where the paper has emotion accuracy by "
                "DeepFace."
            ),
            details=("gt_expression_embedded", "sr_expression_embedded"),
        ),
        Metric(
            name="age_diff_embedded",
            title="Age difference (embedded)",
            unit="years",
            decimals=2,
            direction="lower",
            value_range=POSITIVE,
            kind="pair",
            note=(
                "Age difference (embedded): of the ages that a small network gives to restored "
                "image and ground truth; mean ± standard deviation of its size over the images."
            ),
            details=("gt_age_embedded", "sr_age_embedded"),
            spread=True,
        ),
    ),
    load=load,
    of_truth=True,
    of_faces=True,
    weights="weights.attributes",
)
