"""Base models: what is shared, what stays private, the local step and the scores; one file each."""

from fedras.models.model import MODELS, Cohort, Model

__all__ = ["MODELS", "Cohort", "Model"]
