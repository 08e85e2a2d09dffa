"""FedRAS-E: item embeddings are clustered instead of their updates (section 5.4)."""

from fedras.config import Config, Option
from fedras.errors import UsageError
from fedras.methods.fedras import ActionSharing, FedRAS
from fedras.methods.method import METHODS


@METHODS.register("fedras-e")
class FedRASE(ActionSharing):
    """K-means of the item matrix itself in both directions; "CE" in Table 3 of the paper."""

    citation = FedRAS.citation
    absolute = absolute_uplink = True

    def implied(self, config: Config) -> dict[str, Option]:
        """Return nothing, whatever the rates."""
        return {}

    def configure(self, config: Config) -> Config:
        """Refuse error feedback: a matrix that is sent whole owes nothing to the one before."""
        if config.error_feedback or config.uplink_error_feedback:
            raise UsageError("fedras-e sends whole matrices: error feedback does not apply to it")
        return config
