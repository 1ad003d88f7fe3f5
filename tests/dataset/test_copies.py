import cv2
import skimage.data

from idfsr.dataset.copies import photograph_hash


def test_distances_are_those_of_opencvs_hash() -> None:
    """The order of the bits is another one, the number of those that differ is the same."""
    whole = skimage.data.astronaut()
    images = [whole, whole[:256, 96:352], whole[::-1], skimage.data.coffee(), 255 - whole]
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    small = [cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA) for image in grey]
    theirs = [int.from_bytes(cv2.img_hash.pHash(image).tobytes()) for image in small]
    ours = [photograph_hash(image) for image in images]
    distances = [
        [(one ^ other).bit_count() for one in hashes for other in hashes]
        for hashes in (ours, theirs)
    ]
    assert distances[0] == distances[1]
    assert max(distances[0]) > 20
