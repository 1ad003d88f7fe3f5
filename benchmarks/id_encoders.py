"""How well ID encoders tell people apart, on any folder of people.

Reads FOLDER/<person>/* and the weights of one or more ID encoders; finds the largest face of each
photograph, and compares the embeddings of all pairs. Prints a row in Markdown for each encoder:
mean cosine of one person's pairs and of different people's, the probability that a pair of the
first kind is nearer than one of the second (area under the ROC curve), and the distance of both
means in standard deviations (d').

    python benchmarks/id_encoders.py --photographs photographs --people 00001 00002 \
        --encoders idfsr/weights/arcface.safetensors id_encoder.safetensors
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float

from idfsr.config.landmarks import LandmarksConfig
from idfsr.dataset.listing import find_images
from idfsr.faces.align import align_arcface
from idfsr.faces.detector import load_detector
from idfsr.io.images import read_image
from idfsr.io.tensors import to_network
from idfsr.models.id_encoder import load_id_encoder
from idfsr.photographs.search import search_photograph

CPU = torch.device("cpu")


def row(cosines: Float[np.ndarray, "P"], same: Bool[np.ndarray, "P"]) -> str:
    """Return the figures of an encoder."""
    own, strange = cosines[same], cosines[~same]
    above = (own[:, None] > strange).mean() + (own[:, None] == strange).mean() / 2
    spread = np.sqrt((own.var() + strange.var()) / 2)
    distance = (own.mean() - strange.mean()) / spread
    return f"{own.mean():.3f} | {strange.mean():.3f} | {above:.4f} | {distance:.2f} |"


def main() -> None:
    """Find, embed, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--photographs", type=Path, required=True, help="folder of the people's folders")
    add("--people", nargs="+", required=True, help="names of their folders")
    add("--num", type=int, default=100, help="photographs of each person, at most")
    add("--encoders", nargs="+", type=Path, required=True, help="weight files")
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    detector = load_detector(LandmarksConfig(), args.assets, CPU)
    crops, people = [], []
    for person in args.people:
        for path in find_images([args.photographs / person])[: args.num]:
            image = read_image(path)
            found = search_photograph(image, detector)
            if len(found.boxes):
                crops.append(align_arcface(image, found.landmarks[found.largest()]))
                people.append(person)
    pairs = np.triu_indices(len(people), k=1)
    same = np.array(people)[pairs[0]] == np.array(people)[pairs[1]]
    print(
        f"{len(people)} photographs of {len(set(people))} people, {same.sum()} pairs of one person"
    )
    print("| encoder | one person | different people | AUC | d' |\n| --- | --- | --- | --- | --- |")
    for path in args.encoders:
        z_id = load_id_encoder(path).embed(to_network(np.stack(crops))).numpy()
        print(f"| {path.name} | {row((z_id @ z_id.T)[pairs], same)}")


if __name__ == "__main__":
    main()
