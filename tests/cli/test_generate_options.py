"""``textvec generate --triplets`` refuses the options of documents, which it has no use for."""

import pytest

from .command import assert_refused, run


@pytest.mark.parametrize(
    ("option", "value"),
    [("--questions", 2), ("-n", 0), ("--chunk-size", 512), ("--encoding", "utf-8")],
)
def test_an_option_of_documents_is_refused_with_triplets(option, value, tmp_path):
    given = ("generate", "--triplets", 1, "--model", "m", "--out", tmp_path / "t.jsonl")
    name = "--questions" if option == "-n" else option
    assert_refused(run(*given, option, value), f"{name} is of documents", "--triplets")
