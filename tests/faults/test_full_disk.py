"""A full disk: the error names the file, the old file stays, and nothing half-written is left."""

import pytest

from .namespaces import has_namespaces

KINDS = ["limit"]
if has_namespaces():
    KINDS = ["tmpfs", pytest.param("limit", marks=pytest.mark.slow)]
WORKS = ["save", "save_word2vec_format", "checkpoint", "encoding_cache", "comparison_cache"]
WORKS += ["to_html", "embed", "download", "merge", "draw_map", "generate", "copy_course"]
WORKS += ["write_static", "lengthen", "fill_store"]


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_room(kind, work, nursery, tmp_path):
    """Where no disk can be made, a limit of the size of files stands in for one."""
    nursery.expect("crowd", kind, work, str(tmp_path))
