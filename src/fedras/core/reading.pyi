"""Tables from text."""

from fedras.arrays import Int64s, UInt8s

def parse_integers(text: UInt8s, separator: UInt8s, table: Int64s) -> int:
    """Fill ``table`` and return the number of rows before the first that has another form.

    A row is whole numbers of at most 18 digits, ``separator`` between two, and a newline, before
    which a return may stand, at its end or the end of the text.
    """
