"""The command ``textvec``."""

from textvec.cli.app import main

__all__ = ["main"]
