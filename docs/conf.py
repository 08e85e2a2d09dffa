"""How Sphinx makes the site: ``sphinx-build -W -n -c docs . build/site`` from the root.

The root of the repository is the source, so that links between documents, results and examples are
the same on the site and where people read the code.
"""

from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from docutils import nodes
from pydantic import BaseModel
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

from fedras.aggregation import AGGREGATIONS
from fedras.config import Config
from fedras.data.files import File
from fedras.methods import METHODS
from fedras.models import MODELS
from fedras.registry import Registry

project = "fedras"
author = "The fedras developers"
copyright = author  # noqa: A001 -- Sphinx's name
version = release = installed("fedras")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",  # the role autolink
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
html_static_path = ["static"]
html_css_files = ["site.css"]

myst_heading_anchors = 4
nb_execution_mode = "auto"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300

default_role = "autolink"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_custom_sections = ["Returns", "Yields"]  # sentences, without a type in front
nitpick_ignore_regex = [
    ("py:.*", r"(?!fedras).*"),  # other packages': their sites cannot be asked offline
    ("py:obj", r"fedras(\.\w+)+"),  # a folder or module of the code, in a docstring
    ("py:class", r"fedras(\.\w+)*\.(_\w+|Row|Run|Simulation|Tuning)"),  # nobody makes these by hand
]


class Options(SphinxDirective):
    """``{options} NAME``: the options of a class, or of every component of a registry."""

    required_arguments = 1
    sources = {each.__name__: each for each in (Config, File)} | {
        "METHODS": METHODS,
        "MODELS": MODELS,
        "AGGREGATIONS": AGGREGATIONS,
    }

    def run(self) -> list[nodes.Node]:
        """Return a table, or a heading line and a table for each component."""
        source: Any = self.sources[self.arguments[0]]
        if not isinstance(source, Registry):
            return self.parse_text_to_nodes(_table(source))
        lines = []
        for name in source.names():
            component = source.get(name)
            lines += [f"**{name}**: {str(component.__doc__).splitlines()[0]}", ""]
            lines += [f"Source: {component.citation}", "", _table(component), ""]
        return self.parse_text_to_nodes("\n".join(lines))


def _table(model: type[BaseModel]) -> str:
    said = _attributes(model)
    rows = ["| option | default | |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if not field.is_required() and (text := field.description or said.get(name)):
            default = "" if field.default == "" else f"`{field.default}`"
            rows.append(f"| `{name}` | {default} | {text.replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def _attributes(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings of attributes."""
    found: dict[str, str] = {}
    for each in model.__mro__:
        if each.__module__.startswith("fedras."):
            texts = ModuleAnalyzer.for_module(each.__module__).find_attr_docs()
            found |= {
                n: " ".join(lines).strip() for (c, n), lines in texts.items() if c == each.__name__
            }
    return found


def _lead_in(app: Sphinx, _: Exception | None) -> None:
    page = Path(app.outdir, "index.html")
    page.write_text('<meta http-equiv="refresh" content="0; url=docs/index.html">\n', "utf-8")


def setup(app: Sphinx) -> None:
    """Add the directive, and a first page where a web server looks for one."""
    app.add_directive("options", Options)
    app.connect("build-finished", _lead_in)
