"""The tables of images: their columns, and the words of their status."""

from typing import Final

import pyarrow as pa

OK: Final = "ok"
"""Status of an image that is used; any other status is the reason why it is not."""

KEY: Final = ["identity", "image"]
"""Columns that name an image."""

MANIFEST_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "path": pa.string(),
        "sha256": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "copy_of": pa.string(),
        "status": pa.string(),
    }
)
"""One row for each image file; the meaning of each column stands in docs/files.md."""

LANDMARKS_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "num_faces": pa.int32(),
        "score": pa.float32(),
        "box": pa.list_(pa.float32()),
        "landmarks": pa.list_(pa.float32()),
        "sharpness": pa.float32(),
        "yaw": pa.float32(),
        "z_id": pa.list_(pa.float32()),
    }
)
"""The largest face of each image, in pixels of the upright image; without a face, num_faces is 0
and the face's columns are null."""

QUALITY_SCHEMA = pa.schema(
    [
        *MANIFEST_SCHEMA,
        *(field for field in LANDMARKS_SCHEMA if field.name not in (*KEY, "z_id")),
        pa.field("likeness", pa.float32()),
    ]
)
"""The manifest with the landmarks, and how like each face is to the person's others."""


def reason_kind(status: str) -> str:
    """Return what a status "<kind>" or "<kind>: <detail>" is counted under, its kind."""
    return status.split(":", 1)[0]


EXCHANGES_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "scale_factor": pa.int32(),
        "exchange": pa.string(),
        "other_identity": pa.string(),
        "reference": pa.string(),
        "sr_image": pa.binary(),
        "psnr": pa.float64(),
        "ids_sface": pa.float64(),
        "ids_other": pa.float64(),
        "sr_expression": pa.string(),
        "reference_expression": pa.string(),
        "gt_expression": pa.string(),
        "model_digest": pa.string(),
    }
)
"""A row for each restored image. PSNR and distances as in the table of the probes; the expressions
as a network sees them, of the exchange "style" and where a run measures them, else empty."""
