"""Write docs/groups.md, IDFSR by groups of people, from a finished run.

python envs/groups.py results/demo
"""

import sys
from pathlib import Path

import pandas as pd

METHOD = "idfsr-ft"
COLUMNS = {"psnr": "PSNR, dB, higher is better", "ids_sface": "IDS (SFace), lower is better"}

run = Path(sys.argv[1])
table = pd.read_csv(run / "tables/table1.csv")
(digest,) = set(table.loc[table["method"] == "idfsr-pt", "model_digest"])
groups = pd.read_csv(run / "tables/groups.csv", keep_default_na=False, na_values={"psnr": [""]})
groups = groups[groups["method"] == METHOD]
head = ["attribute", "group", "said by", "scale", "people", "images", *COLUMNS.values()]
lines = [
    "# Results by group",
    "",
    f"IDFSR (FT) of the run `{run.name}`, pretrained model `{digest}`, with 95 % intervals over",
    "people. Groups of fewer than five people have no figures. `python envs/groups.py RUN` writes",
    "this page.",
    "",
    f"| {' | '.join(head)} |",
    f"| {' | '.join(['---'] * len(head))} |",
]
for row in groups.to_dict("records"):
    values = [
        row["note"]
        or f"{float(row[name]):.3f} [{float(row[f'{name}_lo']):.3f}, "
        f"{float(row[f'{name}_hi']):.3f}]"
        for name in COLUMNS
    ]
    facts = [row["attribute"], row["group"], row["said_by"], f"x{row['scale_factor']}"]
    cells = [*facts, row["num_identities"], row["num_images"], *values]
    lines.append(f"| {' | '.join(map(str, cells))} |")
Path("docs/groups.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
