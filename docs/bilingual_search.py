"""The search of the pages: English by its stems, Chinese by pairs of neighbouring characters.

Pages and questions are cut in the same way, so a word is found without a dictionary that knows it.
"""

import re
from itertools import pairwise

from sphinx.search.en import SearchEnglish

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_PIECES = re.compile(rf"[{_HAN}]+|[^\W{_HAN}]+")


class BilingualSearch(SearchEnglish):
    """English words and Chinese pairs."""

    lang = "bilingual"
    language_name = "English"  # the name of its stemmer in JavaScript
    js_splitter_code = f"""
var splitQuery = (query) =>
  (query.match(/[{_HAN}]+|[^\\s\\p{{P}}\\p{{S}}{_HAN}]+/gu) || []).flatMap((piece) =>
    /^[{_HAN}]{{2}}/.test(piece)
      ? Array.from(piece.slice(1), (next, i) => piece[i] + next)
      : [piece]
  );
"""

    def split(self, input):
        """Return the words, and of Chinese all pairs of neighbours."""
        found = []
        for piece in _PIECES.findall(input):
            is_han = len(piece) > 1 and re.match(f"[{_HAN}]", piece)
            found += map("".join, pairwise(piece)) if is_han else [piece]
        return found


def setup(app):
    """Offer it as the language "bilingual"."""
    app.add_search_language(BilingualSearch)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
