"""Nearest neighbours of sparse and dense vectors."""
