"""RCR: fewer rounds (appendix A.1 of the FedRAS paper)."""

import numpy as np

from fedras.codecs.plain import Plain
from fedras.config import Config
from fedras.methods.method import METHODS, Method, require_one_rate


@METHODS.register("rcr")
class RCR(Method):
    """Updates as they are, in a share 1 - CR of the rounds."""

    citation = (
        "RCR: Lu et al., Gradients as an Action: Towards Communication-Efficient Federated "
        "Recommender Systems via Adaptive Action Sharing, KDD 2025, appendix A.1"
    )

    def configure(self, config: Config) -> Config:
        """Reduce the rounds, at least one; the learning rate falls within those that are left."""
        require_one_rate("rcr", config)
        rounds = max(1, round(config.rounds * (1 - config.compression_rate)))
        return config.model_copy(update={"rounds": rounds})

    def uplink(self, budget: int, shared: np.uint64) -> Plain:
        """Return plain rows."""
        return Plain(self.numbers)
