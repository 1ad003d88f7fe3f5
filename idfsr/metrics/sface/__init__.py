"""Identity distance and verification with SFace, whose weights are free."""

from idfsr.config.scores import SfaceStage
from idfsr.metrics.engine.metric import (
    EMBEDDING,
    SHARE,
    Columns,
    Family,
    Features,
    ImageBatch,
    Metric,
    OfImages,
    Resources,
    likeness_columns,
)
from idfsr.metrics.engine.recogniser import compare_faces


def load(resources: Resources) -> OfImages:
    """Load the network."""
    import torch

    from idfsr.metrics.engine.unit_range import to_unit
    from idfsr.metrics.sface.distance import same_identity
    from idfsr.metrics.sface.network import load_sface

    network = load_sface(resources.assets_dir, resources.device)

    def extract(batch: ImageBatch) -> Features:
        embedding = network(to_unit(batch.crop).to(resources.device))
        return {EMBEDDING: embedding.cpu().numpy()}

    def compare(sr: Features, gt: Features) -> Columns:
        columns = compare_faces("ids_sface", sr, gt)
        distance = torch.from_numpy(columns["ids_sface"])
        passed = same_identity(distance, resources.settings.idv_threshold)
        return columns | {"idv_sface": passed.double().numpy()}

    return OfImages(extract, compare)


FAMILY = Family(
    metrics=(
        Metric(
            name="ids_sface",
            title="IDS (SFace)",
            unit="",
            decimals=4,
            direction="lower",
            value_range=(0.0, 2.0),
            kind="pair",
            note=(
                "IDS (SFace): the cosine distance of the aligned faces of restored image and "
                "ground truth in the recogniser SFace, as DeepFace's verify gives it with that "
                "model; no training or fitting has used it. The paper's IDS is of another "
                "recogniser."
            ),
            details=likeness_columns("ids_sface"),
        ),
        Metric(
            name="idv_sface",
            title="IDV (SFace)",
            unit="share",
            decimals=3,
            direction="higher",
            value_range=SHARE,
            kind="pair",
            note=lambda config: (
                f"IDV (SFace): images whose IDS (SFace) is at most {config.idv_threshold:g}, a "
                "threshold that was set on photographs."
            ),
        ),
    ),
    load=load,
    of_truth=True,
    of_faces=True,
    of_references=True,
    weights="assets.sface",
    settings=SfaceStage,
)
