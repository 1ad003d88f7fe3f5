from pathlib import Path

import numpy as np
from PIL import Image

from idfsr.io.examples import load_identity
from idfsr.methods.bicubic import Bicubic
from tests.training.makers import make_face, write_test_shard


def test_is_pillow_down_and_up(tmp_path: Path) -> None:
    examples = load_identity([write_test_shard(tmp_path / "t.parquet")], "00007", "test")
    restored = Bicubic().restore(examples)
    assert restored.shape == (2, 32, 32, 3)
    for image, name in zip(restored, (3, 4), strict=True):
        small = Image.fromarray(make_face(7, name, 32)).resize((4, 4), Image.Resampling.BICUBIC)
        large = small.resize((32, 32), Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(image, np.array(large))
