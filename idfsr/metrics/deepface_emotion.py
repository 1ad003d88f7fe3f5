"""Agreement of the emotion that DeepFace sees."""

from idfsr.metrics.engine.deepface_family import deepface_family, seen
from idfsr.metrics.engine.metric import SHARE, Metric

FAMILY = deepface_family(
    "deepface_emotion",
    Metric(
        name="acc_emotion",
        title="Emotion",
        unit="share",
        decimals=3,
        direction="higher",
        value_range=SHARE,
        kind="pair",
        note="Emotion: likewise, of seven emotions.",
        details=seen("emotion"),
    ),
)
