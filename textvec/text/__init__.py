"""Texts and tokens."""

from textvec.text.cleaning import clean_english

__all__ = ["clean_english"]
