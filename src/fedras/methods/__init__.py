"""Methods: which codec up, which down, how the server averages; one file each."""

from fedras.methods.method import METHODS, Method

__all__ = ["METHODS", "Method"]
