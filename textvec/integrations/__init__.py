"""Bridges to other projects: thin, and each an extra."""
