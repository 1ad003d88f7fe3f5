"""The card of a pretrained network: what it was trained on, how, and what it is not."""

from idfsr.config.pretrain import PretrainStage
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import count_parameters
from idfsr.training.batches import ShardDataset
from idfsr.training.card import Card
from idfsr.training.first_weights import FirstWeights
from idfsr.training.loop import Trained


def describe(
    config: PretrainStage,
    model: IDFSR,
    dataset: ShardDataset,
    first: FirstWeights,
    trained: Trained,
) -> Card:
    """Return the card of a pretrained network."""
    identities = {key.split("/")[0] for key in dataset.keys}
    decay_images = config.pretrain.decay_images
    falling = f", falling after {decay_images:,} images" if decay_images else ""
    return Card(
        title=f"IDFSR at {config.model.image_size} px",
        data={
            "seed": str(config.seed),
            "identities": str(len(identities)),
            "examples": str(len(dataset)),
        },
        training={
            "first weights": first.description,
            "batch": str(config.pretrain.batch_size),
            "learning rate": f"{config.pretrain.learning_rate:g}{falling}",
            "decay of the average": f"{config.pretrain.ema_decay:g}",
            "condition dropout": f"{config.pretrain.condition_dropout:g}",
            "weight of the identity loss": f"{config.pretrain.id_loss_weight:g}",
            "precision": config.pretrain.precision,
        },
        trained=trained,
        device=next(model.parameters()).device,
        num_parameters=count_parameters(model),
        before=first.history,
        figures={},
        limits=(
            "Not for faces of another kind than it was trained on.",
            "Not evidence of how a person looked: what it adds is plausible, not true.",
        ),
    )
