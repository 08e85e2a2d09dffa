"""The table of leaks is made of the committed results."""

import json

from audit import KEPT, PAGE, table


def test_the_page_has_the_table_of_the_results() -> None:
    rows = json.loads(KEPT.read_text("utf-8"))["settings"]
    assert f"<!-- audit -->\n{table(rows)}<!-- end -->" in PAGE.read_text("utf-8")
