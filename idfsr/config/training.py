"""Settings that all trainings have."""

from typing import Annotated, Literal

from pydantic import Field

from idfsr.config.types import Count, CountOrNone, LearningRate, Positive, section


@section
class TrainConfig:
    """One training; images seen are its clock."""

    num_images: CountOrNone = 6_400_000
    """Images to see in all."""
    batch_size: Count = 32
    learning_rate: LearningRate = 1e-4
    warmup_images: CountOrNone = 0
    """Images over which the learning rate rises linearly from 0."""
    decay_images: CountOrNone = 0
    """Images after which the learning rate falls as one over the square root of the images seen
    (Karras et al. 2024, config E); 0 keeps it."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.9999
    clip_norm: Positive = 1.0
    """Bound of the gradient's norm."""
    micro_batch_size: CountOrNone = 0
    """Images that one process takes in one pass, where the memory does not hold its share of the
    batch: the gradients of the passes add up; 0 takes the share at once."""
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    """Of autocast; weights and optimiser stay in float32. With float16 the loss is scaled, and a
    step whose gradient overflows leaves the weights as they are."""
    compile: bool = False
    """Compile the network with `torch.compile`, which takes minutes before the first step."""
    checkpoint_images: Count = 320_000
    """Images between two checkpoints."""
