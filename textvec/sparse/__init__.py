"""Sparse vectors: counts, and the weights put on them."""
