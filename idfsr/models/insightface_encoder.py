"""A published recogniser through insightface itself, for graphs that are no network of ours."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.constants import ARCFACE_SIZE, ID_DIM
from idfsr.errors import IdfsrError


class InsightfaceRecogniser(nn.Module):
    """`insightface.model_zoo`'s recogniser of a graph; on the CPU, without gradients.

    Args:
        recogniser: Of `insightface.model_zoo.get_model`.
        path: Of its file, for errors.
    """

    def __init__(self, recogniser: Any, path: Path) -> None:
        super().__init__()
        self._recogniser = recogniser
        self._path = path
        self.place = nn.Parameter(torch.empty(0))
        """Nothing, on the device on which embeddings are wanted."""

    def forward(self, crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 512"]:
        """Embed faces in [-1, 1], one after the other as the package does.

        Raises:
            IdfsrError: A gradient is wanted, as for an identity loss.
        """
        if torch.is_grad_enabled() and crops.requires_grad:
            message = (
                f"{self._path}: read by insightface, which has no gradients; wanted a network of "
                "ours for weights.id_loss"
            )
            raise IdfsrError(message)
        pixels = ((crops.detach().cpu().float().numpy() + 1) * 127.5).round()
        rows = [self._recogniser.forward(image[None])[0] for image in pixels]
        return torch.from_numpy(np.stack(rows)).to(self.place.device)


def load_insightface(path: Path, wanted: str) -> InsightfaceRecogniser:
    """Let insightface load a graph.

    Args:
        path: An .onnx file that could be read.
        wanted: What to call the network in an error.

    Raises:
        IdfsrError: It takes the graph for something else, or its embeddings have another length.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from insightface import model_zoo  # noqa: PLC0415 - slow

        recogniser = model_zoo.get_model(str(path), providers=["CPUExecutionProvider"])
    side = (ARCFACE_SIZE, ARCFACE_SIZE)
    is_recogniser = getattr(recogniser, "taskname", "") == "recognition"
    if not is_recogniser or recogniser.input_size != side:
        found = type(recogniser).__name__ if recogniser else "a graph unknown to insightface"
        message = f"{path}: found {found}, wanted {wanted}"
        raise IdfsrError(message)
    length = recogniser.output_shape[-1]
    if length != ID_DIM:
        message = f"{path}: found embeddings of {length} numbers, wanted {ID_DIM}"
        raise IdfsrError(message)
    return InsightfaceRecogniser(recogniser, path)
