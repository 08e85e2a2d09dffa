"""Own tables: written as people write them, and what was read of them."""

from pathlib import Path
from typing import Any

from fedras.data import Interactions

HISTORY = {"7": ["502", "503", "501"], "8": ["501", "503"]}
"""What most of these files say; the order is that of the times."""


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def histories(data: Interactions) -> dict[str, list[str]]:
    items = data.item_ids[data.items].tolist()
    bounds = zip(data.indptr[:-1].tolist(), data.indptr[1:].tolist(), strict=True)
    return {u: items[a:b] for u, (a, b) in zip(data.user_ids.tolist(), bounds, strict=True)}


def table(times: tuple[str, ...], header: str = "user,item,when", form: str = "{},{},{}") -> str:
    rows = zip("77788", ("501", "502", "503", "503", "501"), times, strict=True)
    return "\n".join([header, *(form.format(*row) for row in rows)]) + "\n"


SECONDS = ("1570096800", "1569924000", "1570010400", "1570183200", "1569927600")


def parquet(folder: Path, **columns: Any) -> Path:
    import pyarrow
    from pyarrow.parquet import write_table

    path = folder / "t.parquet"
    write_table(pyarrow.table(columns), path)
    return path
