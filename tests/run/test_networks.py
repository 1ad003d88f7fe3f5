from pathlib import Path

from idfsr.run.networks import embedded_files, file_arguments


def test_every_embedded_file_is_one_of_the_package_and_the_other_way_round() -> None:
    folder = Path("idfsr/weights")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.safetensors")}
    assert sorted(embedded_files().values()) == sorted(there)
    assert embedded_files()["networks/prior"] == "members/prior.safetensors"


def test_files_are_words_of_a_command_line() -> None:
    files = {"held_out": ["a b", "c"], "truth": "d"}
    assert file_arguments(files.items()) == ["--held-out", "a b", "c", "--truth", "d"]
