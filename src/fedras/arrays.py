"""The types of arrays, by what they hold; docstrings give their shapes."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Float32s: TypeAlias = NDArray[np.float32]
Float64s: TypeAlias = NDArray[np.float64]
Int32s: TypeAlias = NDArray[np.int32]
Int64s: TypeAlias = NDArray[np.int64]
UInt8s: TypeAlias = NDArray[np.uint8]
UInt64s: TypeAlias = NDArray[np.uint64]
Bools: TypeAlias = NDArray[np.bool_]
AnyArray: TypeAlias = NDArray[Any]
Strings: TypeAlias = AnyArray
"""Of ``StringDType``: each text takes no more than its own length."""

Arrays: TypeAlias = dict[str, AnyArray]
"""Arrays by name, as a checkpoint holds them."""
