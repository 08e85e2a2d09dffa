"""Versions of fedras, timed in turn: rounds, whole runs, waits, memory, and what an install takes.

Each version is a name and the interpreter of an environment in which it is installed; for
``install`` a name and a folder with its source. The first is what the others are held against.
All do the same work: the options are those of the paper's evaluation, without what a version does
not have. Only ``main`` is plain ``fedras train``, with each version's own defaults.

python benchmarks/versions.py before=OLD/bin/python after=NEW/bin/python --only round run help
python benchmarks/versions.py before=OLD_SOURCE after=NEW_SOURCE --only install
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from measure import PAGE, RESULTS, Result, described, machine, quartiles, wrapped

from fedras.report.sections import replace_section

ROUNDS = Path(__file__).parent / "version_rounds.py"
KEPT = RESULTS / "versions.json"
SAME = {
    "dim": 32,
    "weight_decay": 0.007,
    "actions": 8,
    "error_feedback": True,
    "monitor": "test",
    "context_weight": 0.0,
    "decay_per": "step",
    "bias": False,
    "patience": 0,
    "baselines": False,
    "threads": 2,
}
WARM = 20  # rounds before those that count
Versions = dict[str, str]
Taken = dict[str, list[float]]
"""One time or size of each kind, by kind, for each turn."""


class Rounds:
    """A process that does rounds when it is asked to."""

    def __init__(self, python: str, options: Result) -> None:
        self.process = subprocess.Popen(
            [python, str(ROUNDS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._say(json.dumps(options))

    def ask(self, rounds: int) -> list[float]:
        """Do some; return the time and the processor time of one, in ms."""
        taken: list[float] = self._answer(rounds)
        return [1e3 * seconds / rounds for seconds in taken]

    def options(self) -> Result:
        """Return the options that the version knows."""
        answer: Result = self._answer(0)
        return answer

    def close(self) -> None:
        """Let it end."""
        assert self.process.stdin is not None  # noqa: S101 -- it is a pipe
        self.process.stdin.close()
        self.process.wait()

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None  # noqa: S101 -- it is a pipe
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _answer(self, rounds: int) -> Any:
        assert self.process.stdout is not None  # noqa: S101 -- it is a pipe
        self._say(str(rounds))
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a version ended before it did its rounds")
        return json.loads(line)


def rounds(versions: Versions, turns: int, **options: object) -> dict[str, Taken]:
    """Let processes that are all there from the start do a few rounds in turn."""
    workers = {name: Rounds(python, SAME | options) for name, python in versions.items()}
    found: dict[str, Taken] = {name: {"ms": [], "processor ms": []} for name in versions}
    for worker in workers.values():
        worker.ask(WARM)
    for _ in range(turns):
        for name, worker in workers.items():
            for kind, taken in zip(found[name], worker.ask(10), strict=True):
                found[name][kind].append(taken)
    for worker in workers.values():
        worker.close()
    return found


def commands(versions: Versions, turns: int, words: Callable[[str], list[str]]) -> dict[str, Taken]:
    """Run a command of each version in turn, once before it counts."""
    found: dict[str, Taken] = {name: {} for name in versions}
    words_of = {name: words(python) for name, python in versions.items()}
    for turn in range(turns + 1):
        for name in versions:
            for kind, taken in command(words_of[name]).items():
                found[name].setdefault(kind, []).extend([taken] if turn else [])
    return found


def command(words: list[str]) -> dict[str, float]:
    """Run a command; return its seconds, its processor seconds and its memory at most."""
    with tempfile.TemporaryDirectory() as folder:
        if "train" in words:
            words = [*words, "--quiet", "--out", f"{folder}/run"]
        start = time.perf_counter()
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)  # of this child alone
        taken = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(words)} failed")
    used, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6
    return {"s": taken, "processor s": used, "peak MB": memory}


def plain(*arguments: str) -> Callable[[str], list[str]]:
    """Return what gives an environment's command with these arguments."""
    return lambda python: [python, "-m", "fedras", *arguments]


def same(**options: object) -> Callable[[str], list[str]]:
    """Return what gives ``fedras train`` that does the same in every version."""

    def words(python: str) -> list[str]:
        worker = Rounds(python, SAME | options)
        known = worker.options() | options
        worker.close()
        given = [part for pair in known.items() for part in ("--set", setting(*pair))]
        return [*plain("train")(python), *given]

    return words


def setting(name: str, value: object) -> str:
    """Return an option as ``--set`` takes it."""
    return f"{name}={value if isinstance(value, str) else json.dumps(value)}"


def install(sources: Versions, turns: int) -> dict[str, Taken]:
    """Install each version and train with it, in environments and caches of their own."""
    found: dict[str, Taken] = {name: {} for name in sources}
    for _ in range(turns):
        for name, source in sources.items():
            for kind, taken in installed(source).items():
                found[name].setdefault(kind, []).append(taken)
    return found


def installed(source: str) -> dict[str, float]:
    """Return how long an install and the first training take, and how large it is."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
        python, size = str(place / "venv" / "bin" / "python"), _megabytes(place / "venv")
        environment = os.environ | {"FEDRAS_CACHE": str(place / "cache")}
        start = time.perf_counter()
        subprocess.run([python, "-m", "pip", "install", "--quiet", source], check=True)
        ready = time.perf_counter() - start
        words = [*plain("train", "--quiet")(python), "--out", f"{folder}/run"]
        subprocess.run(words, check=True, env=environment, stdout=subprocess.DEVNULL)
        taken = time.perf_counter() - start
        return {
            "install s": ready,
            "training s": taken - ready,
            "s": taken,
            "MB": _megabytes(place / "venv") - size,
            "MB of caches": _megabytes(place / "cache"),
        }


def _megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def measures(rounds_of_run: int) -> dict[str, Callable[[Versions, int], dict[str, Taken]]]:
    """Return what can be measured, by name; whole runs have so many rounds."""
    run = partial(same, rounds=rounds_of_run)
    importing = ["-c", "from fedras import train"]
    words = {
        "run": run(dataset="ml-100k"),
        "run-ncf": run(dataset="ml-100k", model="ncf"),
        "run-ml-1m": run(dataset="ml-1m"),
        "one-round": same(dataset="ml-100k", rounds=1),
        "main": plain("train"),
        "help": plain("--help"),
        "import": lambda python: [python, *importing],
    }
    return {
        "round": partial(rounds, dataset="ml-100k"),
        "round-ncf": partial(rounds, dataset="ml-100k", model="ncf"),
        **{name: partial(commands, words=each) for name, each in words.items()},
        "install": install,
    }


def table(result: Result) -> str:
    """Return medians as a table of Markdown, and how many times less a version takes, by turn."""
    lines = ["| | version | kind | median | quartiles | times less |", "|---|---|---|---|---|---|"]
    for measure, found in result.items():
        first = next(iter(found.values()))
        for name, kinds in found.items():
            for kind, values in kinds.items():
                low, middle, high = quartiles(values)
                less = float(np.median(np.array(first[kind]) / np.maximum(values, 1e-9)))
                lines.append(
                    f"| {measure} | {name} | {kind} | {middle:.4g} | {low:.4g} to {high:.4g} "
                    f"| {less:.2f} |"
                )
    return "\n".join(lines)


def kept(measured: Result) -> Result:
    """Return these measures and those of earlier calls, which are in ``results/versions.json``."""
    known = json.loads(KEPT.read_text("utf-8"))["measures"] if KEPT.is_file() else {}
    return {"machine": machine(), "measures": known | measured}


def main() -> None:
    """Measure, and write all figures, and a table of them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", nargs="+", help="NAME=INTERPRETER, for install NAME=SOURCE")
    parser.add_argument("--only", nargs="+", choices=measures(0), default=["round", "run", "help"])
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=500, help="of a whole run")
    parser.add_argument("--keep", action="store_true", help="in results/ and docs/performance.md")
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as people have it: compiled modules are kept
    versions = dict(each.split("=", 1) for each in given.version)
    known = measures(given.rounds)
    found: Result = {name: known[name](versions, given.turns) for name in given.only}
    print(table(found))
    if given.keep:
        result = kept(found)
        KEPT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        made_on = wrapped(f"On {described(result['machine'])}.")
        replace_section(PAGE, "versions", f"{made_on}\n\n{table(result['measures'])}")


if __name__ == "__main__":
    main()
