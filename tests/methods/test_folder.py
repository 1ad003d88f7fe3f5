"""Images that were restored elsewhere."""

from pathlib import Path

import numpy as np
from PIL import Image

from idfsr.io.images import decode_png
from idfsr.io.restored_folder import digest_images, restored_name
from idfsr.methods.engine.check import check_restorer, make_examples
from idfsr.methods.engine.contract import Context
from idfsr.methods.engine.restore import restore_identity
from idfsr.methods.folder import Folder, FolderConfig, declare
from tests.conftest import make_image

SIZE = 64


def write_images(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        path = folder / restored_name(8, "someone", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(make_image(number)).save(path)


def test_each_image_comes_from_its_file_and_others_have_their_reason(tmp_path: Path) -> None:
    write_images(tmp_path, "0", "3", "4")
    broken = tmp_path / restored_name(8, "someone", "1")
    broken.write_bytes(b"no image")
    small = tmp_path / restored_name(8, "someone", "2")
    Image.new("RGB", (SIZE, SIZE // 2)).save(small)
    (tmp_path / restored_name(8, "someone", "4")).unlink()
    method = declare("mine")
    settings = FolderConfig(folder=str(tmp_path))
    restorer = method.load(Context(seed=0, settings=settings, scale_factor=8))
    examples = make_examples(size=SIZE, scale_factor=8, num_images=5)
    table = restore_identity(method, restorer, examples, "someone", 8, 2)
    assert table["problem"].tolist() == [
        "",
        "the folder's image cannot be read",
        "the folder's image has 64 x 32 pixels, not 64 x 64",
        "",
        "no image in the folder",
    ]
    assert np.array_equal(decode_png(table["sr_image"][0]), make_image(0))
    assert np.array_equal(decode_png(table["sr_image"][3]), make_image(1))
    assert set(table["method"]) == {"mine"}
    assert table["model_digest"][0] == digest_images(tmp_path, 8)[:16]


def test_contract(tmp_path: Path) -> None:
    write_images(tmp_path, "0", "1", "2")
    restorer, examples = Folder(tmp_path, 8), make_examples(SIZE, 8, num_images=3)
    restorer.examine(examples)
    check_restorer(restorer, examples)


def test_the_digest_is_of_names_and_bytes_of_one_scale(tmp_path: Path) -> None:
    write_images(tmp_path, "0", "1")
    before = digest_images(tmp_path, 8)
    assert digest_images(tmp_path, 16) != before
    (tmp_path / "x8/someone/1.png").rename(tmp_path / "x8/someone/2.png")
    renamed = digest_images(tmp_path, 8)
    assert renamed != before
    (tmp_path / "x8/someone/2.png").write_bytes(b"other")
    assert digest_images(tmp_path, 8) not in (before, renamed)
