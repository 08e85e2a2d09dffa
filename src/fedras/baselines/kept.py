"""What baselines reach, computed once for each data set and kept in the cache."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from fedras import data
from fedras.baselines.comparison import Found, compare
from fedras.config import Config
from fedras.data.fingerprint import fingerprint
from fedras.errors import FedrasError
from fedras.whole_files import make_folder, write

VERSION = 1
"""To be raised when the baselines, their search or the metrics change."""

_DECISIVE = ("split", "test_share", "validation", "eval_negatives", "at")


def compared(interactions: data.Interactions, config: Config) -> dict[str, Found]:
    """Return what `compare` does, from the cache if it was done before.

    A cache that cannot be read or written costs time and nothing else.
    """
    path = _place(interactions, config)
    kept = _read(path)
    if kept is None:
        kept = compare(interactions, config)
        with suppress(FedrasError):
            make_folder(path.parent)
            write(path, json.dumps(kept, indent=2).encode() + b"\n")
    return kept


def _place(interactions: data.Interactions, config: Config) -> Path:
    digest = hashlib.blake2b(digest_size=16)
    asked = [VERSION, fingerprint(interactions), *(getattr(config, name) for name in _DECISIVE)]
    digest.update(json.dumps(asked).encode())
    if interactions.times is not None:
        digest.update(interactions.times.tobytes())
    return data.Sources().cache / "baselines" / f"{digest.hexdigest()}.json"


def _read(path: Path) -> dict[str, Found] | None:
    try:
        kept = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) else None
