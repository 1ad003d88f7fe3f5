"""What the Snakefile imports: settings of a run, its plan, its inputs; without torch."""
