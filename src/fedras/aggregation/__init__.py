"""Ways of making one update of many clients' updates; one file each."""

from fedras.aggregation.aggregation import AGGREGATIONS, Aggregation

__all__ = ["AGGREGATIONS", "Aggregation"]
