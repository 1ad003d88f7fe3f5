"""The page of conventions names a test for each line, and those tests are there."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"


def test_every_line_is_pinned_by_a_test() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith(("| what |", "| --- |"))]
    assert len(rows) > 20
    for row in rows:
        found = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert found, row
        for path, name in found:
            code = (PAGE.parents[1] / path).read_text()
            assert re.search(rf"^def {name}\(", code, re.MULTILINE), f"{path}::{name}"
