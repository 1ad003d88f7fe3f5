"""Settings, one file for each stage: what one stage alone is given, no other imports.

`idfsr.run.config` puts a run's settings together from them.
"""
