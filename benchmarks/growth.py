"""How the time of a round grows with items, clients a round, interactions and actions.

One of them varies at a time, on generated data. Needs matplotlib.

python benchmarks/growth.py
"""

import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from measure import PAGE, Result, described, keep, machine, seconds, wrapped

from fedras.components import make_config
from fedras.experiments.task import in_paper
from fedras.federation.simulator import Simulation
from fedras.report.sections import replace_section

FIGURE = Path(__file__).parent.parent / "docs" / "growth.svg"
COMMON = {"dataset": "synthetic", "error_feedback": True, "actions": 8}
BASE = {"users": 2_000, "items": 16_000, "interactions": 200_000, "cohort": 100, "actions": 8}
AXES = {  # name: option, sizes
    "items": ("items", (4_000, 16_000, 64_000, 256_000, 1_024_000)),
    "clients a round": ("cohort", (50, 100, 200, 400, 800, 1_600)),
    "interactions": ("interactions", (50_000, 200_000, 800_000, 3_200_000)),
    "actions": ("actions", (4, 8, 16, 32, 64, 128)),
}
WARM, LEAST, MOST, PATIENCE = 3, 5, 40, 4.0  # rounds before, rounds at least and most, seconds


def main() -> None:
    """Measure, print JSON, keep it, draw it, and write the table."""
    axes = {
        name: growth({size: {option: size} for size in sizes})
        for name, (option, sizes) in AXES.items()
    }
    result = {"machine": machine("matplotlib"), "base": BASE, "axes": axes}
    keep("growth", result)
    draw(axes)
    replace_section(PAGE, "growth", page(result))


def growth(sizes: dict[int, dict[str, int]]) -> Result:
    """Return the seconds of a round by size, and the exponents of the fit and at its end."""
    taken = {size: per_round(BASE | changed) for size, changed in sizes.items()}
    x, y = np.log(list(taken)), np.log(list(taken.values()))
    slope, offset = np.polyfit(x, y, 1)
    last = (y[-1] - y[-2]) / (x[-1] - x[-2])
    return {
        "seconds": taken,
        "exponent": float(slope),
        "exponent_at_end": float(last),
        "at_1": float(np.exp(offset)),
    }


def per_round(sizes: dict[str, int]) -> float:
    """Return the median seconds of a round."""
    sizes = dict(sizes)
    share = sizes.pop("cohort") / sizes["users"]
    simulation = Simulation(make_config(in_paper(COMMON | sizes | {"client_fraction": share})))
    for _ in range(WARM):
        simulation.step()
    taken: list[float] = []
    end = time.perf_counter() + PATIENCE
    while len(taken) < LEAST or (len(taken) < MOST and time.perf_counter() < end):
        taken.append(seconds(simulation.step))
    return float(np.median(taken))


def draw(axes: Result) -> None:
    """Draw times and fits as SVG, its text as text and the same for the same figures."""
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "fedras", "font.size": 9})
    figure, panels = plt.subplots(1, len(axes), figsize=(11, 2.8), layout="constrained")
    for panel, (name, measured) in zip(panels, axes.items(), strict=True):
        sizes = np.array(list(measured["seconds"]), float)
        panel.loglog(sizes, 1e3 * np.array(list(measured["seconds"].values())), "o")
        fitted = measured["at_1"] * sizes ** measured["exponent"]
        panel.loglog(sizes, 1e3 * fitted, "-", linewidth=1, color="0.5")
        panel.set(xlabel=name, title=f"exponent {measured['exponent']:.2f}")
    panels[0].set_ylabel("ms a round")
    figure.savefig(FIGURE, metadata={"Date": None})


def page(result: Result) -> str:
    """Return the section of the documentation."""
    base = result["base"]
    lines = [
        wrapped(
            f"Generated data, MF with error feedback, d = 32; {described(result['machine'])}.",
            f"What does not vary: {base['users']:,} users, {base['items']:,} items,",
            f"{base['interactions']:,} interactions, {base['cohort']} clients a round,",
            f"{base['actions']} actions.",
        ),
        "",
        "| | from, to | ms a round | exponent | between the last two |",
        "|---|---|---|---|---|",
    ]
    for name, measured in result["axes"].items():
        sizes, times = zip(*measured["seconds"].items(), strict=True)
        shown = ", ".join(f"{1e3 * taken:.1f}" for taken in times)
        exponents = f"{measured['exponent']:.2f} | {measured['exponent_at_end']:.2f}"
        lines.append(f"| {name} | {sizes[0]:,}, {sizes[-1]:,} | {shown} | {exponents} |")
    return "\n".join([*lines, "", "![Time of a round by size](growth.svg)"]) + "\n"


if __name__ == "__main__":
    main()
