"""Agreement of the perceived attributes of a restored image with those of the ground truth.

One network looks at both images, so its errors count only where the two differ, and no labels are
needed. The paper asks DeepFace; this is the small network of `idfsr.models.attributes`, and its
figures cannot be compared with the paper's.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Shaped

from idfsr.constants import EXPRESSIONS, GENDERS, RACES

CLASSES: Final = {"gender": GENDERS, "expression": EXPRESSIONS, "race": RACES}


def compare_attributes(
    sr: Mapping[str, Shaped[np.ndarray, "B"]], gt: Mapping[str, Shaped[np.ndarray, "B"]]
) -> dict[str, np.ndarray]:
    """Compare what the network says of restored images and of the ground truth.

    Args:
        sr: Of the restored images: "age" in years; "gender", "expression" and "race", indices
            into the classes of `idfsr.constants`.
        gt: Likewise, of the ground truth.

    Returns:
        Columns: acc_gender_embedded, acc_expression_embedded and acc_race_embedded, 1 where both
        have the same class and 0 elsewhere; age_diff_embedded, the absolute difference in years;
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
