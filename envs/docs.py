"""What mkdocs adds to docs/: tables from the code's own facts, and the pages that stand elsewhere.

A page has `<!-- generated: NAME -->` where a table of `TABLES` comes. Nothing that is generated is
committed, so nothing can be out of date.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from idfsr.io.yaml_files import read_yaml
from idfsr.methods.engine.registry import own_methods
from idfsr.run.config import json_schema
from idfsr.training.networks import find_network, network_names

MARK: Final = re.compile(r"<!-- generated: ([a-z]+) -->")
OUTSIDE: Final = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
"""Pages of the repository's top folder."""
CARDS: Final = Path("idfsr/weights")
FIRST_RECORD: Final = "decisions/0001-landmarks-before-quality.md"
"""Where a link to the folder of the records leads."""
LINK: Final = re.compile(r"(?<=\]\()([^):#]+)(?=[)#])")
"""A relative link's file."""


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def code(value: object) -> str:
    """Return a value as the settings have it."""
    return f"`{json.dumps(value)}`"


def _kind(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return "a section"
    if "anyOf" in field:
        return " or ".join(_kind(option) for option in field["anyOf"])
    if "enum" in field or "const" in field:
        return ", ".join(code(value) for value in field.get("enum", [field.get("const")]))
    kind = str(field.get("type", "any"))
    bounds = [
        f"{sign} {field[key]:g}"
        for key, sign in {
            "minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<",
            "minItems": "at least", "minLength": "length ≥",
        }.items()
        if key in field
    ]  # fmt: skip
    if kind == "array" and isinstance(field.get("items"), dict):
        kind = f"list of {_kind(field['items'])}"
    return ", ".join([kind, *bounds])


def _rows(section: dict[str, Any]) -> Iterator[list[str]]:
    for name, field in section.get("properties", {}).items():
        default = code(field["default"]) if "default" in field else ""
        yield [f"`{name}`", default, _kind(field), html.escape(field.get("description", ""), False)]


def settings() -> str:
    """Return every section of a run's settings: fields, defaults, bounds and meanings."""
    schema = json_schema()
    parts = ["## A run", ""]
    plain = {
        name: field
        for name, field in schema["properties"].items()
        if "$ref" not in field and name != "method_settings"
    }
    header = ("field", "default", "values", "meaning")
    parts += [table(header, _rows({"properties": plain})), ""]
    sections: dict[str, Any] = {}
    for name, field in schema["properties"].items():
        if "$ref" in field:
            sections[name] = schema["$defs"][field["$ref"].rpartition("/")[2]]
    sections["networks.NAME"] = schema["$defs"]["TrainConfig"]
    for name, own in schema["properties"]["method_settings"]["properties"].items():
        sections[f"method_settings.{name}"] = own
    for name, section in sections.items():
        parts += [f"## {name}", "", html.escape(section.get("description", ""), False), ""]
        parts += [table(header, _rows(section)), ""]
    return "\n".join(parts)


def methods() -> str:
    """Return what each method of the package says of itself."""
    return table(
        ("name", "in print", "is given beside the image", "weights", "settings"),
        (
            (
                f"`{name}`",
                method.label,
                ", ".join(f"`{need}`" for need in (*method.needs, *method.run_files)),
                ", ".join(f"`{weight}`" for weight in method.weights),
                f"`method_settings.{method.settings_of or name}`" if method.settings else "",
            )
            for name, method in own_methods().items()
        ),
    )


def _cards() -> list[Path]:
    return sorted(CARDS.rglob("*.md"))


def cards() -> str:
    """Return the cards of the embedded weights, with what each was trained on and for what."""
    listed = read_yaml(CARDS / "weights.yaml", "the list of the embedded weights")
    limits = {find_network(name).embedded: find_network(name).limits for name in network_names()}
    rows = []
    for card in _cards():
        path = card.relative_to(CARDS).with_suffix(".safetensors").as_posix()
        entries = [entry for entry in listed.values() if entry["path"] == path]
        title = next(line[2:] for line in card.read_text().splitlines() if line.startswith("# "))
        users = sorted({user for entry in entries for user in entry["needed_by"]})
        rows.append((
            f"[{title}](weights/{card.relative_to(CARDS).as_posix()})",
            ", ".join(f"`{user}`" for user in users),
            ", ".join(sorted({data for entry in entries for data in entry["trained_on"]})),
            ", ".join(sorted({entry["licence"] for entry in entries})),
            " ".join(limits.get(path, ())),
        ))  # fmt: skip
    return table(("card", "used by", "trained on", "licence", "limits"), rows)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "settings": settings,
    "methods": methods,
    "cards": cards,
}


def on_config(config: Any) -> Any:
    """List the records of decisions in the navigation."""
    records = sorted(Path("docs/decisions").glob("*.md"))
    for entry in config.nav:
        if "Decisions" in entry:
            entry["Decisions"] = [f"decisions/{record.name}" for record in records]
        if "Data and weights" in entry:
            cards = [f"weights/{card.relative_to(CARDS).as_posix()}" for card in _cards()]
            entry["Data and weights"].append({"Cards": cards})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand outside docs/."""
    from mkdocs.structure.files import File  # noqa: PLC0415

    pages = {name: Path(name) for name in OUTSIDE}
    pages |= {f"weights/{card.relative_to(CARDS).as_posix()}": card for card in _cards()}
    for name, path in pages.items():
        text = path.read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put the tables in, and point links from the repository's folders to the site's pages."""
    name = page.file.src_uri
    if name in OUTSIDE:
        markdown = LINK.sub(lambda found: found[0].removeprefix("docs/"), markdown)
        markdown = re.sub(r"\(decisions/?\)", f"({FIRST_RECORD})", markdown)
    else:
        outside = {f"../{other}": other for other in OUTSIDE}
        markdown = LINK.sub(lambda found: outside.get(found[0], found[0]), markdown)
    return MARK.sub(lambda found: TABLES[found[1]](), markdown)
