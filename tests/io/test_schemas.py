import re
from pathlib import Path

import pyarrow as pa
import pytest

from idfsr.io.schemas import LANDMARKS_SCHEMA, MANIFEST_SCHEMA, QUALITY_SCHEMA, reason_kind
from idfsr.io.shards import SHARD_SCHEMA

DOCUMENT = Path(__file__).parents[2] / "docs" / "files.md"


def documented(heading: str, first: str = "column") -> dict[str, str]:
    """Return column to type, as the first such table below a heading has them."""
    text = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = text.split(f"| {first} | type | meaning |\n|---|---|---|\n")[1].split("\n\n")[0]
    rows = [line.split(" | ") for line in table.strip().splitlines()]
    return {row[0].removeprefix("| "): row[1].replace("\\", "") for row in rows}


def types(fields: pa.Schema | pa.StructType) -> dict[str, str]:
    texts = {field.name: re.sub(r"element: ", "item: ", str(field.type)) for field in fields}
    return {name: "list" if "struct" in text else text for name, text in texts.items()}


@pytest.mark.parametrize(
    ("heading", "schema"),
    [
        ("manifest.parquet", MANIFEST_SCHEMA),
        ("landmarks/shard-00000.parquet", LANDMARKS_SCHEMA),
        ("shards/x16/{pretrain,test}-00000.parquet", SHARD_SCHEMA),
    ],
)
def test_the_document_has_every_column(heading: str, schema: pa.Schema) -> None:
    assert documented(heading) == types(schema)


def test_the_document_has_every_field_of_a_reference() -> None:
    reference = SHARD_SCHEMA.field("references").type.value_type
    found = documented("shards/x16/{pretrain,test}-00000.parquet", first="field")
    assert found == types(list(reference))


def test_quality_is_the_manifest_with_the_landmarks() -> None:
    columns = [*MANIFEST_SCHEMA.names, *LANDMARKS_SCHEMA.names[2:-1], "likeness"]
    assert QUALITY_SCHEMA.names == columns


def test_kind_of_a_reason() -> None:
    assert reason_kind("broken: crc: bad") == "broken"
    assert reason_kind("no face") == "no face"
