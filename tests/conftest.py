"""Tests marked `slow` run when asked for: python -m pytest --runslow.

Then hypothesis also draws six times as many examples wherever a test asks for `examples(n)`.
"""

from hypothesis import settings

settings.register_profile("slow", max_examples=6 * settings.default.max_examples)


def pytest_addoption(parser):
    parser.addoption("--runslow", action="store_true", help="also run the tests marked slow")


def pytest_configure(config):
    if config.getoption("--runslow"):
        settings.load_profile("slow")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--runslow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
