"""The compiled core, in C++: each part has a plain NumPy twin in the tests.

Results have the same bits on every machine, whatever its instructions and threads: floating point
is strict, and sums have a documented order. The core is compiled twice where that helps, for any
processor (``plain``) and for those with AVX2, where a few functions use AVX-512 if it is there.
``FEDRAS_CORE=plain`` takes the former, ``FEDRAS_CORE=avx2`` leaves AVX-512 out.
"""

import importlib
import importlib.util
import os
import sys
from typing import Any

_plain: Any = importlib.import_module("fedras.core._plain")


def _instructions() -> str:
    built = importlib.util.find_spec("fedras.core._avx2") is not None
    fast = built and _plain.has_avx2() and os.environ.get("FEDRAS_CORE") != "plain"
    return "avx2" if fast else "plain"


instructions: str = _instructions()
"""The instruction set in use, "avx2" or "plain"."""

_native: Any = importlib.import_module(f"fedras.core._{instructions}")
_PARTS = (
    "random",
    "threads",
    "training",
    "sampling",
    "scoring",
    "reading",
    "clustering",
    "coding",
    "numbers",
    "updates",
    "rounds",
)
for _part in _PARTS:
    globals()[_part] = sys.modules[f"{__name__}.{_part}"] = getattr(_native, _part)
