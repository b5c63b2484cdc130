"""Six texts about two kinds of hotel, and a method that fails on fewer."""

from sklearn.base import BaseEstimator

from textvec import TfidfVectorizer

ROOMS = {
    "a": "sea view from the quiet room",
    "b": "a view of the sea and a quiet room",
    "c": "the sea, the harbour and a balcony",
    "d": "free airport shuttle at dawn",
    "e": "an airport shuttle that is free",
    "f": "dawn flights leave from the airport",
}
STYLES = ["beach", "beach", "beach", "airport", "airport", "airport"]


class OnlyRooms(BaseEstimator):
    """Fails on whatever does not speak of all six rooms."""

    def fit(self, raw_documents, y=None):
        if len(raw_documents) < len(ROOMS):
            raise RuntimeError(f"too few <b>documents</b>: {len(raw_documents)}")
        self.inner_ = TfidfVectorizer().fit(raw_documents)
        return self

    def transform(self, raw_documents):
        return self.inner_.transform(raw_documents)
