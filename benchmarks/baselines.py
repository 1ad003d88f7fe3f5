"""Inference of the baselines here, against the programs that their authors published.

Takes a folder with checkouts of their repositories, each in a folder of its repository's name:

    sczhou/CodeFormer b33cc7d        zsyOAOA/DifFace 5c9ab80     pq-yang/PGDiff 8634514
    csxmli2016/ASFFNet512 328e166    csxmli2016/DMDNet 37f2e0e
    Kaldwin0106/DR2_Drgradation_Remover 09c97ed

DifFace's also imports the package timm. The networks of each program are filled with random numbers
and written to a file in the published layout, which the method here reads as it would read the
published one. Both then work on the same images of the published size, in one process: first all
programs, as they are, then the methods here, which keep the memory that they free as `idfsr` does.
The script prints the least processor time of each, the ratio, and how far the results are apart in
standard deviations; it fails where that is more than rounding. Reading and writing images,
resizing and finding landmarks are not timed.

A whole sampling takes PGDiff 1,000 steps and DifFace 100: of these `--steps` are timed, the last
ones or, for PGDiff, as many as the whole process is respaced to. DR2's sampling is timed whole.

    python benchmarks/baselines.py --upstream ../upstream --only codeformer --only dr2
"""

import argparse
import contextlib
import dataclasses
import importlib
import io
import json
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any, Final, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.ddim import stochastic_ddim_sample
from idfsr.diffusion.schedule import ddim_timesteps, linear_alphas_cumprod, spread_timesteps
from idfsr.faces.guides import stack_boxes
from idfsr.faces.landmarks68 import FIRST_INNER, landmark_mask
from idfsr.faces.mls import mls_grid
from idfsr.io.examples import IdentityExamples
from idfsr.methods.codeformer import CodeFormerConfig
from idfsr.methods.codeformer.restore import CodeFormerRestorer
from idfsr.methods.difface import DifFaceConfig
from idfsr.methods.difface.restore import ETA, DifFace
from idfsr.methods.dr2 import Dr2Config
from idfsr.methods.dr2.restore import NUM_STEPS as NUM_DR2_STEPS
from idfsr.methods.dr2.restore import Dr2, dr2_sample, first_step
from idfsr.methods.engine.contract import Context
from idfsr.methods.pgdiff import PgDiffConfig
from idfsr.methods.pgdiff.restore import IDENTITY_WEIGHT, PgDiff, pgdiff_sample
from idfsr.models.asffnet import FEATURE_STRIDE, ASFFNet, AsffNetConfig
from idfsr.models.dmdnet import DMDNet, DmdNetConfig
from idfsr.models.published import load_published
from idfsr.models.spectral import fold_spectral_norm
from idfsr.run.process import keep_freed_memory

SIZE: Final = 512
SCALE_FACTOR: Final = 8
SEED: Final = 0
MOST_APART: Final = 1e-3
"""In standard deviations: rounding, after a whole sampling too."""
LANDMARKS: Final = Path(__file__).parents[1] / "tests/golden/asffnet.json"
ALPHAS_CUMPROD: Final = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS)


class Pair(NamedTuple):
    """The same work in two ways."""

    title: str
    theirs: Callable[[], Tensor]
    ours: Callable[[], Tensor]


class Options(NamedTuple):
    """What the pairs are made from."""

    upstream: Path
    weights: Path
    steps: int


def import_upstream(folder: Path, names: Sequence[str], bare: Sequence[str] = ()) -> list[Any]:
    """Import modules of a checkout, and forget their names: several have a package `models`.

    Args:
        folder: The checkout.
        names: Of the modules.
        bare: Packages whose own code is not run, for it imports what inference does not need.
    """
    for name in bare:
        package = type(sys)(name)
        package.__path__ = [str(folder / name.replace(".", "/"))]
        sys.modules[name] = package
    sys.path.insert(0, str(folder))
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(str(folder))
        own = {path.stem for path in folder.iterdir()}
        for name in [name for name in sys.modules if name.split(".")[0] in own]:
            del sys.modules[name]


def fill(network: nn.Module) -> nn.Module:
    """Fill a network with numbers seeded by the names of its tensors, which keep signals' scale."""
    state = network.state_dict()
    for name, tensor in state.items():
        if not tensor.is_floating_point() or name.endswith(("attn_mask", "weight_u", "weight_v")):
            continue
        generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        noise = torch.randn(tensor.shape, generator=generator)
        if name.endswith("running_var"):
            tensor.copy_(1 + 0.1 * noise.abs())
        elif tensor.ndim > 1:
            tensor.copy_(noise / tensor[0].numel() ** 0.5)
        else:
            tensor.copy_((0.1 if name.endswith("weight") else 0.05) * noise)
            tensor.add_(float(name.endswith("weight")))
    for name in [name for name in state if name.endswith("weight_u")]:
        matrix = state[name.removesuffix("u") + "orig"].flatten(1)
        u, v = state[name], state[name.removesuffix("u") + "v"]
        for _ in range(20):
            v.copy_(functional.normalize(matrix.T @ u, dim=0))
            u.copy_(functional.normalize(matrix @ v, dim=0))
    return network.eval().requires_grad_(False)


def shrink(layer: nn.Module, factor: float) -> None:
    """Divide what a last layer gives: filled at random, some networks enlarge every rounding."""
    for parameter in layer.parameters():
        parameter.div_(factor)


def save(network: nn.Module, path: Path) -> Path:
    """Write the tensors of a network as its authors would."""
    torch.save(network.state_dict(), path)
    return path


def context(
    options: Options, networks: Mapping[str, nn.Module], settings: object = None
) -> Context:
    """Write networks, and return what a method is loaded from."""
    paths = {
        name: save(network, options.weights / f"{name}.pth") for name, network in networks.items()
    }
    return Context(seed=0, settings=settings, scale_factor=SCALE_FACTOR, weights=paths)


def images(count: int, size: int = SIZE) -> Tensor:
    """Return smooth random faces in [-1, 1]."""
    coarse = torch.rand((count, 3, 16, 16), generator=torch.Generator().manual_seed(1)) * 2 - 1
    return functional.interpolate(coarse, size=size, mode="bicubic").clamp(-1, 1)


def draw_like(x: Tensor) -> Callable[[], Tensor]:
    """Return what draws from PyTorch's own stream, as the programs do."""
    return lambda: torch.randn(x.shape)


def seeded(function: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """Return a function that starts with the same random numbers at each call."""

    def run() -> Tensor:
        torch.manual_seed(SEED)
        with contextlib.redirect_stdout(io.StringIO()):  # the programs tell of every step
            return function()

    return run


def codeformer(options: Options) -> Iterator[Pair]:
    """One pass."""
    (module,) = import_upstream(
        options.upstream / "CodeFormer",
        ["basicsr.archs.codeformer_arch"],
        bare=["basicsr", "basicsr.archs"],
    )
    theirs = fill(module.CodeFormer())
    method = CodeFormerRestorer.load(context(options, {"codeformer": theirs}, CodeFormerConfig()))
    image = images(1)
    yield Pair(
        f"CodeFormer, w = {method.w}",
        lambda: theirs(image, w=method.w, adain=True)[0],
        lambda: method.network(image, method.w),
    )


def difface(options: Options) -> Iterator[Pair]:
    """The estimator, and the last steps of the sampling."""
    unet, swinir, script_util = import_upstream(
        options.upstream / "DifFace", ["models.unet", "models.swinir", "models.script_util"]
    )
    estimator = fill(
        swinir.SwinIR(
            img_size=64, patch_size=1, in_chans=3, embed_dim=180, depths=[6] * 8,
            num_heads=[6] * 8, window_size=8, mlp_ratio=2, sf=8, img_range=1.0,
            upsampler="nearest+conv", resi_connection="1conv", unshuffle=True, unshuffle_scale=8,
        )
    )  # fmt: skip
    prior = fill(
        unet.UNetModel(
            image_size=512, in_channels=3, model_channels=32, out_channels=6,
            attention_resolutions=[32, 16, 8], dropout=0, channel_mult=[1, 2, 4, 8, 8, 16, 16],
            num_res_blocks=[1, 2, 2, 2, 2, 3, 4], num_head_channels=64, use_scale_shift_norm=True,
        )
    )  # fmt: skip
    diffusion = script_util.create_gaussian_diffusion(
        learn_sigma=True, timestep_respacing=f"ddim{DifFaceConfig().num_inference_steps}"
    )
    method = DifFace.load(
        context(options, {"difface_swinir": estimator, "iddpm_ffhq512": prior}, DifFaceConfig())
    )
    degraded = images(1) / 2 + 0.5
    yield Pair(
        "DifFace, estimator", lambda: estimator(degraded), lambda: method.estimator(degraded)
    )
    x_t = torch.randn(1, 3, SIZE, SIZE)
    yield Pair(
        f"DifFace, {options.steps} steps of 100",
        lambda: diffusion.ddim_sample_loop(
            prior, x_t.shape, noise=x_t, start_timesteps=options.steps, eta=ETA
        ),
        lambda: stochastic_ddim_sample(
            lambda x, t: method.prior(x, t)[:, :3],
            x_t,
            ddim_timesteps(NUM_TRAIN_TIMESTEPS, DifFaceConfig().num_inference_steps)[
                : options.steps
            ],
            ALPHAS_CUMPROD,
            ETA,
            draw_like(x_t),
        ),
    )


def pgdiff(options: Options) -> Iterator[Pair]:
    """A sampling of few steps, without and with a reference."""
    (script_util,) = import_upstream(options.upstream / "PGDiff", ["guided_diffusion.script_util"])
    defaults = script_util.model_and_diffusion_defaults()
    defaults["timestep_respacing"] = f"ddpm{options.steps}"
    prior, diffusion = script_util.create_model_and_diffusion(**defaults)
    restorer, recogniser = script_util.create_restorer(), script_util.create_arcface_embedding()
    for network in (prior, restorer, recogniser):
        fill(network)
    shrink(restorer.generator.conv_last, 10)
    shrink(recogniser.features, 400)
    files = {
        "iddpm_ffhq512": prior, "pgdiff_restorer": restorer, "pgdiff_arcface": recogniser,
    }  # fmt: skip
    method = PgDiff.load(context(options, files, PgDiffConfig()))
    degraded, reference = images(2)[:, None]
    scale = method.settings.guidance_scale

    def embed(image: Tensor) -> Tensor:
        small = functional.interpolate(image, (112, 112), mode="bilinear", antialias=True)
        embedding: Tensor = recogniser(small)
        return embedding

    def guidance(x: Tensor, t: Tensor, **known: Any) -> tuple[Tensor, Tensor]:
        """What the program's script does at each step; it stands inside of its main function."""
        with torch.enable_grad():
            x_0 = known["pred_xstart"].detach().requires_grad_()
            target = restorer(x, y_t=known["y"], t=t).clamp(-1, 1).detach()
            loss = functional.mse_loss(target, x_0, reduction="sum")
            if known["task"] == "ref_restoration":
                distance = functional.mse_loss(embed(x_0), embed(reference), reduction="sum")
                loss = loss + IDENTITY_WEIGHT * distance
            return torch.autograd.grad(loss, x_0)[0], target

    def their_sample(task: str) -> Tensor:
        known = {"task": task, "target": None, "scale": scale, "N": 1, "y": degraded}
        sample: Tensor = diffusion.p_sample_loop(
            lambda x, t, **_: prior(x, t), degraded.shape, cond_fn=guidance,
            model_kwargs=known, device=degraded.device, seed=SEED,
        )  # fmt: skip
        return sample

    def our_sample(sampler: PgDiff) -> Tensor:
        examples = cast("IdentityExamples", {"warped_ref": reference[None]})
        return pgdiff_sample(
            sampler.prior,
            sampler.gradient(examples, degraded),
            ddim_timesteps(NUM_TRAIN_TIMESTEPS, options.steps),
            ALPHAS_CUMPROD,
            scale,
            draw_like(degraded),
        )

    plain = dataclasses.replace(method, recogniser=None)
    for title, task, sampler in (
        ("PGDiff", "restoration", plain),
        ("PGDiff with a reference", "ref_restoration", method),
    ):
        yield Pair(
            f"{title}, {options.steps} steps of 1,000",
            partial(their_sample, task),
            partial(our_sample, sampler),
        )


def dr2(options: Options) -> Iterator[Pair]:
    """The sampling at 256 px, and the enhancer."""
    unet, spaced, resizer, enhancers = import_upstream(
        options.upstream / "DR2_Drgradation_Remover",
        ["DRDR.unet", "DRDR.space_diffusion", "DRDR.resizer", "SPAR.models"],
    )
    prior = fill(unet.UNetModel(in_channels=3, out_channels=6))
    diffusion = spaced.SpacedDiffusion(denoise_fn=prior, section=[NUM_DR2_STEPS])
    enhancer = fill(enhancers.createModel("SPARNetHD2D"))
    method = Dr2.load(context(options, {"dr2_prior": prior, "dr2_enhancer": enhancer}, Dr2Config()))
    degraded = images(1, SIZE // 2)
    # the least factor that filters, for it has the fewest steps
    settings = dataclasses.replace(method.settings, factor=2)
    factor, tau = settings.factor, settings.tau
    down = resizer.Resizer(degraded.shape, 1 / factor)
    up = resizer.Resizer((1, 3, degraded.shape[2] // factor, degraded.shape[3] // factor), factor)
    omega = first_step(settings)
    yield Pair(
        f"DR2, all {omega - tau + 1} steps of its least filter",
        lambda: diffusion.dr2_sample_loop(
            degraded, resizers=(down, up), start_step=omega, output_step=tau
        ),
        lambda: dr2_sample(
            method.prior,
            degraded,
            settings,
            spread_timesteps(NUM_TRAIN_TIMESTEPS, NUM_DR2_STEPS),
            ALPHAS_CUMPROD,
            draw_like(degraded),
        ),
    )
    image = images(1)
    yield Pair("DR2, enhancer", lambda: enhancer(image), lambda: method.enhancer(image))


def landmarks() -> tuple[Tensor, Tensor]:
    """Return 68 landmarks of a face and of a reference."""
    stored = json.loads(LANDMARKS.read_text())
    face, reference = (
        torch.tensor(stored[f"{name}_landmarks"], dtype=torch.float64) for name in ("lq", "ref")
    )
    return face, reference


def asffnet(options: Options) -> Iterator[Pair]:
    """Moving least squares, the map of the landmarks, and one pass."""
    (module,) = import_upstream(options.upstream / "ASFFNet512", ["models.ASFFNet"])
    theirs = fill(module.ASFFNet())
    network = load_published(
        ASFFNet(AsffNetConfig()), save(theirs, options.weights / "asffnet.pth"), "ASFFNet"
    )
    fold_spectral_norm(network)
    image, reference = images(2)[:, None]
    points, reference_points = (one[None] for one in landmarks())
    mask = torch.from_numpy(landmark_mask(points[0].numpy(), SIZE))[None, None].float()

    def ours() -> Tensor:
        src, dst = (one[:, FIRST_INNER:] / FEATURE_STRIDE for one in (reference_points, points))
        restored: Tensor = network(
            image, reference, mask, mls_grid(src, dst, SIZE // FEATURE_STRIDE)
        )
        return restored

    yield Pair("ASFFNet", lambda: theirs(image, reference, mask, points, reference_points), ours)


def dmdnet(options: Options) -> Iterator[Pair]:
    """Two images of a person of whom there are three references."""
    (module,) = import_upstream(options.upstream / "DMDNet", ["models.DMDNet"])
    theirs = fill(module.DMDNet())
    network = load_published(
        DMDNet(DmdNetConfig()), save(theirs, options.weights / "dmdnet.pth"), "DMDNet"
    )
    fold_spectral_norm(network)
    photographs = images(5)
    faces, references = photographs[:2, None], photographs[2:]
    face_boxes, reference_boxes = (stack_boxes(one[None], SIZE) for one in landmarks())

    def their_boxes(boxes: Tensor, count: int) -> Tensor:
        return boxes[:, [0, 1, 1, 2]].float().expand(count, -1, -1)  # its nose is cut for nothing

    def their_pass() -> Tensor:
        memorise: Any = theirs.generate_specific_dictionary
        restored = []
        for face in faces:
            memory = memorise(
                sp_imgs=references, sp_locs=their_boxes(reference_boxes, len(references))
            )
            sides = dict(zip(("sp_256", "sp_128", "sp_64"), memory, strict=True))
            both = theirs(lq=face, loc=their_boxes(face_boxes, 1), **sides)
            restored.append(both[1])
        return torch.cat(restored)

    def our_pass() -> Tensor:
        memory = network.memorise(references, reference_boxes.expand(len(references), -1, -1))
        return torch.cat([network(face, face_boxes, memory) for face in faces])

    yield Pair("DMDNet, 2 images, 3 references", their_pass, our_pass)


METHODS: Final = {
    make.__name__: make for make in (codeformer, difface, pgdiff, dr2, asffnet, dmdnet)
}


def measure(function: Callable[[], Tensor], repeats: int) -> tuple[float, Tensor]:
    """Return the least seconds of some runs, and the result, which is that of every run."""
    seconds = []
    for _ in range(repeats):
        start = process_time()
        result = seeded(function)()
        seconds.append(process_time() - start)
    return min(seconds), result


def make_pairs(names: Sequence[str], upstream: Path, steps: int) -> Iterator[Pair]:
    """Build the pairs of some methods, each with networks of its own."""
    for name in names:
        torch.manual_seed(SEED)  # for what `fill` leaves as it was drawn
        with tempfile.TemporaryDirectory() as folder:
            yield from METHODS[name](Options(upstream, Path(folder), steps))


def main() -> None:
    """Build, run by turns, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--upstream", type=Path, required=True, help="folder of the checkouts")
    add("--only", action="append", choices=METHODS, help="a method; may be repeated")
    add("--steps", type=int, default=2, help="of the samplings that are not timed whole")
    add("--repeats", type=int, default=3, help="runs of each")
    add("--threads", type=int, default=1, help="of torch")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    pairs = partial(make_pairs, args.only or list(METHODS), args.upstream, args.steps)
    failed = []
    with torch.no_grad():
        theirs = {pair.title: measure(pair.theirs, args.repeats) for pair in pairs()}
        keep_freed_memory()
        print("| one face of 512 px | upstream, s | here, s | ratio | apart by |")
        print("| --- | --- | --- | --- | --- |")
        for pair in pairs():
            slow, wanted = theirs[pair.title]
            fast, found = measure(pair.ours, args.repeats)
            apart = ((found - wanted).abs().max() / wanted.std()).item()
            print(
                f"| {pair.title} | {slow:.2f} | {fast:.2f} | {slow / fast:.2f} | {apart:.0e} |",
                flush=True,
            )
            if not apart < MOST_APART:
                failed.append(pair.title)
    if failed:
        sys.exit(f"results are not the same: {', '.join(failed)}")


if __name__ == "__main__":
    main()
