"""The container image is built and runs, where a builder is at work."""

import shutil
import subprocess

import pytest

pytestmark = pytest.mark.slow

IMAGE = "idfsr-test"


def find_builder() -> str:
    """Return a builder that answers; docker without its daemon does not."""
    for name in ("podman", "docker"):
        if shutil.which(name):
            asked = subprocess.run([name, "info"], capture_output=True, check=False)
            if asked.returncode == 0:
                return name
    pytest.skip("no builder of container images is at work: podman or docker")


def test_the_image_is_built_and_runs() -> None:
    builder = find_builder()
    build = [builder, "build", "--quiet", "--file", "envs/Dockerfile", "--tag", IMAGE, "."]
    subprocess.run(build, check=True)
    try:
        for command in (["idfsr", "--version"], ["snakemake", "--version"], ["idfsr", "assets"]):
            words = [builder, "run", "--rm", IMAGE, *command]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            assert done.stdout.strip(), command
    finally:
        subprocess.run([builder, "rmi", "--force", IMAGE], check=False, capture_output=True)
