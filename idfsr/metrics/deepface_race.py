"""Agreement of the race that DeepFace sees."""

from idfsr.metrics.engine.deepface_family import deepface_family, seen
from idfsr.metrics.engine.metric import SHARE, Metric

FAMILY = deepface_family(
    "deepface_race",
    Metric(
        name="acc_race",
        title="Race",
        unit="share",
        decimals=3,
        direction="higher",
        value_range=SHARE,
        kind="pair",
        note="Race: likewise, of six.",
        details=seen("race"),
    ),
)
