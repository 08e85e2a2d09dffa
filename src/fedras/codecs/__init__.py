"""Ways of coding an update of the item matrix; one file each."""

from fedras.codecs.codec import CODECS, Codec
from fedras.codecs.payload import Part, Payload
from fedras.codecs.update import RowUpdate, Updates

__all__ = ["CODECS", "Codec", "Part", "Payload", "RowUpdate", "Updates"]
