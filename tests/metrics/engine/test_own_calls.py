"""What is said where a package finds no file of its own, and which families have own calls."""

import os
import re
from pathlib import Path

import pytest

from idfsr.errors import IdfsrError
from idfsr.io.provenance import module_closure
from idfsr.metrics.engine.metric import Resources
from idfsr.metrics.engine.own_calls import own_file, own_places
from idfsr.metrics.engine.registry import all_families
from idfsr.models.device import pick_device
from idfsr.run.config import parse_config
from idfsr.run.families import families_code, families_of, settings_file, truth_features

OWN = [
    "clipiqa", "deepface_age", "deepface_emotion", "deepface_gender", "deepface_race", "inception",
    "lpips", "musiq", "vgg_face",
]  # fmt: skip


def test_families_with_own_calls() -> None:
    assert [name for name, family in all_families().items() if family.by_package] == OWN
    assert {settings_file(name, "r") for name in OWN} == {
        "results/r/config/scores-engine.json",
        "results/r/config/scores-deepface.json",
    }


@pytest.mark.parametrize("name", OWN)
def test_no_package_is_asked_before_its_file_is_there(name: str, tmp_path: Path) -> None:
    family = all_families()[name]
    assert family.by_package
    resources = Resources(tmp_path, tmp_path, None, pick_device(), None)
    with pytest.raises(IdfsrError, match=rf"^{re.escape(str(tmp_path))}/.+: no such file, wanted"):
        family.by_package(resources)
    assert list(tmp_path.iterdir()) == []


def test_a_run_by_the_library_asks_of_pairs_alone() -> None:
    names = {"table1": ["psnr", "fid", "ids", "ids_sface"]}
    fast, library = (
        parse_config({"run": "r", "metrics": names | {"engine": engine}}, "x.yaml")
        for engine in ("fast", "library")
    )
    truth = "results/r/features/{}/truth.parquet"
    for name in ("inception", "vgg_face"):
        assert truth_features(name, fast) == [truth.format(name)]
        assert truth_features(name, library) == []
    assert truth_features("sface", library) == [truth.format("sface")]
    assert families_of(library)["psnr"] == families_of(fast)["psnr"]


def test_the_code_of_a_job_has_the_own_calls() -> None:
    names = {
        "lpips": "idfsr.metrics.lpips.own_call",
        "inception": "idfsr.metrics.inception.own_call",
        "musiq": "idfsr.metrics.engine.pyiqa_metric",
        "vgg_face": "idfsr.metrics.engine.deepface_library",
    }
    for family, module in names.items():
        assert module in module_closure(f"idfsr.metrics.{family}")
    assert families_code("scores", "lpips") != families_code("scores", "musiq")


def test_a_package_that_refuses_its_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(b"?")
    wanted = f"^{re.escape(str(path))}: not mine, wanted the weights of Net$"

    def load() -> None:
        with own_file(tmp_path, "net.pth", "Net") as found:
            assert found == path
            assert os.environ["TORCH_HOME"] == str(tmp_path)
            message = "not\n mine"
            raise RuntimeError(message)

    with pytest.raises(IdfsrError, match=wanted):
        load()


def test_the_environment_is_as_it_was(tmp_path: Path) -> None:
    before = dict(os.environ)
    with own_places(tmp_path):
        assert os.environ["DEEPFACE_BACKEND_ENGINE"] == "pytorch"
    assert dict(os.environ) == before
