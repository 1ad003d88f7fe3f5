"""slurm/profile.yaml says what every rule gets, and no GPU rule lands on a CPU partition."""

import re

import yaml

from .project import ROOT

PROFILE = yaml.safe_load((ROOT / "slurm/profile.yaml").read_text())


def rules_of_the_cluster() -> dict[str, str]:
    """Return the text of every rule that is not local, by name."""
    text = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    blocks = re.split(r"^(?:rule|checkpoint) (\w+):$", text, flags=re.MULTILINE)[1:]
    rules = dict(zip(blocks[::2], blocks[1::2], strict=True))
    return {name: block for name, block in rules.items() if "    localrule: True\n" not in block}


def test_every_rule_has_its_resources() -> None:
    assert set(PROFILE["set-resources"]) == set(rules_of_the_cluster())
    for name, block in rules_of_the_cluster().items():
        wanted = {"slurm_partition", "cpus_per_task", "runtime"}
        # the rule reckons it from the settings where photographs of any size are decoded
        wanted |= set() if "mem_mb=decoding_mb" in block else {"mem_mb"}
        assert wanted <= set(PROFILE["set-resources"][name])


def test_gpu_rules_and_they_alone_are_where_the_gpus_are() -> None:
    for name, block in rules_of_the_cluster().items():
        resources = PROFILE["set-resources"][name]
        if "gpu=" in block:
            assert resources["slurm_partition"] in ("?GPU", "?METHOD")
            assert resources["gpu"]
        else:
            assert resources["slurm_partition"] == "?CPU"
            assert "gpu" not in resources


def test_a_program_uses_the_cpus_that_its_job_has() -> None:
    for name, block in rules_of_the_cluster().items():
        found = re.search(r"^    threads: (\d+)$", block, re.MULTILINE)
        threads = PROFILE["set-threads"].get(name, int(found[1]) if found else 1)
        assert PROFILE["set-resources"][name]["cpus_per_task"] == threads, name
