"""What z_id says to the network, and what a fit keeps, over people whom no choice was made on.

Renders and prepares ten people for each seed, once: `--scratch` keeps them, in a folder whose name
follows from the code and the networks they are made with. Restores the test images of all with

- PT, the z_id of each image's reference;
- mean, that of the person's fit images;
- own, that of the image itself, which no photograph of the person can give;
- mean and own with guidance 1.5;
- a fit for each `--variant`, whose fields differ from the demo's settings;

and prints a table in Markdown: identity distance (SFace), PSNR, and their differences from PT, of
the identity distance also from the mean, with 95 % intervals over people.

    python benchmarks/fit.py --scratch /tmp/people --scale-factor 16 --seeds 5 6 7 8 9 \
        --weights idfsr/weights/idfsr64.safetensors --variant num_steps=40 --variant num_steps=120
"""

import argparse
import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd
import torch
import yaml
from jaxtyping import Float
from pydantic import TypeAdapter
from torch import Tensor
from tqdm import tqdm

from idfsr.config.fit import FitConfig
from idfsr.config.metrics import MetricsConfig
from idfsr.config.restore import RestoreConfig
from idfsr.experiments.probes import score_faces
from idfsr.io.digests import file_digest
from idfsr.io.examples import IdentityExamples, load_identity, mean_direction
from idfsr.io.images import encode_png
from idfsr.io.provenance import code_digest
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.main import main as idfsr
from idfsr.methods.engine.restore import pick_rows
from idfsr.methods.idfsr.restore import IdfsrRestorer, load_restorer
from idfsr.metrics.sface.distance import identity_distance
from idfsr.metrics.sface.network import SFace, load_sface
from idfsr.report.intervals import mean_interval
from idfsr.run.config import Config, parse_config, stage_json
from idfsr.training.fit import fit_identities

CPU = torch.device("cpu")
NUM_PEOPLE = 10
"""Of each seed, all of whom are tested. Two more are rendered: a split wants some to train on."""
BATCH_SIZE = 20
"""Images restored, or people fitted times their batch, at a time."""
GUIDANCE = 1.5
OF_REFERENCES = ("warped_ref", "reference_z_id", "ref_landmarks")
"""Columns of examples that have a value for each reference; some people have fewer than others."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who is fitted and restored."""

    name: str
    fit: IdentityExamples
    test: IdentityExamples
    truth: pd.DataFrame
    """A row for each test image: columns identity, image, gt_image and landmarks."""


def run_settings(seed: int) -> Config:
    """Return the demo's settings with the people of a seed."""
    values = yaml.safe_load(Path("config/demo.yaml").read_text())
    values |= {
        "seed": seed,
        "synthref": {**values["synthref"], "num_identities": NUM_PEOPLE + 2},
        "split": {"test_fraction": NUM_PEOPLE / (NUM_PEOPLE + 2)},
    }
    return parse_config(values, "config/demo.yaml")


def prepare_people(folder: Path, config: Config, scale_factor: int, assets: Path) -> Path:
    """Render people, and make their shard of one scale factor, as the workflow does.

    Args:
        folder: Of a seed; what is there already is not made again.
        config: Of the run.
        scale_factor: Of the shard.
        assets: Folder of the asset packages.
    """
    shard = folder / f"test-x{scale_factor}.parquet"
    root = folder / "CelebHQRefForRelease"
    folder.mkdir(parents=True, exist_ok=True)

    def stage(name: str, *words: str | Path) -> None:
        settings = folder / f"{name}.json"
        settings.write_text(stage_json(config, name))
        idfsr([name, "--config", str(settings), *map(str, words)])

    files = {name: folder / f"{name}.parquet" for name in ("manifest", "landmarks", "quality")}
    manifest = ("--manifest", files["manifest"])
    landmarks = ("--landmarks", files["landmarks"])
    split = ("--split", folder / "split.tsv")
    if not root.is_dir():
        stage("synthref", "--assets", assets, "--out-dir", folder)
    if not (folder / "split.tsv").is_file():
        stage("index", "--root", root, *manifest, "--listing", folder / "listing.tsv")
        stage(
            "landmarks", *manifest, "--root", root, "--assets", assets, "--shard", "0", *landmarks
        )
        stage("quality", *manifest, *landmarks, "--quality", files["quality"])
        stage("split", "--quality", files["quality"], *split, "--summary", folder / "summary.tsv")
    if not shard.is_file():
        stage(
            "shards", *split, *manifest, *landmarks, "--root", root,
            "--lr-detector", config.weights.lr_detector, "--id-encoder", config.weights.id_encoder,
            "--part", "test", "--scale-factor", str(scale_factor), "--shard", "0",
            "--shards", shard,
        )  # fmt: skip
    return shard


def scratch_folder(scratch: Path, config: Config) -> Path:
    """Return a folder for people who are made by this code and these networks."""
    weights = [
        file_digest(Path(getattr(config.weights, name))) for name in ("id_encoder", "lr_detector")
    ]
    code = code_digest("idfsr.stages.synthref", "idfsr.stages.shards")
    return scratch / hashlib.sha256("".join([code, *weights]).encode()).hexdigest()[:12]


def read_people(shard: Path, prefix: str) -> Iterator[Person]:
    """Read the people of a test shard."""
    rows = read_shard([shard], [*KEY, "gt_image", "landmarks"], "test").to_pandas()
    for identity, truth in rows.groupby("identity"):
        fit, test = (load_identity([shard], str(identity), part) for part in ("fit", "test"))
        yield Person(name=f"{prefix}{identity}", fit=fit, test=test, truth=truth)


def join(parts: Sequence[IdentityExamples]) -> IdentityExamples:
    """Put the examples of several people one after the other, each with its first reference."""
    columns = [cast("dict[str, Any]", part) for part in parts]
    joined = {
        name: torch.cat(
            [each[name][:, :1] if name in OF_REFERENCES else each[name] for each in columns]
        )
        if isinstance(first, Tensor)
        else [value for each in columns for value in each[name]]
        for name, first in columns[0].items()
    }
    return cast("IdentityExamples", joined)


def restore(
    restorer: IdfsrRestorer, people: Sequence[Person], z_ids: Sequence[Float[Tensor, "_ 512"]]
) -> pd.DataFrame:
    """Restore the test images of people, many at a time.

    Args:
        restorer: Its z_id is replaced.
        people: Whose images.
        z_ids: Of each person, one for all images or one for each.

    Returns:
        The columns of `Person.truth`, and person and sr_image.
    """
    examples = join([person.test for person in people])
    z_id = torch.cat(
        [z.expand(len(each.test["keys"]), -1) for each, z in zip(people, z_ids, strict=True)]
    )
    images = []
    for start in tqdm(range(0, len(z_id), BATCH_SIZE), desc="restore", mininterval=5):
        rows = list(range(start, min(start + BATCH_SIZE, len(z_id))))
        at_once = dataclasses.replace(restorer, fitted_z_id=z_id[rows])
        images += [encode_png(image) for image in at_once.sample(pick_rows(examples, rows), CPU)]
    truth = pd.concat([each.truth.assign(person=each.name) for each in people], ignore_index=True)
    return truth.assign(sr_image=images)


def score(rows: pd.DataFrame, recogniser: SFace) -> pd.DataFrame:
    """Add the columns psnr and ids."""
    fidelity, sr, gt = map(torch.from_numpy, score_faces(rows, recogniser, CPU))
    return rows.assign(psnr=fidelity.numpy(), ids=identity_distance(sr, gt).numpy())


def parse_variant(text: str) -> FitConfig:
    """Read fields of the fit, e.g. "num_steps=40,learning_rate=0.01"."""
    fields = dict(word.split("=") for word in text.split(","))
    return TypeAdapter(FitConfig).validate_python(
        dataclasses.asdict(run_settings(0).fit) | {"num_evaluations": 1} | fields
    )


def fit(restorer: IdfsrRestorer, people: Sequence[Person], config: FitConfig) -> list[Tensor]:
    """Fit z_id of each person."""
    at_once = max(1, BATCH_SIZE // config.batch_size)
    results = [
        result
        for start in range(0, len(people), at_once)
        for result in fit_identities(
            restorer.model,
            [(each.fit, each.test) for each in people[start : start + at_once]],
            config,
            restorer.seed,
        )
    ]
    return [result.z_id[None] for result in results]


def all_rows(
    restorer: IdfsrRestorer, people: Sequence[Person], variants: Sequence[str]
) -> Iterator[tuple[str, IdfsrRestorer, list[Tensor]]]:
    """Yield the name of each row of the table, how it restores, and z_id of each person."""
    guided = dataclasses.replace(restorer, guidance=GUIDANCE)
    mean = [mean_direction(each.fit["z_id"])[None] for each in people]
    own = [each.test["z_id"] for each in people]
    yield "PT", restorer, [restorer.reference_z_id(each.test) for each in people]
    yield "mean", restorer, mean
    yield "own", restorer, own
    yield f"mean, guidance {GUIDANCE}", guided, mean
    yield f"own, guidance {GUIDANCE}", guided, own
    for variant in variants:
        yield f"fit, {variant}", restorer, fit(restorer, people, parse_variant(variant))


def compare(rows: pd.DataFrame, other: pd.DataFrame, column: str) -> str:
    """Print the mean difference of a column with its interval over people."""
    change = (rows[column] - other[column]).to_numpy()
    found = mean_interval(change, rows["person"].tolist(), MetricsConfig().num_bootstrap)
    digits = 3 if column == "ids" else 2
    return f"{found.mean:+.{digits}f} [{found.lo:.{digits}f}, {found.hi:.{digits}f}]"


def main() -> None:
    """Prepare, fit, restore, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--weights", type=Path, required=True, help="IDFSR, safetensors")
    add("--scratch", type=Path, required=True, help="folder to keep the people in")
    add("--scale-factor", type=int, required=True, help="8 or 16")
    add("--seeds", type=int, nargs="+", required=True, help="of the people, ten each")
    add("--variant", action="append", default=[], help="fields of the fit, name=value,...")
    add("--restore-steps", type=int, default=20, help="DDIM steps")
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    people: list[Person] = []
    for seed in args.seeds:
        config = run_settings(seed)
        folder = scratch_folder(args.scratch, config) / f"seed{seed}"
        shard = prepare_people(folder, config, args.scale_factor, args.assets)
        people += read_people(shard, f"{seed}/")
    settings = RestoreConfig(num_inference_steps=args.restore_steps)
    restorer = load_restorer(settings, 0, args.weights, None)
    recogniser = load_sface(args.assets, CPU)
    print(f"{len(people)} people, x{args.scale_factor}, {args.restore_steps} steps\n")
    print("| z_id | IDS | IDS - PT | IDS - mean | PSNR | PSNR - PT |")
    print("| --- | --- | --- | --- | --- | --- |")
    done: dict[str, pd.DataFrame] = {}
    for name, method, z_ids in all_rows(restorer, people, args.variant):
        rows = done[name] = score(restore(method, people, z_ids), recogniser)
        of_pt, of_mean = compare(rows, done["PT"], "ids"), ""
        if "mean" in done:
            of_mean = compare(rows, done["mean"], "ids")
        print(
            f"| {name} | {rows['ids'].mean():.3f} | {of_pt} | {of_mean} "
            f"| {rows['psnr'].mean():.2f} | {compare(rows, done['PT'], 'psnr')} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
