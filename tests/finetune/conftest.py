"""Models that tuning is tried on: those of the encoders."""

from ..encoders.conftest import minilm, static, tiny

__all__ = ["minilm", "static", "tiny"]
