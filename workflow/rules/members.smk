"""Recipes of the baselines' small networks in idfsr/weights/members/: `snakemake embedded_members`.

Needs: results/embedded/shards/ (config/embedded.yaml).
Makes: results/embedded/members/<member>/, and the published files with their cards, which are part
of the source as those of embedded.smk.
"""

# Those of which the list of the demo names a file beside it; codeformer begins with the other one.
PUBLISHED_MEMBERS = sorted(
    {
        file.path.stem
        for file in read_manifest(Path("idfsr/weights/members/weights.yaml")).values()
        if file.path.parent == Path()
    }
)


rule member:
    """Train a small network of a baseline. Run again to resume."""
    input:
        config="results/{run}/config/member-{member}.json",
        shards=pretrain_shards,
        held_out=test_shards_of_all_scales,
        first=member_first("model.safetensors"),
        first_card=member_first("card.md"),
    output:
        weights="results/{run}/members/{member}/model.safetensors",
        stats="results/{run}/members/{member}/stats.jsonl",
        card="results/{run}/members/{member}/card.md",
    log:
        "logs/{run}/members/{member}.txt",
    benchmark:
        "results/{run}/benchmarks/members/{member}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        gpu=1,
    params:
        code=code_digest("idfsr.stages.member"),
        first=lambda wildcards, input: (
            ["--first", input.first, "--first-card", input.first_card]
            if input.first
            else []
        ),
        state_dir="results/{run}/members/{member}/state",
    shell:
        r"""
        # Only the training answers SIGTERM: it saves its state and ends with status 75.
        trap '' TERM
        exec &> >(tee {log:q})

        idfsr member {wildcards.member:q} \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --held-out {input.held_out:q} \
            {params.first:q} \
            --state-dir {params.state_dir:q} \
            --weights {output.weights:q} \
            --stats {output.stats:q} \
            --card {output.card:q} \
            --threads {threads}
        """


rule embedded_members:
    """Publish the baselines' small networks."""
    input:
        weights=expand(
            "results/embedded/members/{member}/model.safetensors",
            member=PUBLISHED_MEMBERS,
        ),
        cards=expand(
            "results/embedded/members/{member}/card.md", member=PUBLISHED_MEMBERS
        ),
    log:
        "logs/embedded/publish/members.txt",
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        members=PUBLISHED_MEMBERS,
    shell:
        r"""
        exec &> >(tee {log:q})

        for member in {params.members}; do
            made=results/embedded/members/$member
            idfsr publish --weights $made/model.safetensors --card $made/card.md \
                --published idfsr/weights/members/$member.safetensors
        done
        """
