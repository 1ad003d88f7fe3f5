from pathlib import Path

from idfsr.config.shards import ShardsConfig
from idfsr.run.config import Config
from idfsr.run.networks import embedded_files, file_arguments, training_files
from idfsr.run.plan import Plan


def test_every_embedded_file_is_one_of_the_package_and_the_other_way_round() -> None:
    folder = Path("idfsr/weights")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.safetensors")}
    assert sorted(embedded_files().values()) == sorted(there)
    assert embedded_files()["networks/prior"] == "members/prior.safetensors"


def test_files_are_words_of_a_command_line() -> None:
    files = {"held_out": ["a b", "c"], "truth": "d"}
    assert file_arguments(files.items()) == ["--held-out", "a b", "c", "--truth", "d"]


def test_a_training_reads_what_its_record_says() -> None:
    plan = Plan(
        config=Config(run="r", shards=ShardsConfig(scale_factors=(8, 16))),
        pretrain=(("a",), ("b",)),
        test=(("c",),),
    )
    found = training_files("asffnet", "r", lambda: plan)
    assert found["first"] == "results/r/networks/landmarks68/model.safetensors"
    assert len(found["shards"]) == 4
    assert found["held_out"] == [f"results/r/shards/x{x}/test-00000.parquet" for x in (8, 16)]
    marked = training_files("landmarks68", "r", lambda: plan)
    assert marked["shards"] == plan.shards("pretrain", 8)
    assert marked["truth"] == "results/r/synthref_landmarks.parquet"


def test_a_training_on_crops_does_not_wait_for_the_split() -> None:
    def no_plan() -> Plan:
        raise AssertionError

    assert training_files("arcface", "r", no_plan) == {"crops": "results/r/crops.parquet"}
