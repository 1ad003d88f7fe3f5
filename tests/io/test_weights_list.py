"""Published weight files: what is said of those that are missing, cut short or of somebody else."""

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from idfsr.errors import IdfsrError
from idfsr.io.assets import find_asset
from idfsr.io.places import WEIGHTS_VARIABLE
from idfsr.io.weights_list import (
    PublishedFile,
    content_problem,
    find_weights,
    lacking_files,
    missing_files,
    problem_of,
    read_manifest,
    weight_paths,
    weights_folder,
)
from idfsr.main import main

CONTENT = b"weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def write_manifest(folder: Path, extra: str = "") -> Path:
    path = folder / "list.yaml"
    path.write_text(
        f"net:\n  use: metrics\n  needed_by: [lpips]\n  path: hub/net.pth\n  source: a release\n"
        f"  licence: MIT\n  size: 7\n  sha256: {DIGEST[:8]}\n{extra}"
    )
    return path


def test_paths_lie_below_the_folder() -> None:
    paths = [file.path for file in read_manifest().values()]
    assert not any(path.is_absolute() or ".." in path.parts for path in paths)
    assert len(set(paths)) == len(paths)


def test_folder_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEIGHTS_VARIABLE, "/elsewhere")
    assert weights_folder() == Path("/elsewhere")
    assert weights_folder(Path("a/list.yaml")) == Path("a")
    monkeypatch.delenv(WEIGHTS_VARIABLE)
    assert weights_folder() == Path("weights")


def test_problems_are_one_line_each(tmp_path: Path) -> None:
    file = read_manifest(write_manifest(tmp_path))["net"]
    assert problem_of(file, tmp_path).endswith("hub/net.pth: no such file, wanted from a release")
    path = tmp_path / "hub" / "net.pth"
    path.parent.mkdir()
    path.write_bytes(CONTENT[:3])
    assert "found 3 bytes, wanted 7 (not a file of PyTorch), from a release" in problem_of(
        file, tmp_path
    )
    path.write_bytes(CONTENT[::-1])
    assert f"wanted {DIGEST[:8]}" in problem_of(file, tmp_path)
    path.write_bytes(CONTENT)
    assert problem_of(file, tmp_path) == ""


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pth", b"", "an empty file"),
        ("a.pth", b"\n<!DOCTYPE html><html>quota exceeded</html>", "a web page"),
        ("a.onnx", b"<html></html>", "a web page"),
        ("a.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a pointer of Git"),
        ("a.pth", b"PK\x03\x04" + bytes(100), "not a whole archive"),
        ("a.pth", b"nothing of the kind", "not a file of PyTorch"),
        ("a.onnx", b"nothing of the kind", "not ONNX"),
        ("a.safetensors", b"\xff" * 20, "not safetensors"),
    ],
)
def test_files_that_cannot_be_weights_are_named(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    fields = {"use": "metrics", "needed_by": ("lpips",), "source": "a release", "licence": "MIT"}
    file = PublishedFile(path=Path(name), **fields)
    (tmp_path / name).write_bytes(content)
    assert problem_of(file, tmp_path).startswith(f"{tmp_path / name}: found {words}")


def test_files_of_every_kind_pass(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "new.pth")
    torch.save({"a": torch.ones(2)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file({"a": torch.ones(2)}, tmp_path / "a.safetensors")
    sface = find_asset(Path(".assets"), "sface")
    for path in (*tmp_path.iterdir(), sface):
        assert content_problem(path) == ""


@pytest.mark.parametrize("path", ["/etc/passwd", "../net.pth", "hub/../../net.pth"])
def test_a_list_stays_inside_its_folder(tmp_path: Path, path: str) -> None:
    manifest = write_manifest(tmp_path)
    manifest.write_text(manifest.read_text().replace("hub/net.pth", path))
    with pytest.raises(
        IdfsrError, match=r"list\.yaml: net\.path: .*wanted a path below the folder"
    ):
        read_manifest(manifest)


def test_metrics_without_their_weights(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path)
    missing = missing_files(["psnr", "lpips"], tmp_path, manifest)
    assert missing == {"lpips": f"{tmp_path}/hub/net.pth, from a release"}
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "net.pth").write_bytes(CONTENT)
    assert missing_files(["psnr", "lpips"], tmp_path, manifest) == {}


@pytest.mark.parametrize(
    ("extra", "words"),
    [("  md5: a\n", "net.*md5"), ("other:\n  use: metrics\n", "other"), ("  : [\n", "not YAML")],
)
def test_bad_lists_are_refused(tmp_path: Path, extra: str, words: str) -> None:
    with pytest.raises(IdfsrError, match=words):
        read_manifest(write_manifest(tmp_path, extra))


def test_command_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = write_manifest(tmp_path)
    words = ["weights", "check", "metrics", "--folder", str(tmp_path), "--manifest", str(manifest)]
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out.startswith("bad net ")
    assert err.endswith(f"error: {tmp_path}: found 0 of 1 files, wanted all\n")
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "net.pth").write_bytes(CONTENT)
    main(words)
    assert capsys.readouterr().out.startswith("ok  net ")
    main(["weights", "list", *words[3:]])
    assert "for metrics: lpips; licence MIT" in capsys.readouterr().out


def test_a_missing_file_is_named_with_its_network(tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(CONTENT)
    assert find_weights(tmp_path, "net.pth", "Net") == tmp_path / "net.pth"
    with pytest.raises(IdfsrError, match=r"hub/net\.pth: no such file, wanted the weights of Net"):
        find_weights(tmp_path, "hub/net.pth", "Net")


def test_methods_are_checked_before_a_run(tmp_path: Path) -> None:
    more = "other:\n  use: baselines\n  needed_by: [lpips, own]\n  path: o\n  source: s\n"
    manifest = write_manifest(tmp_path, more + "  licence: MIT\n")
    assert lacking_files(["bicubic", "lpips", "own"], tmp_path, manifest) == [
        f"{tmp_path}/hub/net.pth: no such file, wanted for lpips, from a release",
        f"{tmp_path}/o: no such file, wanted for lpips, own, from s",
    ]
    (tmp_path / "o").write_bytes(CONTENT)
    assert lacking_files(["bicubic", "own"], tmp_path, manifest) == []
    assert weight_paths("own", ["other"], tmp_path, manifest) == {"other": tmp_path / "o"}
    with pytest.raises(IdfsrError, match="found no entry third, wanted one for own"):
        weight_paths("own", ["third"], tmp_path, manifest)
