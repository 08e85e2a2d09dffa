"""Base: FedMF and FedNCF with shorter embeddings (section 5.1 of the FedRAS paper)."""

import numpy as np

from fedras.codecs.plain import Plain
from fedras.config import Config
from fedras.methods.method import METHODS, Method, fit_columns, require_one_rate


@METHODS.register("base")
class Base(Method):
    """Everything is sent as it is, with embeddings short enough for the compression rate."""

    citation = (
        "FedMF: Chai et al., Secure Federated Matrix Factorization, IEEE Intelligent Systems 2020; "
        "FedNCF: Perifanis and Efraimidis, Federated Neural Collaborative Filtering, "
        "Knowledge-Based Systems 2022"
    )

    def configure(self, config: Config) -> Config:
        """Reduce the embedding dimension d to d (1 - CR)."""
        require_one_rate("base", config)
        dim = fit_columns("base", config.compression_rate, config.dim)
        return config.model_copy(update={"dim": dim})

    def uplink(self, budget: int, shared: np.uint64) -> Plain:
        """Return plain rows."""
        return Plain(self.numbers)
