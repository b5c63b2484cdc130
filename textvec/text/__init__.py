"""Texts and tokens, and the figures and pages that show results."""
