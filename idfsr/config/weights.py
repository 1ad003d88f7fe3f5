"""Weight files of a run."""

from idfsr.config.types import section


@section
class WeightsConfig:
    """Weight files of the networks that are not trained in the run."""

    id_encoder: str = "idfsr/weights/arcface.safetensors"
    """ArcFace, which makes z_id: one of ours (.safetensors) or of insightface (.onnx, .pth)."""
    lr_detector: str = "idfsr/weights/lr_retinaface.safetensors"
    """RetinaFace from which the LR fine-tuning goes on; empty starts from the stock detector."""
    attributes: str = "idfsr/weights/attributes.safetensors"
    """Age, gender and expression."""
    baselines: str = "config/weights.yaml"
    """List of the weights of the baselines. The files of this default are published ones, below
    $IDFSR_WEIGHTS or weights/; those of another list lie beside it."""
    idfsr: str = ""
    """Weights from which the pretraining goes on, of the settings in `model`: an IDFSR
    (.safetensors) or a checkpoint that DiffAE publishes; empty begins with random ones."""
