from pathlib import Path

import pytest

from idfsr.main import main


def test_what_can_be_made_again_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "demo"
    kept = ("report/index.html", "tables/table1.csv", "fit/x8/a/embedding.safetensors",
            "restored/x8/bicubic/a.parquet", "pretrain/model.safetensors")  # fmt: skip
    freed = ("shards/x8/test-00000.parquet", "features/f/truth.parquet", "pretrain/state/state.pt")
    for name in (*kept, *freed):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(1_000_000))
    main(["clean", "demo"])
    assert capsys.readouterr().out.splitlines()[-1] == "       3.0 MB  freed"
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert left == set(kept)
    with pytest.raises(SystemExit):
        main(["clean", "none"])
    assert "found no report there" in capsys.readouterr().err
