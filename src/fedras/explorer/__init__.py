"""A page for looking at what a trained federation recommends; needs the extra ``explore``."""
