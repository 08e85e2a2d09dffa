"""Ranks of held-out items and what is made of them."""
