"""Weight files of a run."""

from typing import Annotated

from pydantic import Field

from idfsr.config.types import section

FileName = Annotated[str, Field(min_length=1)]


@section
class WeightsConfig:
    """Weight files of the networks that are not trained in the run."""

    id_encoder: FileName = "idfsr/weights/arcface.safetensors"
    """The recogniser that makes z_id: one of ours (.safetensors), or ArcFace of insightface (.onnx,
    .pth)."""
    id_loss: str = ""
    """The recogniser of the identity loss, read likewise; empty where `pretrain.id_loss_weight` is
    0, as in the paper."""
    lr_detector: str = "idfsr/weights/lr_retinaface.safetensors"
    """RetinaFace from which the LR fine-tuning goes on; empty starts from the stock detector."""
    attributes: FileName = "idfsr/weights/attributes.safetensors"
    """Age, gender and expression."""
    baselines: FileName = "config/weights.yaml"
    """List of the weights of the baselines. The files of this default are published ones, below
    $IDFSR_WEIGHTS or weights/; those of another list lie beside it."""
    idfsr: str = ""
    """Weights from which the pretraining goes on, of the settings in `model`: an IDFSR
    (.safetensors) or a checkpoint that DiffAE publishes; empty begins with random ones."""
    other_files: bool = False
    """Go on with weight files that are not those their authors published; tables and report then
    name them as such."""
