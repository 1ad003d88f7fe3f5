"""Downloads from a real server on the loopback interface, and every way in which they fail."""

import dataclasses
import hashlib
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from idfsr.errors import IdfsrError
from idfsr.io.download import download
from idfsr.io.weights_list import PublishedFile, read_manifest
from idfsr.main import main

CONTENT = b"\x80\x02weights of a network" * 100_000  # two parts of the answer
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """/whole has the file, /short breaks off in the middle of it, elsewhere is nothing."""

    def do_GET(self) -> None:
        folder = self.path.split("/")[1]
        if folder not in ("whole", "short"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT if folder == "whole" else CONTENT[: len(CONTENT) // 2])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of the server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def published(source: str, sha256: str = "", size: int | None = None) -> PublishedFile:
    return PublishedFile(
        use="metrics", needed_by=("lpips",), path=Path("hub/net.pth"), source=source,
        licence="MIT", sha256=sha256, size=size,
    )  # fmt: skip


def test_a_file_is_an_address_of_its_own_or_must_be_asked_for() -> None:
    for source in ("http://a.example/b/net.pth", "https://a.example/net.pth"):
        assert published(source).address == source
    for source in ("https://a.example/b, net.pth", "https://a.example/net", "a release: net.pth"):
        assert published(source).address == ""


def test_the_whole_file_arrives(server: str, tmp_path: Path) -> None:
    download(published(f"{server}/whole/net.pth", DIGEST[:8], len(CONTENT)), tmp_path)
    assert (tmp_path / "hub/net.pth").read_bytes() == CONTENT
    assert len(list((tmp_path / "hub").iterdir())) == 1


def test_an_unknown_digest_and_size_are_no_hindrance(server: str, tmp_path: Path) -> None:
    download(published(f"{server}/whole/net.pth"), tmp_path)
    assert (tmp_path / "hub/net.pth").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("folder", "sha256", "size", "found"),
    [
        ("whole", "0" * 64, None, f"found sha256 {DIGEST[:16]}..., wanted 0000000000000000"),
        ("whole", "", 7, r"found 2,200,000 bytes, wanted 7"),
        ("short", "", None, r"found no answer or not all of it \(ChunkedEncodingError\), wanted"),
        ("none", "", None, r"found 404 Not Found, wanted net\.pth"),
    ],
)
def test_what_is_not_the_file_leaves_no_trace(
    server: str, tmp_path: Path, folder: str, sha256: str, size: int | None, found: str
) -> None:
    path = tmp_path / "hub/net.pth"
    path.parent.mkdir()
    path.write_bytes(b"before")
    with pytest.raises(IdfsrError, match=f"{folder}/net.pth: {found}") as caught:
        download(published(f"{server}/{folder}/net.pth", sha256, size), tmp_path)
    assert "\n" not in str(caught.value)
    assert [file.read_bytes() for file in path.parent.iterdir()] == [b"before"]


def test_without_a_connection(tmp_path: Path) -> None:
    with socket.socket() as closed:  # a port that nobody listens at
        closed.bind(("127.0.0.1", 0))
        source = f"http://127.0.0.1:{closed.getsockname()[1]}/net.pth"
        with pytest.raises(IdfsrError, match=r"no answer or not all of it \(ConnectionError\)"):
            download(published(source), tmp_path)
    assert list((tmp_path / "hub").iterdir()) == []


def test_a_file_that_is_there_is_never_overwritten(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "list.yaml"
    manifest.write_text(
        f"net: {{use: metrics, needed_by: [lpips], path: net.pth, "
        f"source: '{server}/whole/net.pth', licence: MIT, sha256: {DIGEST}}}\n"
    )
    (tmp_path / "net.pth").write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(SystemExit) as caught:
        main(["weights", "download", "--manifest", str(manifest), "--folder", str(tmp_path), "net"])
    assert caught.value.code == 2
    assert "(a web page), from" in capsys.readouterr().out
    assert (tmp_path / "net.pth").read_bytes() == b"<!DOCTYPE html>"


def test_a_file_of_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def give(_: str, path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("pack/net.pth", CONTENT)

    monkeypatch.setattr("idfsr.io.download._fetch", give)
    file = dataclasses.replace(
        published("https://a.example/pack.zip", DIGEST), member="pack/net.pth"
    )
    assert file.address == "https://a.example/pack.zip"
    download(file, tmp_path)
    assert (tmp_path / "hub/net.pth").read_bytes() == CONTENT
    assert len(list((tmp_path / "hub").iterdir())) == 1
    other = dataclasses.replace(file, member="none.pth")
    with pytest.raises(IdfsrError, match=r"wanted a zip archive with none\.pth"):
        download(other, tmp_path)


def test_weights_that_torchvision_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def give(address: str, path: Path) -> None:
        asked.append(address)
        path.write_bytes(CONTENT)

    monkeypatch.setattr("idfsr.io.download._fetch", give)
    listed = read_manifest()["alexnet"]
    download(dataclasses.replace(listed, sha256=DIGEST, size=None), tmp_path)
    assert (tmp_path / listed.path).read_bytes() == CONTENT
    (address,) = asked
    assert address.startswith("https://")
    assert address.endswith(f"/{listed.path.name}")  # torchvision's own name of the same file
    with pytest.raises(IdfsrError, match=r"^torchvision:AlexNet_Weights\.NONE: "):
        download(published("torchvision:AlexNet_Weights.NONE"), tmp_path)


def test_a_file_of_a_folder_of_google_drive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folder(_: str, **_options: bool) -> list[SimpleNamespace]:
        return [SimpleNamespace(id="1", path="a/x"), SimpleNamespace(id="2", path="a/net.pth")]

    def give(*_: str, id: str, output: str) -> None:  # noqa: A002 - gdown's name
        Path(output).write_bytes(CONTENT if id == "2" else b"")

    monkeypatch.setattr("gdown.download_folder", folder)
    monkeypatch.setattr("gdown.download", give)
    address = "https://drive.google.com/drive/folders/abc"
    download(published(address, DIGEST), tmp_path)
    assert (tmp_path / "hub/net.pth").read_bytes() == CONTENT


def test_the_paper_needs_these(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["weights", "check", "--folder", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 24
    assert not any("gfpgan" in line for line in lines)
    with pytest.raises(SystemExit):  # words may stand in any place
        main(["weights", "check", "dr2", "--folder", str(tmp_path), "lpips"])
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_command_gets_what_it_can_and_names_the_rest(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = {
        "net": (f"{server}/whole/net.pth", "lpips"),
        "broken": (f"{server}/short/broken.pth", "fid"),
        "asked": ("a release", "ids"),
        "there": ("a release", "ids"),
    }
    manifest = tmp_path / "list.yaml"
    manifest.write_text(
        "".join(
            f"{name}: {{use: metrics, needed_by: [{metric}], path: {name}.pth, "
            f"source: '{source}', licence: MIT}}\n"
            for name, (source, metric) in entries.items()
        )
    )
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "there.pth").write_bytes(b"\x80\x02there")

    def run(*words: str) -> list[str]:
        options = ["--folder", str(folder), "--manifest", str(manifest)]
        main(["weights", "download", *words, *options])
        return capsys.readouterr().out.splitlines()

    for words in ("lpips", "net"):  # the second time it is there
        assert run(words) == [f"ok  net                {folder}/net.pth"]
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 2
    captured = capsys.readouterr()
    broken_off = "found no answer or not all of it (ChunkedEncodingError)"
    assert captured.out.splitlines() == [
        f"ok  net                {folder}/net.pth",
        f"bad broken             {server}/short/broken.pth: {broken_off}, wanted broken.pth",
        f"bad asked              {folder}/asked.pth: no such file, wanted from a release",
        f"ok  there              {folder}/there.pth",
        "",
        "Put these where they are wanted by hand, or wait and try again:",
        f"    broken: {folder}/broken.pth",
        f"        from {server}/short/broken.pth",
        f"    asked: {folder}/asked.pth",
        "        from a release",
    ]
    assert captured.err == f"idfsr weights: error: {folder}: found 2 of 4 files, wanted all\n"
    assert sorted(path.name for path in folder.iterdir()) == ["net.pth", "there.pth"]

    with pytest.raises(SystemExit) as caught:
        run("nets")
    assert caught.value.code == 2
    assert "error: nets: found no file of that name" in capsys.readouterr().err
