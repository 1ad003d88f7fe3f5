"""The digest that ties a result to the code that made it.

`code_digest` walks the imports of a stage inside the package, so that Snakemake reruns a rule
when code it uses has changed, and only then: comments, docstrings and formatting do not count.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE_DIR = Path(__file__).parents[1]

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Fields of a syntax tree's nodes that hold lists of statements, or what holds these."""

TEMPLATES = (".css", ".j2", ".js")
"""Endings of files that count as code of the package in whose folder they stand."""


def module_path(module: str) -> Path | None:
    """Return the source file of a module of this package, None for anything else."""
    if module != "idfsr" and not module.startswith("idfsr."):
        return None
    base = PACKAGE_DIR.joinpath(*module.split(".")[1:])
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file() and candidate != PACKAGE_DIR.with_suffix(".py"):
            return candidate
    return None


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield a syntax tree and all that holds its statements, at any depth, without expressions."""
    waiting = [tree]
    for node in waiting:
        yield node
        for name in BLOCKS:
            waiting.extend(getattr(node, name, ()))


def imported_modules(tree: ast.Module) -> set[str]:
    """Return the modules of this package that a syntax tree imports, at any depth of nesting."""
    names: set[str] = set()
    for node in statements(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if module_path(name) is not None}


def strip_docstrings(tree: ast.Module) -> ast.Module:
    """Remove in place every docstring and every other bare string statement."""
    for node in statements(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                child
                for child in body
                if not (
                    isinstance(child, ast.Expr)
                    and isinstance(child.value, ast.Constant)
                    and isinstance(child.value.value, str)
                )
            ]
    return tree


@cache
def _parse(path: Path) -> tuple[str, frozenset[str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = frozenset(imported_modules(tree))
    return ast.dump(strip_docstrings(tree)), imports


def _templates(path: Path) -> list[Path]:
    """Return the templates beside the `__init__.py` of a package, none for another module."""
    if path.name != "__init__.py":
        return []
    return sorted(found for found in path.parent.iterdir() if found.suffix in TEMPLATES)


def module_closure(module: str) -> list[str]:
    """Return the module and all of this package it imports, directly or not, sorted."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = module_path(name)
        if path is not None and name not in seen:
            seen.add(name)
            waiting.extend(_parse(path)[1])
    return sorted(seen)


@cache
def code_digest(*modules: str) -> str:
    """Digest the code of modules and of everything in this package that they import.

    Templates, styles and scripts count, whole, with the package in whose folder they stand.

    Args:
        modules: Dotted names, e.g. "idfsr.stages.restore", and with it those that a job imports
            by name, e.g. "idfsr.methods.dr2".

    Returns:
        The first 16 hexadecimal digits of a sha256. It changes with any change of code, not with
        comments, docstrings or layout. Other packages are the lock file's business.

    Raises:
        ValueError: There is no such module.
    """
    for module in modules:
        if module_path(module) is None:
            message = f"no module {module} in the package"
            raise ValueError(message)
    digest = hashlib.sha256()
    for name in sorted({name for module in modules for name in module_closure(module)}):
        path = module_path(name)
        assert path is not None
        digest.update(f"{name}\n{_parse(path)[0]}\n".encode())
        for template in _templates(path):
            digest.update(template.name.encode() + b"\n" + template.read_bytes())
    return digest.hexdigest()[:16]
