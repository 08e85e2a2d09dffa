"""A table of interactions in a database, and what a node makes of it."""

import sqlalchemy as sa

from fedras.nodes.catalogue import Catalogue
from fedras.nodes.node.own_data import Source

CATALOGUE_OF_THREE = Catalogue(("a", "b", "c"), ("A", "B", "C"))
ROWS = [("u", "b", 3), ("v", "a", 1), ("u", "c", 1), ("u", "x", 2), ("u", "b", 9), ("w", "x", 1)]


def histories(source: Source) -> tuple[dict[str, list[int]], int]:
    found, unknown = source.load(CATALOGUE_OF_THREE)
    assert found.item_ids.tolist() == ["a", "b", "c"]
    return {
        user: found.items[found.indptr[u] : found.indptr[u + 1]].tolist()
        for u, user in enumerate(found.user_ids.tolist())
    }, unknown


def fill(url: str) -> None:
    engine = sa.create_engine(url)
    table = sa.Table(
        "ratings",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.String(20)),
        sa.Column("item_id", sa.String(20)),
        sa.Column("timestamp", sa.Integer),
    )
    table.metadata.create_all(engine)
    rows = [{"user_id": u, "item_id": i, "timestamp": t} for u, i, t in ROWS]
    with engine.begin() as connection:
        connection.execute(table.insert(), rows)
    engine.dispose()
