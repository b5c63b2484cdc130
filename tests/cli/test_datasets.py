"""``textvec datasets``."""

import json

from .command import run


def test_datasets():
    listed = json.loads(run("datasets", "--json").stdout)
    assert {"hotels_en", "hotels_zh", "seattle_hotels"} <= {row["name"] for row in listed}
    table = run("datasets").stdout
    assert "seattle_hotels" in table
    assert max(map(len, table.splitlines())) <= 80
