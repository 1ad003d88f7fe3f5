from pathlib import Path

from idfsr.run.config import parse_config
from idfsr.run.estimate import estimate


def test_rendered_people() -> None:
    config = parse_config({"pretrain": {"num_images": 127080}, "methods": ["idfsr-ft"]}, "test")
    lines = list(estimate(config))
    assert lines[0].startswith("demo: 40 people, 320 photographs")
    # 127,080 images at 35.3 a second are an hour
    assert lines[1].split()[:2] == ["pretrain", "1.0"]
    # 2,000 steps of 4 images for 4 people at 2 scales, at 28.8 a second
    assert lines[2].split()[:2] == ["fit", "0.6"]
    # 320 images at 2 scales of 0.6 MB
    assert lines[4].split()[:3] == ["shards", "0.4", "GB"]


def test_photographs_are_counted(photo_tree: Path) -> None:
    config = parse_config(
        {"shards": {"image_size": 64}, "model": {"image_size": 64}, "pretrain": {"num_images": 0}},
        "",
    )
    assert list(estimate(config)) == []
    config = parse_config({"dataset": {"kind": "folder", "root": str(photo_tree)}}, "test")
    lines = list(estimate(config))
    assert lines[0].startswith("demo: 3 people, 6 photographs")
    # 2 threads of 14 bytes a pixel, and what a process takes
    assert lines[5].split()[:2] == ["index", "4.8"]
