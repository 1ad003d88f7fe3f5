"""Difference of the ages that DeepFace sees."""

from idfsr.metrics.engine.deepface_family import deepface_family, seen
from idfsr.metrics.engine.metric import POSITIVE, Metric

FAMILY = deepface_family(
    "deepface_age",
    Metric(
        name="age_diff",
        title="Age difference",
        unit="years",
        decimals=2,
        direction="lower",
        value_range=POSITIVE,
        kind="pair",
        note=(
            "Age difference: of DeepFace's ages of both largest faces in whole years; mean ± "
            "standard deviation of its size over the images."
        ),
        details=seen("age"),
        spread=True,
    ),
)
