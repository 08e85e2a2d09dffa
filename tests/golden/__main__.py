"""Record all digests anew."""

import sys

from golden import blas, digests
from golden.entries import entries


def main() -> None:
    """Write ``digests.json``."""
    content: dict[str, dict[str, object]] = {"blas": {**blas.probe()}}
    for entry in entries():
        sys.stderr.write(f"{entry}\n")
        content.setdefault(entry.section, {})[entry.name] = entry.make()
    digests.write(content)


if __name__ == "__main__":
    main()
