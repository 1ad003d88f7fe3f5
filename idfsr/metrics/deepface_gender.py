"""Agreement of the gender that DeepFace sees."""

from idfsr.metrics.engine.deepface_family import deepface_family, say_no_face, seen
from idfsr.metrics.engine.metric import SHARE, Metric

FAMILY = deepface_family(
    "deepface_gender",
    Metric(
        name="acc_gender",
        title="Gender",
        unit="share",
        decimals=3,
        direction="higher",
        value_range=SHARE,
        kind="pair",
        note=lambda config: (
            "Gender: images of whose largest face DeepFace says the same as of the ground "
            f"truth's. {say_no_face(config)}"
        ),
        details=seen("gender"),
    ),
)
