"""Facts we did not choose, each with its source. What may vary stands in `idfsr.run.config`."""

from typing import Final

NUM_TRAIN_TIMESTEPS: Final = 1000
"""T of the diffusion process (IDFSR, "Pretraining and Finetuning")."""

BETA_START: Final = 1e-4
BETA_END: Final = 0.02
"""Ends of the linear beta schedule (Ho et al. 2020, section 4; IDFSR: "a linear beta schedule")."""

ID_DIM: Final = 512
"""Length of z_id: the ArcFace embedding (Deng et al. 2019)."""

NUM_LANDMARKS: Final = 5
"""Left eye, right eye, nose, left mouth corner, right mouth corner; left is the viewer's left."""

MIRRORED_LANDMARKS: Final = (1, 0, 2, 4, 3)
"""Order of the landmarks of a mirrored face."""

NUM_LANDMARKS_68: Final = 68
"""iBUG 300-W: jaw 0 to 16, brows to 26, nose to 35, eyes to 47, mouth to 67, each from the viewer's
left, eyes and lips around."""

MIRRORED_LANDMARKS_68: Final = (
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,
)  # fmt: skip
"""Order of the 68 landmarks of a mirrored face."""

FFHQ_LANDMARKS_512: Final = (
    (192.98138, 239.94708),
    (318.90277, 240.1936),
    (256.63416, 314.01935),
    (201.26117, 371.41043),
    (313.08905, 371.15118),
)
"""Mean five landmarks of FFHQ-aligned faces at 512 px, (x, y) in pixels (facexlib)."""

ARCFACE_LANDMARKS_112: Final = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
"""Template of ArcFace crops at 112 px, (x, y) in pixels (insightface)."""

ARCFACE_SIZE: Final = 112
"""Side of an ArcFace crop in pixels (insightface)."""

EXPRESSIONS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""DeepFace's seven classes in its own order; `synthref` labels its images with the same words."""

GENDERS: Final = ("female", "male")

PROBES: Final = {
    "fitted": "as in the tables",
    "other-person": "z_id fitted to another person",
    "other-reference": "another photo of the person as reference",
    "wrong-reference": "a photo of another person as reference",
    "wrong-photograph": "the same photo as reference, and its z_id",
    "no-id": "0 in place of z_id",
    "no-style": "0 in place of z_s",
    "no-mask": "the face left in the low-resolution image",
}
"""What each probe of `idfsr probes` changes, by its name; the first changes nothing."""

OWN_METHODS: Final = ("idfsr-pt", "idfsr-mean", "idfsr-ft")
"""IDFSR before the fit, with the mean z_id of the fit images, and after the fit."""

FEW_PHOTOGRAPHS: Final = OWN_METHODS[1:]
"""Those whose z_id depends on how many photographs there are."""

SCORE_GROUPS: Final = {
    "Pixels": ("psnr", "ssim", "lpips"),
    "Identity": ("ids", "ids_sface"),
    "Attributes": (
        "acc_gender", "acc_emotion", "acc_race", "age_diff",
        "acc_gender_embedded", "acc_expression_embedded", "age_diff_embedded",
    ),
}  # fmt: skip
"""The three scores of the paper's Fig. 7, and the metrics of which each is the mean."""

EXPRESSION_METRICS: Final = ("acc_emotion", "acc_expression_embedded")
"""Metrics whose networks see expressions, the paper's first."""

DEEPFACE_THRESHOLD: Final = 0.68
"""Largest cosine distance of one person between VGG-Face embeddings: DeepFace's default, to which
the paper's IDS and IDV fit (see `tests/report/test_paper.py`)."""

MARKS: Final = {
    "†": "the method is given what this judge's network says, or was trained against it",
    "¶": "a network that the method is given or was trained against learnt from the same faces as "
    "the judge",
    "‡": "a network of the method was trained on this data set, maybe on the test people",
    "§": "the judge was trained on photographs of people of whom some are in this data set",
}
"""How a value that a judge cannot give fairly is marked in tables and figures, and why."""
