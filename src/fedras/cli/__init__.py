"""The command ``fedras``.

Help and mistakes answer at once: a command's module is imported when the command is asked for, and
imports neither NumPy nor the core before it runs.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

from fedras.interrupts import stoppable_imports


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0, 2 for a mistake in the request, 1 for other failures."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    with stoppable_imports():
        from fedras.cli.app import run  # noqa: PLC0415 -- Ctrl-C is minded from here on

        status = run(given or ["--help"])
    sys.exit(status)
