"""Recommenders that return ranked tables."""
