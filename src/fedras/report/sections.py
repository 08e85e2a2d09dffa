"""Documents that hold tables written by a command, between two comments."""

from pathlib import Path

from fedras.errors import FedrasError

_END = "<!-- end -->"


def replace_section(path: Path, name: str, text: str) -> bool:
    """Put ``text`` between ``<!-- NAME -->`` and ``<!-- end -->``; return whether they are there.

    Raises
    ------
    FedrasError
        If the document cannot be read or written.
    """
    start = f"<!-- {name} -->\n"
    try:
        before, found, rest = path.read_text("utf-8").partition(start)
        _, ended, after = rest.partition(_END)
        if not (found and ended):
            return False
        path.write_text(f"{before}{start}{text}{_END}{after}", "utf-8")
    except OSError as error:
        raise FedrasError(f"cannot rewrite {path}: {error.strerror}") from None
    return True
