"""People whose files are current are left alone; all others are made, each mistake by itself."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from idfsr.errors import IdfsrError
from idfsr.io.made import Made, digest_files, digest_shards, make_people
from idfsr.io.shards import write_shard
from tests.training.makers import make_row

PEOPLE = ("ann", "bob", "cat")


class Maker:
    """Makes two files for each person, and remembers the groups."""

    def __init__(self, folder: Path, *faulty: str) -> None:
        self.folder, self.faulty = folder, faulty
        self.groups: list[list[str]] = []
        self.num_prepared = 0

    def wanted(self, people: Sequence[str] = PEOPLE, **sources: str) -> dict[str, Made]:
        return {
            name: Made(
                record=self.folder / f"{name}.json",
                files=(self.folder / f"{name}.a", self.folder / f"{name}.b"),
                sources={"model": "1"} | sources,
            )
            for name in people
        }

    def prepare(self) -> Callable[[Sequence[str]], None]:
        self.num_prepared += 1

        def make(group: Sequence[str]) -> None:
            if bad := [name for name in group if name in self.faulty]:
                message = f"{bad[0]}: no image"
                raise IdfsrError(message)
            self.groups.append(list(group))
            for name in group:
                for suffix in "ab":
                    (self.folder / f"{name}.{suffix}").write_text(name)

        return make

    def run(
        self, people: Sequence[str] = PEOPLE, at_once: int = 1, **sources: str
    ) -> list[list[str]]:
        """Return the groups that were made."""
        self.groups = []
        make_people(self.wanted(people, **sources), at_once, self.prepare)
        return self.groups


def test_goes_on_where_it_was(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    assert maker.run(["ann", "bob"]) == [["ann"], ["bob"]]
    assert maker.run() == [["cat"]]
    assert maker.num_prepared == 2
    assert maker.run() == []
    assert maker.num_prepared == 2, "nothing is loaded where nobody is to be made"


def test_content_counts_and_time_does_not(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    maker.run()
    os.utime(tmp_path / "ann.a", (0, 0))
    assert maker.run() == []
    (tmp_path / "bob.b").write_text("other bytes")
    assert maker.run() == [["bob"]]
    (tmp_path / "cat.a").unlink()
    assert maker.run() == [["cat"]]
    (tmp_path / "ann.json").unlink()
    assert maker.run() == [["ann"]]


def test_another_source_makes_all_anew_and_the_first_one_again(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    maker.run()
    assert maker.run(model="2") == [["ann"], ["bob"], ["cat"]]
    assert maker.run(model="2", code="new") == [["ann"], ["bob"], ["cat"]]
    assert maker.run() == [["ann"], ["bob"], ["cat"]]


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[]", b"{}"])
def test_a_damaged_record_is_as_none(tmp_path: Path, text: bytes) -> None:
    maker = Maker(tmp_path)
    maker.run()
    (tmp_path / "ann.json").write_bytes(text)
    assert maker.run() == [["ann"]]
    assert maker.run() == []


def test_a_group_is_made_with_the_same_company(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    assert maker.run(at_once=2) == [["ann", "bob"], ["cat"]]
    (tmp_path / "bob.a").unlink()
    assert maker.run(at_once=2) == [["ann", "bob"]]


@pytest.mark.parametrize("at_once", [1, 2])
def test_one_persons_mistake_does_not_stop_the_others(tmp_path: Path, at_once: int) -> None:
    maker = Maker(tmp_path, "ann")
    with pytest.raises(IdfsrError, match=r"^1 of 3 failed: ann: ann: no image$"):
        maker.run(at_once=at_once)
    assert sorted(name for group in maker.groups for name in group) == ["bob", "cat"]
    assert not (tmp_path / "ann.json").exists()
    assert maker.wanted()["bob"].is_current()


def test_a_person_has_the_digest_of_the_shards_that_hold_them(tmp_path: Path) -> None:
    paths = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    for number, path in enumerate(paths):
        write_shard([make_row(number, 0, "test", [1], 8, 32)], path, {"scale_factor": "8"})
    digests = digest_shards(paths, ["00000", "00001", "nobody"])
    assert digests == {
        "00000": digest_files(paths[:1]),
        "00001": digest_files(paths[1:]),
        "nobody": digest_files(paths),
    }
