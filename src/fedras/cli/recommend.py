"""``fedras recommend``: what users of a trained federation, or new ones, would like."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedras.cli.displays.output import AsJson, DataDir, print_json, print_table, say
from fedras.cli.options import Columns
from fedras.cli.rows import read_ids, require_writable, write_rows
from fedras.cli.trained import Folder, K, Moved, NodeFolder, load_trained
from fedras.errors import UsageError

if TYPE_CHECKING:
    from fedras.run.ranking import Item, Ranking
    from fedras.run.recommender import Recommender

Answer = tuple[str, "Ranking", "list[Item]"]
"""A user, the recommendations, and the history if it is wanted."""

Liked = Annotated[
    str | None,
    typer.Option(
        "--items",
        metavar="ID,ID,...|FILE",
        help="For a new user who likes these: ids or titles, by commas or one a line of FILE.",
    ),
]


def recommend(
    folder: Folder = None,
    user: Annotated[
        list[str] | None,
        typer.Option("--user", metavar="ID", help="The user's id in the data. Repeatable."),
    ] = None,
    users: Annotated[
        Path | None,
        typer.Option("--users", metavar="FILE", help="Ids, one a line or in a column user."),
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All users.")] = False,
    items: Liked = None,
    node: NodeFolder = None,
    k: K = 10,
    seen: Annotated[bool, typer.Option("--seen", help="Also items that the user has.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Beside them the user's latest items.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write a .csv, .jsonl or .parquet file."),
    ] = None,
    data_dir: DataDir = None,
    dataset: Moved = None,
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Recommend items that a user does not have yet."""
    if [bool(user), users is not None, everybody, items is not None].count(True) != 1:
        raise UsageError("say for whom: one of --user, --users, --all, or --items for a new user")
    if history and items is not None:
        raise UsageError("a new user has no history; leave out --history")
    if everybody and out is None:
        raise UsageError("the recommendations of --all go to a file: add --out FILE.csv")
    if out is not None:
        require_writable(out)
    listed = [] if users is None else read_ids(users, "user")
    model = load_trained(folder, node, data_dir, dataset, columns)
    if items is not None:
        answers: Iterable[Answer] = [("", model.fold_in(_liked(model, items), k, seen), [])]
    else:
        wanted = model.users if everybody else list(dict.fromkeys(user or listed))
        found = model.each(wanted, k, seen)
        answers = ((name, best, model.items_of(name, k) if history else []) for name, best in found)
    if out is not None:
        header = ["user", *(["list"] if history else []), "rank", "item", "title", "score"]
        write_rows(out, header, _rows(answers, history))
        say(f"wrote {out}")
    elif as_json:
        _print_json(list(answers), history)
    else:
        for name, best, had in answers:
            if users is not None or len(user or []) > 1:
                typer.echo(f"user {name}")
            _print_table(best, had)


def _liked(model: "Recommender", items: str) -> list[str]:
    """Return the ids of the items that are named."""
    try:
        listed = Path(items).is_file()
    except OSError:  # too long for a path
        listed = False
    names = read_ids(Path(items), "item") if listed else items.split(",")
    return [model.find(name.strip()) for name in names if name.strip()]


def _rows(answers: Iterable[Answer], history: bool) -> Iterator[list[Any]]:
    """Yield rows for a file; those of the history have no score."""
    kind = [["recommended"], ["history"]] if history else [[], []]
    for name, best, had in answers:
        for rank, found in enumerate(best, start=1):
            yield [name, *kind[0], rank, *found]
        for rank, item in enumerate(had, start=1):
            yield [name, *kind[1], rank, *item, None]


def _print_json(answers: list[Answer], history: bool) -> None:
    """Print one user's recommendations as a list, everything else as a list of users."""
    lists = [[found._asdict() for found in best] for _, best, _ in answers]
    if len(answers) == 1 and not history:
        print_json(lists[0])
        return
    print_json(
        [
            {"user": name, "recommendations": found}
            | ({"history": [item._asdict() for item in had]} if history else {})
            for (name, _, had), found in zip(answers, lists, strict=True)
        ]
    )


def _print_table(best: "Ranking", had: "list[Item]") -> None:
    columns, beside = ["", "item", "title", "score"], ["latest item", "title"] if had else []
    rows = []
    for place, (found, item) in enumerate(zip_longest(best, had), start=1):
        row = [found.item, found.title or "", f"{found.score:.3f}"] if found else [""] * 3
        row += [item.item, item.title or ""] if item else [""] * len(beside)
        rows.append([str(place), *row])
    print_table(columns + beside, rows, right=(0, 3))
