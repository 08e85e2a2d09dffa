"""How floats are written: full, half and quantised precision; one file each."""

from fedras.numbers.numbers import NUMBERS, Numbers

__all__ = ["NUMBERS", "Numbers"]
