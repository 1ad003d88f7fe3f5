"""The page of the report: templates of Jinja, the style and the script; no code of Python."""
