"""Settings that are right one by one and wrong together: said before the first job.

Without this a network would be found not to fit its images after hours of other jobs.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from idfsr.config.model import ModelConfig


def contradictions(config: Any) -> Iterator[str]:
    """Yield a line for each contradiction.

    Args:
        config: A run, `idfsr.run.config.Config`.
    """
    shards, model, weights = config.shards, config.model, config.weights
    if config.dataset.kind != "synthref" and not config.dataset.root:
        yield "dataset.root is empty, wanted the folder of the identities' folders"
    if config.dataset.kind == "ref_ldm" and not config.dataset.references:
        yield "dataset.references is empty, wanted the table of dataset.kind ref_ldm"
    landmarks = config.landmarks
    if landmarks.detector != "retinaface" and not landmarks.weights:
        name = landmarks.detector
        yield f"landmarks.weights is empty, wanted the file of landmarks.detector {name}"
    if landmarks.detector == "retinaface-pytorch" and not find_spec("retinaface.predict_single"):
        yield (
            "landmarks.detector is retinaface-pytorch, wanted one that is installed "
            "(pip install --no-deps retinaface-pytorch==0.0.8)"
        )
    if shards.image_size != model.image_size:
        yield (
            f"shards.image_size is {shards.image_size}, wanted model.image_size, {model.image_size}"
        )
    for factor in shards.scale_factors:
        if shards.image_size % factor:
            yield (
                f"shards.scale_factors: found {factor}, "
                f"wanted a divisor of shards.image_size, {shards.image_size}"
            )
    yield from _of_network(model, "model.channel_mult", model.channel_mult)
    yield from _of_network(model, "model.encoder_channel_mult", model.encoder_channel_mult)
    if weights.idfsr.endswith(".ckpt") and model.prediction != "epsilon":
        yield f"model.prediction: found {model.prediction}, wanted epsilon with {weights.idfsr}"
    if config.pretrain.id_loss_weight > 0 and not weights.id_loss:
        yield "weights.id_loss is empty, wanted a recogniser, for pretrain.id_loss_weight is not 0"


def _of_network(model: ModelConfig, name: str, multiples: tuple[int, ...]) -> Iterator[str]:
    """Yield what is wrong with the levels of the U-Net or of its encoder."""
    lowest = 2 ** (len(multiples) - 1)
    if model.image_size % lowest:
        yield (
            f"{name}: found {len(multiples)} levels, "
            f"wanted model.image_size, {model.image_size}, to be a multiple of {lowest}"
        )
        return
    sides = [model.image_size >> level for level in range(len(multiples))]
    for side in model.attention_resolutions:
        if side not in sides and name == "model.channel_mult":
            yield (
                f"model.attention_resolutions: found {side}, "
                f"wanted some of {', '.join(map(str, sides))}"
            )
    with_attention = [side in model.attention_resolutions for side in sides]
    with_attention[-1] = True
    for multiple, attends in zip(multiples, with_attention, strict=True):
        channels = multiple * model.model_channels
        for heads in ("num_heads", "num_id_heads"):
            if attends and channels % getattr(model, heads):
                yield (
                    f"model.{heads}: found {getattr(model, heads)}, "
                    f"wanted a divisor of {channels} channels"
                )
