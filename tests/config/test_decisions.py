"""Where the paper is silent, a setting names the record that has our reasons."""

import re
from pathlib import Path

import pytest

SILENCES = re.compile(r'The paper (?:does not say|has no such)\b(?:(?!""").)*', re.DOTALL)
NAMED = re.compile(r";\s+docs/decisions/(\d{4})(?: and (\d{4}))?\.")
RECORDS = {path.name[:4] for path in Path("docs/decisions").glob("*.md")}
FILES = sorted([*Path("idfsr/config").glob("*.py"), *Path("idfsr/methods").glob("*/__init__.py")])
"""Where settings stand."""
FOUND = [
    pytest.param(found[0], id=f"{path.parent.name}-{path.stem}-{found.start()}")
    for path in FILES
    for found in SILENCES.finditer(path.read_text())
]


def test_there_are_such_settings() -> None:
    assert len(FOUND) >= 10


@pytest.mark.parametrize("silence", FOUND)
def test_each_silence_of_the_paper_names_its_record(silence: str) -> None:
    named = NAMED.search(silence)
    assert named, f"{silence!r}, wanted '; docs/decisions/NNNN.'"
    assert {record for record in named.groups() if record} <= RECORDS


def test_silence_is_said_in_one_way() -> None:
    for path in FILES:
        assert not re.search(r"IDFSR (does not|has no|gives no|says)", path.read_text()), path
