"""FedRAS-F: a fixed number of groups (section 5.4 of the paper)."""

from fedras.methods.fedras import ActionSharing, FedRAS
from fedras.methods.method import METHODS


@METHODS.register("fedras-f")
class FedRASF(ActionSharing):
    """K-means actions in both directions, without the adaptive splitting."""

    citation = FedRAS.citation
