"""`idfsr gather` from files to folders and facts, as the workflow calls it."""

from pathlib import Path

from idfsr.io.texts import read_json
from idfsr.main import main
from idfsr.report.sheets import read_index
from idfsr.run.config import stage_json
from tests.report.made_run import CONFIG, write_benchmarks, write_fits, write_restored

PEOPLE = ("ann", "bob")


def test_gather_faces(tmp_path: Path) -> None:
    settings = tmp_path / "report.json"
    settings.write_text(stage_json(CONFIG, "report"))
    shard, *restored = map(str, write_restored(tmp_path, 16, PEOPLE))
    main(
        [
            "gather", "faces", "--config", str(settings), "--shards", shard,
            "--restored", *restored, "--folder", str(tmp_path / "faces/x16"),
        ]
    )  # fmt: skip
    index = read_index(tmp_path / "faces/x16")
    assert index["scale_factor"] == 16
    assert [entry["identity"] for entry in index["images"]] == ["ann", "ann", "bob", "bob"]


def test_gather_people(tmp_path: Path) -> None:
    shard, *_ = write_restored(tmp_path, 8, PEOPLE)
    embeddings, stats = write_fits(tmp_path, PEOPLE)
    fits = map(str, [*embeddings, *stats])
    folder = tmp_path / "people"
    main(["gather", "people", "--shards", str(shard), "--fits", *fits, "--folder", str(folder)])
    people = read_index(folder)["people"]
    assert [sorted(person["fits"]) for person in people] == [["16", "8"]] * 2


def test_gather_people_of_a_run_without_fits(tmp_path: Path) -> None:
    shard, *_ = write_restored(tmp_path, 8, PEOPLE)
    folder = tmp_path / "people"
    main(["gather", "people", "--shards", str(shard), "--fits", "--folder", str(folder)])
    assert [person["fits"] for person in read_index(folder)["people"]] == [{}, {}]


def test_gather_facts(tmp_path: Path) -> None:
    benchmarks = map(str, write_benchmarks(tmp_path))
    facts = tmp_path / "facts.json"
    main(["gather", "facts", "--benchmarks", *benchmarks, "--facts", str(facts)])
    assert len(read_json(facts, "facts")["costs"]) == 3
