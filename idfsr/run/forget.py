"""Taking a person out of a run: nothing that shows or names them stays, but in shared weights.

Every file of the run is looked at, whatever rule made it. Tables lose the person's rows; what was
made for the person alone goes; pictures, pages and settings that may show or name them go as well,
for the workflow makes them again.
"""

import functools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from idfsr.dataset.sharding import read_split_rows
from idfsr.errors import DamagedFileError, IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.seals import SEAL, check_parquet, parquet_writer
from idfsr.io.texts import digest_path, write_text

PICTURES: Final = ("figures", "report", "progress", "state")
"""Folders of a run whose files show images of several people."""
TEXTS: Final = (".csv", ".jsonl", ".log", ".md", ".tex", ".tsv", ".txt")
SHARED: Final = ("lr_detector/model.safetensors", "pretrain/model.safetensors")
"""Weights that learn from the people of the part pretrain."""


def run_folders(run: str) -> list[Path]:
    """Return the folders with files of a run, and those in which Snakemake keeps its records."""
    snakemake = Path(".snakemake")
    own = [Path("results", run), Path("logs", run)]
    return [*own, *(snakemake / name for name in ("log", "metadata", "incomplete", "iocache"))]


def weights_that_saw(run: str, person: str) -> list[Path]:
    """Return the weights of a run that were trained on a person.

    Raises:
        IdfsrError: The run has no split, or the person is not in it.
    """
    rows = read_split_rows(Path("results", run, "split.tsv"))
    parts = {row["part"] for row in rows if row["identity"] == person}
    if not parts:
        message = f"results/{run}/split.tsv: found no {person}, wanted a person of the run"
        raise IdfsrError(message)
    networks = sorted(Path("results", run, "networks").glob("*/model.safetensors"))
    files = [*(Path("results", run, name) for name in SHARED), *networks]
    return [path for path in files if path.is_file()] if "pretrain" in parts else []


def _names(person: str) -> re.Pattern[bytes]:
    """Return what finds a person's name as a word, and not in the number of a shard or a batch."""
    return re.compile(rb"(?<![\w-])" + re.escape(person.encode()) + rb"(?!\w)")


def _drop_rows(path: Path, person: str) -> bool:
    """Take the rows that name a person out of a Parquet table; return whether it has lost some."""
    check_parquet(path)
    table = pq.read_table(path, partitioning=None)
    texts = [name for name, kind in zip(table.schema.names, table.schema.types, strict=True)
             if pa.types.is_string(kind) or pa.types.is_large_string(kind)]  # fmt: skip
    named = [pc.fill_null(pc.equal(table[name], person), fill_value=False) for name in texts]
    if not named:
        return False
    kept = table.filter(pc.invert(functools.reduce(pc.or_, named)))
    if kept.num_rows == table.num_rows:
        return False
    metadata = {
        key: value
        for key, value in (table.schema.metadata or {}).items()
        if key not in (SEAL.encode(), b"pandas")
    }
    kept = pa.table(kept.columns, schema=table.schema.with_metadata(metadata or None))
    with parquet_writer(path, kept.schema) as writer:
        writer.write_table(kept)
    return True


def _drop_lines(path: Path, names: re.Pattern[bytes]) -> bool:
    """Take the lines that name a person out of a text file; return whether it has lost some."""
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    kept = [line for line in lines if not names.search(line)]
    if len(kept) == len(lines):
        return False
    if digest_path(path).is_file():
        write_text(path, b"".join(kept).decode())
    else:
        with atomic_path(path) as temporary:
            temporary.write_bytes(b"".join(kept))
    return True


def _is_own(path: Path, person: str) -> bool:
    """Say whether a path, e.g. fit/x16/00082/made.json, is of one person alone."""
    return any(part == person or part.startswith(f"{person}.") for part in path.parts[2:])


def _take_out(path: Path, person: str, names: re.Pattern[bytes]) -> str:
    """Take a person out of a file of several people; say what was done, "" if nothing was."""
    if path.suffix == ".parquet":
        try:
            return "rows removed" if _drop_rows(path, person) else ""
        except DamagedFileError:  # nobody knows whom it is of, and the run makes it again
            path.unlink()
            return "removed"
    if path.suffix in TEXTS:
        return "lines removed" if _drop_lines(path, names) else ""
    if path.suffix != ".safetensors" and names.search(path.read_bytes()):
        path.unlink()
        return "removed"
    return ""


def forget(folder: Path, person: str) -> Iterator[tuple[Path, str]]:
    """Take a person out of all files below a folder.

    Args:
        folder: Of a run's results or logs, or of Snakemake's records.
        person: Name of the identity.

    Yields:
        Each file that was changed or removed, and what was done.
    """
    names = _names(person)
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if not path.is_file() or path.is_symlink():
            continue
        if _is_own(within, person) or set(PICTURES) & set(within.parts):
            path.unlink()
            yield path, "removed"
        elif changed := _take_out(path, person, names):
            yield path, changed
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def forget_photographs(root: Path, person: str) -> None:
    """Remove a person's folder of photographs.

    Raises:
        IdfsrError: There is none.
    """
    folder = root / person
    if not folder.is_dir() or folder.resolve().parent != root.resolve():
        message = f"{folder}: no such folder, wanted a person's photographs"
        raise IdfsrError(message)
    shutil.rmtree(folder)
