"""Ways of coding an update of the item matrix; one file each."""

from fedras.codecs.codec import CODECS, Codec, RowUpdate
from fedras.codecs.payload import Part, Payload

__all__ = ["CODECS", "Codec", "Part", "Payload", "RowUpdate"]
