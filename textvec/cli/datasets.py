"""``textvec datasets``: the data sets there are."""

from textvec.cli.app import AsJson
from textvec.cli.tables import print_json, print_table


def datasets(as_json: AsJson = False):  # numpydoc ignore=PR01
    """List what ships with textvec and what it can fetch."""
    from textvec.datasets import list_datasets

    listed = list_datasets()
    if as_json:
        print_json(listed)
    else:
        print_table(listed)
