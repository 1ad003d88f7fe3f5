"""Arguments that the commands of the embedded trainings share."""

import argparse
from pathlib import Path


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the settings, the folder of the state, what is written, and the threads."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder to resume from")
    parser.add_argument("--weights", type=Path, required=True, help="weights to write")
    parser.add_argument("--stats", type=Path, required=True, help="JSON lines to write")
    parser.add_argument("--card", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--threads", type=int, default=1, help="of the network")
