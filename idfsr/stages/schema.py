"""Write the JSON schema of a run's settings: every field with its default, bounds and meaning.

Editors use it to complete and check `config/*.yaml`. A test fails when it is out of date.

    idfsr schema --schema config/schema.json
"""

import argparse
import json
from pathlib import Path

from idfsr.io.files import atomic_path
from idfsr.run.config import json_schema


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--schema", type=Path, required=True, help="file to write")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    with atomic_path(args.schema) as path:
        path.write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
