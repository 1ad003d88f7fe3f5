from pathlib import Path

from idfsr.io.file_lists import write_list
from idfsr.main import main


def test_names_the_new_bytes_and_does_without_a_list(tmp_path: Path) -> None:
    main(["relist", str(tmp_path / "batch-00000.tsv")])
    assert not any(tmp_path.iterdir())
    file, path = tmp_path / "00082.parquet", tmp_path / "batch-00000.tsv"
    file.write_text("a")
    write_list(path, [file])
    before = path.read_text()
    file.write_text("b")
    main(["relist", str(path)])
    assert path.read_text() != before
