"""Settings of the scores: what one family of metrics is given, and which metrics are joined.

They stand apart from `idfsr.config.metrics`, so that a change of how metrics are aggregated asks no
network again. Defaults and bounds are those of `MetricsConfig`, in which the fields have the same
names.
"""

from typing import Literal

from idfsr.config.types import section

Engine = Literal["fast", "library"]


@section
class ScoresStage:
    """What a family without settings is given: nothing."""


@section
class SfaceStage:
    """What the family sface is given."""

    idv_threshold: float


@section
class EngineStage:
    """What a family is given that a package's own call can compute too."""

    engine: Engine


@section
class DeepfaceStage:
    """What each family of DeepFace's networks is given."""

    engine: Engine
    enforce_detection: bool


@section
class JoinStage:
    """What the join of the families' columns is given."""

    table1: tuple[str, ...]
    table2: tuple[str, ...]
    recognisers: tuple[str, ...]
