"""Digests change with code and with nothing else; imports point one way."""

import ast
from pathlib import Path

import pytest

from idfsr.io import provenance
from idfsr.io.provenance import code_digest, imported_modules, module_closure

LAYERS = {
    "config": set(),
    "io": {"config"},
    "dataset": {"config", "io"},
    "synthref": {"config", "io"},
    "diffusion": {"config"},
    "models": {"config", "io"},
    "faces": {"config", "io", "models"},
    "training": {"config", "dataset", "io", "faces", "models", "diffusion"},
    "methods": {"config", "io", "faces", "models", "diffusion"},
    "metrics": {"config", "dataset", "io", "faces", "models"},
    "experiments": {"config", "io", "faces", "methods", "metrics", "models", "training"},
    "photographs": {
        "config",
        "run",
        "dataset",
        "io",
        "methods",
        "metrics",
        "faces",
        "models",
        "training",
    },
    "report": {"config", "run", "io", "faces", "metrics", "methods"},
    "run": {"config", "dataset", "io", "methods", "metrics", "training"},
}
"""Sub-package to the others that it may import; all may import the modules of the root."""


def test_imports_point_one_way() -> None:
    for name, allowed in LAYERS.items():
        for path in (provenance.PACKAGE_DIR / name).rglob("*.py"):
            for module in imported_modules(ast.parse(path.read_text())):
                parts = module.split(".")
                inside = len(parts) > 1 and (provenance.PACKAGE_DIR / parts[1]).is_dir()
                assert not inside or parts[1] in allowed | {name}, f"{path} imports {module}"


def test_light_stages_never_import_torch() -> None:
    for module in (
        "idfsr.stages.tables",
        "idfsr.stages.figure",
        "idfsr.stages.report",
        "idfsr.stages.index",
    ):
        for name in module_closure(module):
            path = provenance.module_path(name)
            assert path is not None
            words = {
                alias.name.split(".")[0]
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Import)
                for alias in node.names
            }
            assert "torch" not in words, f"{module} reaches torch through {name}"


def test_a_job_of_one_family_has_no_other_in_its_digest() -> None:
    for stage in ("scores", "truth_features", "join_scores"):
        closure = module_closure(f"idfsr.stages.{stage}")
        others = [name for name in closure if name.startswith("idfsr.metrics.")]
        assert others
        assert all(name.startswith("idfsr.metrics.engine") for name in others), others
        assert "idfsr.config.metrics" not in closure


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "idfsr"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "stage.py").write_text("from idfsr.used import f\n\n\ndef run():\n    return f()\n")
    (root / "used.py").write_text('def f():\n    """Doc."""\n    return 1\n')
    (root / "unused.py").write_text("x = 1\n")
    monkeypatch.setattr(provenance, "PACKAGE_DIR", root)
    return root


def test_digest_follows_code_and_nothing_else(package: Path) -> None:
    def digest() -> str:
        provenance._parse.cache_clear()
        code_digest.cache_clear()
        return code_digest("idfsr.stage")

    first = digest()
    (package / "used.py").write_text('# why\ndef f():\n    """Other words."""\n    return 1\n')
    assert digest() == first
    (package / "unused.py").write_text("x = 2\n")
    assert digest() == first
    (package / "used.py").write_text("def f():\n    return 2\n")
    assert digest() != first


def test_digest_of_several_modules_is_of_all_their_code(package: Path) -> None:
    def digests() -> tuple[str, str]:
        provenance._parse.cache_clear()
        code_digest.cache_clear()
        return code_digest("idfsr.stage"), code_digest("idfsr.stage", "idfsr.unused")

    stage, both = digests()
    (package / "unused.py").write_text("x = 2\n")
    assert digests() == (stage, digests()[1])
    assert digests()[1] != both


def test_unknown_module_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no module idfsr\.none"):
        code_digest("idfsr.none")


@pytest.mark.parametrize("name", ["page.html.j2", "page.css", "page.js"])
def test_templates_count_as_code(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest() -> str:
        provenance.code_digest.cache_clear()
        return code_digest("idfsr.page")

    package = tmp_path / "idfsr"
    (package / "templates").mkdir(parents=True)
    (package / "page.py").write_text("from idfsr import templates\n")
    (package / "templates/__init__.py").write_text("")
    monkeypatch.setattr(provenance, "PACKAGE_DIR", package)
    before = digest()
    (package / "templates" / name).write_text("one")
    first = digest()
    (package / "templates" / name).write_text("two")
    assert len({before, first, digest()}) == 3
    (package / "templates/notes.txt").write_text("three")
    (package / "templates" / name).write_text("one")
    assert digest() == first
    provenance.code_digest.cache_clear()


def test_report_depends_on_its_templates() -> None:
    assert "idfsr.report.templates" in module_closure("idfsr.stages.report")
