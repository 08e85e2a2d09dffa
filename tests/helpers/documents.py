"""The blocks of code in documents and notebooks, and a folder in which a reader would run them."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars
from markdown_it import MarkdownIt

from fedras.data import Interactions, from_columns
from fedras.data.dataset import Dataset
from fedras.data.sources import Sources

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT, ROOT / "docs", ROOT / "examples" / "external_codec")
DOCUMENTS = sorted(path for folder in FOLDERS for path in folder.glob("*.md"))
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
_MARK = re.compile(r"<!-- (not run|run with): (.+?) -->", re.DOTALL)


class Block(NamedTuple):
    """A fenced block: where it is, what it says, why it is not run or what is added to run it."""

    line: int
    language: str
    text: str
    not_run: str
    added: list[str]


def blocks(document: Path) -> list[Block]:
    """Return the fenced blocks; ``<!-- not run: WHY -->`` or ``<!-- run with: OPTIONS -->`` is of
    the block below it, and what is added is added to each of its commands."""
    found, mark = [], {}
    for token in MarkdownIt().parse(document.read_text("utf-8")):
        if token.type == "html_block":
            mark = dict(_MARK.findall(token.content))
        elif token.type == "fence" and token.map is not None:
            added = shlex.split(mark.get("run with", ""))
            why = mark.get("not run", "")
            found.append(Block(token.map[0] + 1, token.info, token.content, why, added))
            mark = {}
    return found


def inline(document: Path) -> list[str]:
    """Return what stands between backticks in the text."""
    tokens = MarkdownIt().parse(document.read_text("utf-8"))
    return [c.content for t in tokens for c in t.children or [] if c.type == "code_inline"]


def cells(notebook: Path) -> list[str]:
    """Return the cells with code."""
    found = json.loads(notebook.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def commands(text: str) -> Iterator[str]:
    """Yield the commands of a shell block: lines that go on, and texts up to ``END``, together."""
    lines = iter(text.splitlines())
    for line in lines:
        command = line
        while command.endswith("\\"):
            command = command[:-1] + next(lines)
        if "<<END" in command:
            while not command.endswith("\nEND"):
                command += "\n" + next(lines)
        if shlex.split(command, comments="<<" not in command):
            yield command


def own(command: str) -> list[str] | None:
    """Return the arguments if the command is one of fedras."""
    head, *arguments = shlex.split(command, comments=True)
    return arguments if head == "fedras" else None


def in_shell(command: str) -> None:
    """Run a command of others; AssertionError if it fails."""
    done = subprocess.run(
        ["/bin/bash", "-ec", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


USERS, ITEMS = 60, 220
_TITLES = {"50": "Star Wars", "172": "Raiders of the Lost Ark", "181": "Usual Suspects, The (1995)"}


def titles() -> dict[str, str]:
    return {str(n): _TITLES.get(str(n), f"Film {n}") for n in range(1, ITEMS + 1)}


def rows() -> list[tuple[str, str, int]]:
    """Return rows of user, item and time: everybody likes a part of the catalogue."""
    chance = np.random.default_rng(7)
    taste = chance.integers(0, 4, USERS)
    liked = [chance.permutation(ITEMS // 4)[:16] * 4 + kind for kind in taste]
    return [
        (str(user + 1), str(item + 1), 1_577_836_800 + 3600 * (100 * user + at))
        for user, own in enumerate(liked)
        for at, item in enumerate(own.tolist())
    ]


class Small(Dataset):
    """What stands in for published data."""

    description = "generated: what a document's commands are tried on"

    def load(self, sources: Sources) -> Interactions:
        users, items, times = zip(*rows(), strict=True)
        given = [np.array(column, np.int64) for column in (users, items, times)]
        return from_columns("ml-100k", *given, titles=titles())


def furnish(folder: Path) -> None:
    """Write the files that a reader is supposed to have."""
    names = ["user", "item", "time"]
    table = polars.DataFrame(rows(), schema=names, orient="row")
    table.write_csv(folder / "ratings.csv")
    day = ["user,device,item,date,clock"]
    day += [
        f"{user},phone,{item},2026-05-{1 + at // 24 % 28:02},{at % 24:02}:00:00"
        for user, item, at in rows()
    ]
    (folder / "log.tsv").write_text("\n".join(day).replace(",", "\t") + "\n")
    named = dict(zip(names, ("visitorid", "itemid", "ts"), strict=True))
    events = table.rename(named).with_columns(event=polars.lit("view"))
    events.write_csv(folder / "events.csv")
    in_shell(f"gzip -k {shlex.quote(str(folder / 'events.csv'))}")
    names = ["item", "title"]
    films = polars.DataFrame(list(titles().items()), schema=names, orient="row")
    for name in ("titles.csv", "movies.csv"):
        films.write_csv(folder / name)
    (folder / "people.csv").write_text("user\n42\n7\n")
    (folder / "liked.txt").write_text("50\nUsual Suspects, The (1995)\n")
    speeds = [f"{user},{8000 * user}" for user in range(1, USERS + 1)]
    (folder / "speeds.csv").write_text("\n".join(speeds) + "\n")


def variables() -> dict[str, Any]:
    """Return the names that a reader's program is supposed to have."""
    import pandas

    table = pandas.DataFrame(rows(), columns=["user", "item", "time"])
    member = table.rename(columns={"user": "member"})
    return {"pandas": pandas, "ratings": table, "titles": titles(), "frame": member}
