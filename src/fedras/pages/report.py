"""A report in the form that is asked for: a page, Markdown, or the picture alone."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from fedras.errors import UsageError
from fedras.extras import install
from fedras.pages.comparison import Comparison
from fedras.pages.kept import KeptRun

FORMS = ("html", "md", "svg", "png")
_NEEDED = ("altair", "jinja2", "vl_convert")


def require_extra() -> None:
    """Raise UsageError if what draws is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"a report needs {missing[0]}; run: {install('report')}")


def report(runs: Sequence[KeptRun], comparison: Comparison, form: str) -> bytes:
    """Return the report as the bytes of a file.

    Parameters
    ----------
    runs
        What it is of.
    comparison
        Of these runs.
    form
        One of `FORMS`; pictures are of quality against bytes.

    Raises
    ------
    UsageError
        If an extra is missing, or a picture would have nothing in it.
    """
    require_extra()
    from fedras.pages import page  # noqa: PLC0415 -- an extra

    if form == "html":
        return page.html(runs, comparison).encode()
    if form == "md":
        return page.markdown(runs, comparison).encode()
    return _picture(runs, form)


def _picture(runs: Sequence[KeptRun], form: str) -> bytes:
    import vl_convert  # noqa: PLC0415 -- an extra

    from fedras.pages.charts import VERSION, Charts  # noqa: PLC0415
    from fedras.pages.look import FILE  # noqa: PLC0415

    spec: dict[str, Any] | None = Charts(runs, FILE).quality_and_bytes()
    if spec is None:
        raise UsageError("there is no picture yet: no round was ranked; let the run go on")
    if form == "svg":
        return vl_convert.vegalite_to_svg(spec, vl_version=VERSION).encode()
    return vl_convert.vegalite_to_png(spec, vl_version=VERSION, scale=2)
