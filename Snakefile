"""The workflow, from the folder of the project; `snakedeploy` takes workflow/Snakefile by itself."""


include: "workflow/Snakefile"


# An include does not bring the default target with it.
workflow.default_target = "all"
