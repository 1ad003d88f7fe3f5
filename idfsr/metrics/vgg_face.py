"""IDS and IDV of DeepFace's VGG-Face, the paper's measures of identity."""

from idfsr.constants import DEEPFACE_THRESHOLD
from idfsr.metrics.engine.deepface_family import NUM_FACES, deepface_family, say_no_face
from idfsr.metrics.engine.metric import SHARE, Metric

FAMILY = deepface_family(
    "vgg_face",
    Metric(
        name="ids",
        title="IDS",
        unit="",
        decimals=4,
        direction="lower",
        value_range=(0.0, 2.0),
        kind="pair",
        note=lambda config: (
            "IDS: DeepFace's cosine distance of VGG-Face embeddings, faces found by OpenCV's "
            "cascades and aligned by the eyes; of several faces the nearest two count. "
            f"{say_no_face(config)}"
        ),
        details=NUM_FACES,
    ),
    Metric(
        name="idv",
        title="IDV",
        unit="share",
        decimals=3,
        direction="higher",
        value_range=SHARE,
        kind="pair",
        note=(
            f"IDV: images whose IDS is at most {DEEPFACE_THRESHOLD:g}, DeepFace's own threshold."
        ),
        details=NUM_FACES,
    ),
)
