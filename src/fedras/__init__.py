"""Communication-efficient federated recommendation, measured in bytes that were really sent."""
