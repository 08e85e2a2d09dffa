"""``python -m fedras`` is the command ``fedras``."""

from fedras.cli import main

main()
