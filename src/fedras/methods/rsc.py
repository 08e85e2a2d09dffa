"""RSC: fewer clients per round (appendix A.1 of the FedRAS paper)."""

import numpy as np

from fedras.codecs.plain import Plain
from fedras.config import Config
from fedras.methods.method import METHODS, Method, require_one_rate


@METHODS.register("rsc")
class RSC(Method):
    """Updates as they are, of a share 1 - CR of each round's clients."""

    citation = (
        "RSC: Lu et al., Gradients as an Action: Towards Communication-Efficient Federated "
        "Recommender Systems via Adaptive Action Sharing, KDD 2025, appendix A.1"
    )

    def configure(self, config: Config) -> Config:
        """Reduce the share of clients that take part; at least one does."""
        require_one_rate("rsc", config)
        fraction = config.client_fraction * (1 - config.compression_rate)
        return config.model_copy(update={"client_fraction": fraction})

    def uplink(self, budget: int, shared: np.uint64) -> Plain:
        """Return plain rows."""
        return Plain(self.numbers)
