"""The messages that docs/trouble.md explains are those of the code."""

import ast
import re
from pathlib import Path

import pytest

GAP = "<...>"
QUOTED = re.findall(r"^\| `(.+?)` \|", Path("docs/trouble.md").read_text(), re.MULTILINE)


def text_of(node: ast.AST) -> str:
    """Return a text with a gap where a value comes in; "" for what is no text."""
    if isinstance(node, ast.JoinedStr):
        parts = [text_of(part) or GAP for part in node.values]
        return "".join(parts)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Return all texts of the package; code within a message is not marked in the docs."""
    trees = (ast.parse(path.read_text()) for path in Path("idfsr").rglob("*.py"))
    found = {text_of(node) for tree in trees for node in ast.walk(tree)}
    return [text.replace("`", "") for text in found if text]


def test_messages_are_quoted() -> None:
    assert len(QUOTED) >= 10


@pytest.mark.parametrize("message", QUOTED)
def test_a_quoted_message_stands_in_the_code(message: str, texts: list[str]) -> None:
    assert any(message in text for text in texts)


def test_a_message_of_nobody_is_noticed(texts: list[str]) -> None:
    assert not any("no such file, wanted the weights of everybody" in text for text in texts)
