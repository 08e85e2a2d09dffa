"""How Sphinx makes the site: ``sphinx-build -W -n -c docs . build/site`` from the root.

The root of the repository is the source, so that links between documents, results and examples are
the same on the site and where people read the code.
"""

from importlib.metadata import version as installed

project = "fedras"
author = "The fedras developers"
copyright = author  # noqa: A001 -- Sphinx's name
version = release = installed("fedras")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
root_doc = "docs/index"
include_patterns = [
    "docs/*.md",
    "examples/*.ipynb",
    "results/defaults/table.md",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "benchmarks/README.md",
    "studies/README.md",
    "examples/external_codec/README.md",
]

html_theme = "furo"
html_title = f"fedras {version}"
html_copy_source = False

myst_heading_anchors = 4
nb_execution_mode = "auto"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300

default_role = "autolink"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_use_rtype = False
nitpick_ignore_regex = [("py:.*", r"(?!fedras).*")]
