"""Which judges know what they judge, in the runs that are shipped."""

import dataclasses
from pathlib import Path

import pytest

from idfsr.config.leaks import LeaksStage
from idfsr.config.metrics import MetricsConfig, names_of_metrics
from idfsr.config.pretrain import PretrainConfig
from idfsr.io.weights_list import MANIFEST, read_manifest
from idfsr.methods.engine.registry import find_method, method_names
from idfsr.run.config import load_config, stage_settings
from idfsr.run.leaks import OWN_LIST, SETTING, find_leaks, list_roles


def load_leaks(path: str) -> LeaksStage:
    found: LeaksStage = stage_settings(load_config(Path(path)), "leaks")
    return found


@pytest.fixture(scope="module")
def paper() -> LeaksStage:
    return load_leaks("config/celebref-hq.yaml")


def leaks_of(config: LeaksStage) -> dict[tuple[str, str], str]:
    found = find_leaks(config, names_of_metrics(config.metrics))
    return {(leak.method, leak.metric): leak.marks for leak in found}


def test_the_papers_run(paper: LeaksStage) -> None:
    leaks = leaks_of(paper)
    # DMDNet's authors published CelebRef-HQ, and trained on it
    assert leaks["dmdnet", "psnr"] == leaks["asffnet", "fid"] == "‡"
    assert leaks["codeformer", "lpips"] == "†"
    # z_id is ArcFace's, of the same photographs as AdaFace
    assert leaks["idfsr-ft", "ids_arcface"] == "†§"
    assert leaks["idfsr-ft", "ids_adaface"] == "¶§"
    # VGG-Face has seen celebrities, for all methods alike
    assert {leaks[method, "ids"] for method in paper.methods} == {"§", "‡§"}
    assert ("idfsr-ft", "psnr") not in leaks
    assert ("idfsr-ft", "lpips") not in leaks


def test_the_matrix_of_the_papers_run(paper: LeaksStage) -> None:
    roles = {role.network: role for role in list_roles(paper, names_of_metrics(paper.metrics))}
    own = "idfsr-pt idfsr-mean idfsr-ft"
    assert (roles["ArcFace"].condition, roles["ArcFace"].loss) == (own, "")
    assert roles["ArcFace"].trained_on == "WebFace260M"
    assert (roles["VGG-Face"].judge, roles["VGG-Face"].marks) == ("ids idv", "§")
    assert (roles["LPIPS"].loss, roles["LPIPS"].judge) == ("codeformer", "lpips")
    assert (roles["dmdnet"].trained_on, roles["dmdnet"].marks) == ("CelebRef-HQ", "‡")
    assert roles["DiffAE"].part_of == own


def test_an_identity_loss_is_a_leak_of_its_judge(paper: LeaksStage) -> None:
    with_loss = dataclasses.replace(paper, pretrain=PretrainConfig(id_loss_weight=0.2))
    roles = {role.network: role for role in list_roles(with_loss, ["psnr"])}
    assert roles["ArcFace"].loss == "idfsr-pt idfsr-mean idfsr-ft"
    restored = dataclasses.replace(paper, methods=("gfpgan",))
    (arcface,) = [r for r in list_roles(restored, ["psnr"]) if r.network == "ArcFace"]
    assert (arcface.loss, arcface.condition) == ("gfpgan", "")


def test_no_network_has_seen_the_people_of_the_demo() -> None:
    demo = load_leaks("config/demo.yaml")
    leaks = leaks_of(demo)
    assert not {mark for text in leaks.values() for mark in text} & set("‡§")
    # the encoder of z_id judges its own, and the attribute network learnt from the same people
    assert {metric: mark for (_, metric), mark in leaks.items()} == {
        "ids_arcface": "†",
        "acc_gender_embedded": "¶",
        "acc_expression_embedded": "¶",
        "age_diff_embedded": "¶",
    }
    assert {method for method, _ in leaks} == {"idfsr-pt", "idfsr-mean", "idfsr-ft"}
    trained = dataclasses.replace(demo.synthref, population="training")
    again = dataclasses.replace(demo, synthref=trained, metrics=MetricsConfig(table1=("psnr",)))
    assert leaks_of(again)["codeformer", "psnr"] == "‡"


def test_what_methods_and_lists_name_is_there() -> None:
    entries = read_manifest(MANIFEST) | read_manifest(OWN_LIST)
    networks = {entry.network or name for name, entry in entries.items()}
    for method in map(find_method, method_names()):
        for name in method.conditions:
            assert name in entries or name.startswith(SETTING)
    for entry in entries.values():
        assert set(entry.trained_against) <= networks
