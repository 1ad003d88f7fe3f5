"""Settings of the figures."""

from idfsr.config.types import Count, section


@section
class ReportConfig:
    """The figures."""

    num_examples: Count = 6
    """Test images in the qualitative grid of each scale."""


@section
class FiguresStage:
    """What the figures are given."""

    report: ReportConfig
    methods: tuple[str, ...]
