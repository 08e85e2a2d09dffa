"""How pages look, and charts: those in a page, which follow its theme, and those in files."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

# Each has a contrast of at least 3 to white and to the dark page.
COLOURS = (
    "#0b78c2", "#d55e00", "#0a8a63", "#b8569b", "#8a7300",
    "#7b6bd6", "#c8403f", "#4d8a1e", "#0e8a94", "#7d7d86",
)  # fmt: skip
DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
PATHS = {
    "circle": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z",
    "square": "M-5 -5H5V5H-5Z",
    "triangle-up": "M0 -6L6 5H-6Z",
    "diamond": "M0 -6.5L5 0L0 6.5L-5 0Z",
    "cross": "M-2 -6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
}
"""The shapes as paths of SVG, around 0."""
FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"


@dataclass(frozen=True)
class Look:
    """How charts are drawn.

    Attributes
    ----------
    ink, faint, paper
        Of text, grid lines and the background.
    width, height
        In pixels, or ``"container"``.
    legend
        Whether charts name the runs themselves; the page does it once for all.
    """

    ink: str
    faint: str
    paper: str
    width: int | str
    height: int
    legend: bool

    def config(self) -> dict[str, Any]:
        """Return Vega-Lite's config."""
        lines = {"gridColor": self.faint, "domainColor": self.faint, "tickColor": self.faint}
        text = {"labelColor": self.ink, "titleColor": self.ink, "titleFontWeight": "normal"}
        sizes = {"labelFontSize": 12, "titleFontSize": 12}
        return {
            "background": self.paper,
            "font": FONT,
            "view": {"stroke": None},
            "axis": {**lines, **text, **sizes, "titlePadding": 8},
            "legend": {
                **text,
                **sizes,
                "orient": "bottom",
                "columns": 2 if self.width == "container" else 5,
            },
        }


PAGE = Look("currentColor", "var(--line)", "transparent", "container", 260, False)
FILE = Look("#1d2127", "#d5d9de", "#ffffff", 760, 420, True)


def base_css() -> str:
    """Return the style that all pages have in common: the colours of both themes, text, tables."""
    return (files("fedras.pages") / "base.css").read_text("utf-8")


def colour(at: int) -> str:
    """Return the colour of the run at a place; after ten they come again, in another dash."""
    return COLOURS[at % len(COLOURS)]


def dash(at: int) -> list[int]:
    """Return the dash of the run at a place."""
    return DASHES[(at + at // len(COLOURS)) % len(DASHES)]


def shape(at: int) -> str:
    """Return the mark of the run at a place."""
    return SHAPES[(at + at // len(COLOURS)) % len(SHAPES)]
