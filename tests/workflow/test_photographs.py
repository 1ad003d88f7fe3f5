"""Real photographs through the whole workflow: found, aligned, fitted, restored, drawn."""

import os
from pathlib import Path

import pandas as pd
import pytest
import torch

from idfsr.models.weights import read_tensors

from .project import copy_sources, run_snakemake

DATA = os.environ.get("IDFSR_TEST_DATA")


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="IDFSR_TEST_DATA names no folder with real-faces/")
def test_photographs_through_the_whole_workflow(tmp_path: Path) -> None:
    copy_sources(tmp_path)
    (tmp_path / "photographs").symlink_to(Path(str(DATA)).resolve() / "real-faces")
    result = run_snakemake(
        tmp_path,
        *("--configfile", "config/demo.yaml", "config/real-faces.yaml", "--config"),
        "methods=[bicubic,asffnet,idfsr-pt,idfsr-mean,idfsr-ft]",
        *("fit={num_steps: 4, num_evaluations: 1}", "report={num_examples: 4}"),
    )
    assert result.returncode == 0, result.stdout + result.stderr

    run = tmp_path / "results/real-faces"
    quality = pd.read_parquet(run / "quality.parquet")
    assert len(quality) == 25
    assert (quality["num_faces"] >= 1).all()
    restored = pd.read_parquet(run / "restored/x8/idfsr-ft/00001.parquet")
    assert len(restored) >= 3
    assert (run / "figures/landmarks.png").stat().st_size > 10_000
    # nothing is trained: the network is the embedded one
    embedded = read_tensors(Path("idfsr/weights/idfsr64.safetensors"))
    for name, tensor in read_tensors(run / "pretrain/model.safetensors").items():
        assert torch.equal(tensor, embedded[name].float()), name
