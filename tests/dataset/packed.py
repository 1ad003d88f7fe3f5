"""Small data sets in the formats in which they are published."""

import csv
import io
import struct
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.conftest import make_image

MAGIC = 0xCED7230A


def jpeg(index: int, size: int = 112) -> bytes:
    """Return a JPEG file."""
    buffer = io.BytesIO()
    Image.fromarray(make_image(index, size)).save(buffer, "JPEG")
    return buffer.getvalue()


def frame_record(payload: bytes) -> bytes:
    """Frame a payload as dmlc's RecordIO does: cut where the magic number stands at 4 bytes."""
    magic = struct.pack("<I", MAGIC)
    cuts = [n for n in range(0, len(payload) - 3, 4) if payload[n : n + 4] == magic]
    begins, ends = [0, *(n + 4 for n in cuts)], [*cuts, len(payload)]
    parts = [payload[begin:end] for begin, end in zip(begins, ends, strict=True)]
    flags = [0] if len(parts) == 1 else [1, *[2] * (len(parts) - 2), 3]
    return b"".join(
        struct.pack("<II", MAGIC, flag << 29 | len(part)) + part + b"\0" * (-len(part) % 4)
        for flag, part in zip(flags, parts, strict=True)
    )


def pack(labels: list[float], image: bytes = b"") -> bytes:
    """Return the payload of a record: header, labels if there are several, and the image."""
    if len(labels) == 1:
        return struct.pack("<IfQQ", 0, labels[0], 0, 0) + image
    header = struct.pack("<IfQQ", len(labels), 0, 0, 0)
    return header + struct.pack(f"<{len(labels)}f", *labels) + image


def write_records(folder: Path, people: list[list[bytes]]) -> Path:
    """Write train.rec, .idx, .lst and property as insightface packs the images of people."""
    folder.mkdir(parents=True, exist_ok=True)
    images = [(label, image) for label, files in enumerate(people) for image in files]
    end = 1 + len(images)
    payloads = [pack([end, end + len(people)])]
    payloads += [pack([float(label)], image) for label, image in images]
    begin = 1
    for files in people:
        payloads.append(pack([begin, begin + len(files)]))
        begin += len(files)
    data, index = b"", ""
    for key, payload in enumerate(payloads):
        index += f"{key}\t{len(data)}\n"
        data += frame_record(payload)
    (folder / "train.rec").write_bytes(data)
    (folder / "train.idx").write_text(index)
    lines = [f"1\t/data/{label:07d}/{n:03d}.jpg\t{label}" for n, (label, _) in enumerate(images)]
    (folder / "train.lst").write_text("\n".join(lines) + "\n")
    (folder / "property").write_text(f"{len(people)},112,112\n")
    return folder / "train.rec"


def write_clip(path: Path, seed: int, num_frames: int = 12, size: int = 64) -> Path:
    """Write an MP4 file whose every frame is different."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 12, (size, size))
    assert writer.isOpened()
    for number in range(num_frames):
        writer.write(np.ascontiguousarray(make_image(1000 * seed + number, size)[..., ::-1]))
    writer.release()
    return path


def write_table(path: Path, rows: list[tuple[str, list[str]]]) -> Path:
    """Write a table of references as ReF-LDM publishes it for validation and test."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["gt_image", "lq_image", "ref_image"])
        table.writerows([name, name, str(others)] for name, others in rows)
    return path
