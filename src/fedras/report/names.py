"""How labels are written in tables and figures."""

_NAMES = {
    "mf": "MF",
    "ncf": "NCF",
    "base": "Base",
    "topk": "TopK",
    "svd": "SVD",
    "colr": "CoLR",
    "fedras": "FedRAS",
    "fedras-e": "FedRAS-E",
    "fedras-f": "FedRAS-F",
    "fedras-t": "FedRAS-T",
    "rcr": "RCR",
    "rsc": "RSC",
    "lightfr": "LightFR",
    "jointrec": "JointRec",
    "powersgd": "PowerSGD",
    "item-knn": "item-KNN",
    "ease": "EASE",
    "ials": "iALS",
    "ml-100k": "MovieLens-100K",
    "ml-1m": "MovieLens-1M",
    "lastfm-2k": "Last.fm 2K",
    "lastfm-2k-repeats": "Last.fm 2K with repeats",
}


def written(label: str, kind: str = "") -> str:
    """Return ``label``, the value of the option ``kind``, as a reader expects it."""
    if kind == "compression_rate":
        return f"CR {float(label):.2%}"
    if kind == "client_fraction":
        return f"{float(label):.0%}"
    if kind in ("dim", "alpha"):
        return f"{kind} {label}"
    return _NAMES.get(label, label)
