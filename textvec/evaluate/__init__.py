"""Metrics of rankings, tasks that score a vectorizer, and the table that compares many."""

from importlib import import_module as _import_module

__all__ = ["tasks_of"]


def __getattr__(name):
    if name == "tasks_of":
        return _import_module("textvec.evaluate.tasks.named").tasks_of
    raise AttributeError(f"module 'textvec.evaluate' has no attribute {name!r}")
