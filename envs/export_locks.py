"""Write the two locks from uv.lock: users' packages, and what developers need beside them.

uv lock && python envs/export_locks.py
"""

import re
import subprocess
from pathlib import Path

EXPORT = ("uv", "export", "--frozen", "--no-emit-project", "--no-header", "--no-annotate")
PACKAGE = re.compile(r"^([a-z0-9.-]+==.*)\n(?:    --hash.*\n)+", re.MULTILINE)
"""One with its hashes; the group is its name, version and where it is wanted."""


def export(*options: str) -> str:
    """Return a lock as text."""
    words = [*EXPORT, *options]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout  # noqa: S603


users = export("--no-dev", "--extra", "spandrel")
lines = set(PACKAGE.findall(users))
developers = [found for found in PACKAGE.finditer(export("--only-dev")) if found[1] not in lines]
Path("requirements.lock").write_text(users, encoding="utf-8")
Path("requirements-dev.lock").write_text(
    "".join(found[0] for found in developers), encoding="utf-8"
)
