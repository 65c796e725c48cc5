"""Settings of the documentation site: Sphinx reads the Markdown pages with MyST."""

from hf_causal import __version__

project = "hf_causal"
author = "The hf_causal authors"
copyright = "The hf_causal authors, Apache-2.0"
release = version = __version__
extensions = ["myst_parser"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"hf_causal {__version__}"
html_static_path = ["_static"]
exclude_patterns = ["_build"]
# Links to files of the repository outside docs/ are checked by tests/docs, not by Sphinx.
suppress_warnings = ["myst.xref_missing"]
