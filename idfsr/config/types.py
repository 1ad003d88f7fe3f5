"""What the sections of the configuration are made of: `section`, and types with their bounds."""

from typing import Annotated, Any, Literal, dataclass_transform

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from idfsr.constants import NUM_TRAIN_TIMESTEPS


@dataclass_transform(kw_only_default=True, frozen_default=True)
def section(cls: type) -> Any:
    """Make a class a frozen, keyword-only configuration section that refuses unknown keys."""
    return dataclass(
        frozen=True,
        kw_only=True,
        config=ConfigDict(extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False),
    )(cls)


MAX_COUNT = 10**10
"""Nothing that is counted here comes near it."""

Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
CountOrNone = Annotated[int, Field(ge=0, le=MAX_COUNT)]
PersonName = Annotated[str, Field(min_length=1, pattern=r"^[^/]+$")]
"""Of a folder of photographs, which is no path."""
Width = Annotated[int, Field(ge=1, le=8192)]
"""Channels, heads or tokens of a network."""
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
LearningRate = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
ScaleFactor = Literal[4, 8, 16, 32]


def _digits_to_number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdigit() else value


ListedScaleFactor = Annotated[ScaleFactor, BeforeValidator(_digits_to_number)]
"""Within a list, where a number on Snakemake's command line arrives as a string."""


def _each_once(names: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        message = f"found {twice[0]} twice, wanted each once"
        raise ValueError(message)
    return names


EachOnce = AfterValidator(_each_once)
"""Of a list."""


def _divisor(num_steps: int) -> int:
    if NUM_TRAIN_TIMESTEPS % num_steps:
        message = f"wanted a divisor of {NUM_TRAIN_TIMESTEPS}"
        raise ValueError(message)
    return num_steps


Sampler = Literal["ddim", "dpmpp_2m"]
"""DDIM as in the paper (Song et al. 2021), or DPM-Solver++(2M) (Lu et al. 2022)."""
Precision = Literal["float32", "bfloat16"]
"""In which networks compute that are not trained; weights stay in float32."""
NumDdimSteps = Annotated[int, Field(ge=1), AfterValidator(_divisor)]
NumDdpmSteps = Annotated[int, Field(ge=2), AfterValidator(_divisor)]
"""A divisor of the number of training timesteps."""
