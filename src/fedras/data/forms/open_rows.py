"""The right reader for a file, by its content."""

import re
from collections.abc import Container
from pathlib import Path

from fedras.data.forms.columnar import columnar_file, is_columnar
from fedras.data.forms.delimited import Delimited
from fedras.data.forms.json_lines import JsonLines
from fedras.data.forms.opening import text
from fedras.data.forms.rows import Rows


def open_rows(
    path: Path,
    given: Container[str] = (),
    header: bool | None = None,
    separator: str = "",
    layout: str = "",
) -> Rows:
    """Return the rows of a file; `delimited.Delimited` explains the parameters.

    Raises
    ------
    DataError
        If it is no file, or cannot be read.
    """
    if is_columnar(path):
        return columnar_file(path)
    if not (separator or layout):
        with text(path) as file:
            start = file.read(512).lstrip()
        if re.match(rb"\{\s*(u?'|\"[^\"]*\"\s*:)|\[\s*\{", start):
            return JsonLines(path)
    return Delimited(path, given, header, separator, layout)
