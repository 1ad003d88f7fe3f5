import numpy as np
import pytest

from idfsr.metrics.engine.image_score import image_score
from idfsr.metrics.engine.metric import ImageBatch


def test_a_column_of_the_restored_images_in_the_unit_range() -> None:
    images = np.stack([np.full((8, 8, 3), value, np.uint8) for value in (51, 102)])
    scorer = image_score("grey", lambda batch: 2 * batch.mean(dim=(1, 2, 3)))
    found = scorer.extract(ImageBatch(images, np.zeros((2, 112, 112, 3), np.uint8)))
    assert scorer.compare(found, {})["grey"].tolist() == pytest.approx([0.4, 0.8])
