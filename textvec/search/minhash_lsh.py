"""Near-duplicates by MinHash and locality-sensitive hashing: no pair is compared without cause."""

import re
from typing import Self

import numpy as np

from textvec._checks import (
    check_choice,
    check_documents,
    check_flag,
    check_number,
    check_type,
    seeded,
    warn_user,
)
from textvec._threads import effective_n_jobs, equal_parts, learning, publish, run_parts
from textvec.kernels.minhash import (
    EMPTY,
    band_keys,
    hash_shingles,
    hash_terms,
    near_items,
    near_pairs,
    sketch,
)
from textvec.search._indexes import Index, check_n_neighbors, kept_places, without_itself
from textvec.text.columns import source_of
from textvec.text.vocabulary import documents_in_blocks, map_blocks, scan_codes, scan_words

_ANALYZERS = ("char", "word")
_ITEMS_AT_ONCE = 1024  # of a band: between such parts Ctrl-C is heard
_QUERIES_AT_ONCE = 256  # each may meet many more items than an item meets in a band
_MOST_COMPARED = 10_000  # documents that one is compared with in a band
_MOST_PERMUTATIONS = 1 << 14
_GRID = 512  # similarities at which false positives and negatives are summed


def shingles(document, size=5, analyzer="char", lowercase=True):
    """Return the set of runs of ``size`` neighbouring characters or words of a text.

    Parameters
    ----------
    document : str
        The text.
    size : int >= 1, default=5
        Characters or words of a shingle. A text of fewer is one shingle as a whole.
    analyzer : {"char", "word"}, default="char"
        Whether shingles are of characters, where two and more of white space count as one space, or
        of words (``\\w+``), joined by a space.
    lowercase : bool, default=True
        Whether case is folded first.

    Returns
    -------
    set of str
        The distinct shingles; empty only if there is no character or word.

    Raises
    ------
    TypeError, ValueError
        If the document is no str, or a parameter is out of range.

    See Also
    --------
    MinHashLSH : Hashes these very sets.

    Examples
    --------
    >>> len(shingles("learning datascience is fascinating", size=3))
    30
    >>> sorted(shingles("The sea, the sea", size=2, analyzer="word"))
    ['sea the', 'the sea']
    """
    check_choice("analyzer", analyzer, _ANALYZERS)
    check_number("size", size, low=1, integer=True)
    check_flag("lowercase", lowercase)
    check_type("document", document, str, "a str")
    text = document.lower() if lowercase else document
    if analyzer == "char":
        text = re.sub(r"\s\s+", " ", text)
        return {text[i : i + size] for i in range(max(len(text) - size + 1, bool(text)))}
    words = re.findall(r"\w+", text)
    return {" ".join(words[i : i + size]) for i in range(max(len(words) - size + 1, bool(words)))}


def choose_bands(threshold, n_permutations=128, false_positive_weight=0.5):
    """Choose the bands and the rows of a band that tell pairs above a similarity from the others.

    Parameters
    ----------
    threshold : float in [0, 1]
        The similarity from which pairs are wanted.
    n_permutations : int in [1, 16384], default=128
        Slots of a signature; bands times rows are at most this.
    false_positive_weight : float in [0, 1], default=0.5
        How much pairs below the threshold that become candidates count; pairs above it that do not
        count the rest. Lower it to find more, raise it to compare fewer.

    Returns
    -------
    n_bands, n_rows : int
        Those of the least weighted sum of the areas between the S-curve and the ideal step: of
        several, the fewest bands.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range.

    Notes
    -----
    A pair of similarity s shares at least one band with the probability 1 - (1 - s**rows)**bands.
    Source: Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4.

    Examples
    --------
    >>> choose_bands(0.8)
    (9, 13)
    """
    check_number("threshold", threshold, low=0, high=1)
    check_number("n_permutations", n_permutations, low=1, high=_MOST_PERMUTATIONS, integer=True)
    check_number("false_positive_weight", false_positive_weight, low=0, high=1)
    similarity = (np.arange(_GRID) + 0.5) / _GRID
    is_wanted = similarity >= threshold
    best = np.inf, 0, 0
    for n_rows in range(1, n_permutations + 1):
        n_bands = np.arange(1, n_permutations // n_rows + 1)
        found = _s_curve(similarity[:, None], n_bands, n_rows)
        false_positives = found[~is_wanted].sum(axis=0)
        false_negatives = (1 - found[is_wanted]).sum(axis=0)
        costs = false_positive_weight * false_positives
        costs += (1 - false_positive_weight) * false_negatives
        least = costs.argmin()
        best = min(best, (costs[least], int(n_bands[least]), n_rows))
    return best[1:]


def _s_curve(similarity, n_bands, n_rows):
    return 1 - (1 - similarity**n_rows) ** n_bands


class MinHashLSH(Index):
    """Find texts that share most of their shingles, among millions, without comparing all pairs.

    Parameters
    ----------
    threshold : float in [0, 1], default=0.8
        The Jaccard similarity from which pairs are wanted; bands are chosen for it.
    shingle_size : int >= 1, default=5
        Characters or words of a shingle: the more, the less unrelated texts share. Of Chinese take
        2 or 3: a character carries as much as a syllable, and of five in a row one is soon another.
    analyzer : {"char", "word"}, default="char"
        What shingles are made of, see
        :func:`~textvec.search.minhash_lsh.shingles`. Characters suit every language.
    lowercase : bool, default=True
        Whether case is folded first.
    n_permutations : int in [1, 16384], default=128
        Slots of a signature. Estimated similarities err by about ``0.5 / sqrt(n_permutations)``.
    false_positive_weight : float in [0, 1], default=0.5
        See :func:`~textvec.search.minhash_lsh.choose_bands`.
    random_state : int, RandomState or None, default=0
        Seed of the hashes. Signatures of different seeds have nothing in common.
    n_jobs : int, default=None
        Threads: None is 1, -1 all cores. Results do not depend on it.

    Attributes
    ----------
    signatures_ : ndarray of uint32 of shape (n_documents, n_permutations)
        Two texts agree in a slot with the probability of their Jaccard similarity.
    n_bands_, n_rows_ : int
        Texts whose signatures agree in all of the ``n_rows_`` slots of one of ``n_bands_`` bands
        are candidates.
    seed_ : int
        What ``random_state`` gave.

    See Also
    --------
    ExactIndex : Finds neighbours by vectors, and misses none.

    Notes
    -----
    Signatures are those of Fast Similarity Sketching (Dahlgaard, Knudsen and Thorup 2017), with
    the estimates of MinHash (Broder 1997) and a smaller variance, at a cost that hardly depends
    on ``n_permutations``. A text without shingles matches nothing.

    Threads may ask while another adds, removes or fits: they are answered from the documents before
    or after that.

    Examples
    --------
    >>> texts = ["a room with a view of the sea", "rooms near the airport, breakfast included",
    ...          "A room with a view of the sea!"]
    >>> lsh = MinHashLSH(threshold=0.7).fit(texts)
    >>> pairs, similarities = lsh.near_duplicates()
    >>> pairs
    array([[0, 2]])

    Chinese sentences that say the same have few runs of five characters in common:

    >>> rooms = ["房间宽敞明亮，早餐种类很多，服务员态度很好",
    ...          "房间宽敞又明亮，早餐种类多，服务员态度非常好"]
    >>> for size in (5, 2):
    ...     lsh = MinHashLSH(threshold=0.5, shingle_size=size).fit(rooms)
    ...     print(size, lsh.near_duplicates()[0].tolist())
    5 []
    2 [[0, 1]]
    """

    _makes_more = True  # the bands

    def __init__(
        self,
        threshold=0.8,
        shingle_size=5,
        analyzer="char",
        lowercase=True,
        n_permutations=128,
        false_positive_weight=0.5,
        random_state=0,
        n_jobs=None,
    ):
        self.threshold = threshold
        self.shingle_size = shingle_size
        self.analyzer = analyzer
        self.lowercase = lowercase
        self.n_permutations = n_permutations
        self.false_positive_weight = false_positive_weight
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, raw_documents, y=None) -> Self:
        """Make the signatures of documents, and the bands.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts, at least one. They are read once and not kept.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of range, there are no documents, or one is no text; the message
            names its row.
        """
        self._check_parameters()
        with learning(self) as aside:
            aside.n_bands_, aside.n_rows_ = choose_bands(
                self.threshold, self.n_permutations, self.false_positive_weight
            )
            aside.seed_ = int(seeded(self.random_state).randint(2**31))
            aside.signatures_ = np.empty((0, self.n_permutations), np.uint32)
            aside.signatures_ = aside._signatures_of(raw_documents)
            if not len(aside.signatures_):
                raise ValueError("raw_documents must hold at least one document. Got none.")
            aside._made = {}
        return self

    def add(self, raw_documents) -> Self:
        """Take in more documents, which get the next numbers; nothing is refitted.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As :meth:`transform` raises them. The index is then as it was.
        """
        now = self._asked()
        signatures = now._signatures_of(raw_documents)
        return self._take(np.concatenate([now.signatures_, signatures]))

    def remove(self, indices) -> Self:
        """Forget documents; those after them move up.

        Parameters
        ----------
        indices : int or array-like of int
            Their numbers.

        Returns
        -------
        self

        Raises
        ------
        IndexError
            If a document does not exist.
        """
        signatures = self._asked().signatures_
        return self._take(signatures[kept_places(len(signatures), indices, least=0)])

    def transform(self, raw_documents):
        """Return the signatures of documents.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts.

        Returns
        -------
        ndarray of uint32 of shape (n_documents, n_permutations)
            The share of slots in which two rows agree estimates their Jaccard similarity. A text
            without shingles has the largest number in all of its slots.

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of range, a document is no text, or the documents are one str.
        """
        return self._asked()._signatures_of(raw_documents)

    def _signatures_of(self, raw_documents):
        self._check_parameters()  # set or loaded since fit, they would lead the kernels astray
        if isinstance(raw_documents, str):
            raise ValueError("raw_documents must be an iterable of str. Got one str: put it in [].")
        check_documents(raw_documents)
        blocks = documents_in_blocks(source_of(raw_documents), None)
        empty = np.empty((0, self.signatures_.shape[1]), np.uint32)
        sketches = map_blocks(self._sketches, blocks, effective_n_jobs(self.n_jobs))
        return np.concatenate([empty, *sketches])

    def near_duplicates(self, threshold=None, max_pairs=100):
        """Return the pairs of documents that are alike.

        Of text that is copied over and over all would pair with all. ``max_pairs`` keeps the
        pairs in proportion to the documents: where no document has so many near-duplicates after
        it, they are all pairs that share a band.

        Parameters
        ----------
        threshold : float in [0, 1] or None, default=None
            The least estimated similarity; None is the parameter's. Far below that, pairs are
            missed: see :meth:`candidate_probability`.
        max_pairs : int >= 1 or None, default=100
            With how many later documents a document is paired at most in each band; these are the
            first of those that are alike. None is all, in proportion to the square of the copies.

        Returns
        -------
        pairs : ndarray of int64 of shape (n_pairs, 2)
            Numbers of documents, in ascending order.
        similarities : ndarray of float32 of shape (n_pairs,)
            Estimated Jaccard similarities.

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of range.

        Warns
        -----
        UserWarning
            If pairs were left out because of ``max_pairs``.

        Notes
        -----
        However often a text is copied, a copy pairs with an earlier one: to keep one of each, leave
        out ``pairs[:, 1]``. Unless ``max_pairs`` is None, a document is compared with no more than
        the 10,000 that follow it in a band.

        Examples
        --------
        >>> texts = ["a room with a view of the sea"] * 3 + ["rooms near the airport"]
        >>> pairs, _ = MinHashLSH().fit(texts).near_duplicates()
        >>> [text for row, text in enumerate(texts) if row not in pairs[:, 1]]
        ['a room with a view of the sea', 'rooms near the airport']
        """
        now = self._asked()
        threshold = now.threshold if threshold is None else threshold
        check_number("threshold", threshold, low=0, high=1)
        if max_pairs is not None:
            check_number("max_pairs", max_pairs, low=1, integer=True)
        signatures, n_slots = now.signatures_, now.signatures_.shape[1]
        least = int(np.ceil(threshold * n_slots - 1e-9))
        every = len(signatures)
        most = every if max_pairs is None else min(max_pairs, every)
        compared = every if max_pairs is None else max(_MOST_COMPARED, most + 1)
        keys, order = now._bands()

        def search(band, first, last):
            return near_pairs(signatures, keys, order, band, first, last, least, most, compared)

        parts = [
            (band, *part)
            for band in range(len(order))
            for part in equal_parts(order.shape[1], most=_ITEMS_AT_ONCE)
        ]
        found = [(np.empty((0, 2), np.int64), np.empty(0, np.int64), 0)]
        found += run_parts(search, parts, self.n_jobs)
        *arrays, cut = zip(*found)
        pairs, agreements = map(np.concatenate, arrays)
        if any(cut):
            warn_user(
                f"Some documents have more than max_pairs={max_pairs} near-duplicates after them; "
                "their further pairs are left out. Leave out pairs[:, 1] to keep one of each, or "
                "ask for max_pairs=None, which takes memory by the square of the copies."
            )
        in_order = np.lexsort(pairs.T[::-1])
        return pairs[in_order], (agreements[in_order] / n_slots).astype(np.float32)

    def kneighbors(self, X=None, n_neighbors=5, return_distance=True):
        """Return the most similar documents of each query, of those that share a band with it.

        Parameters
        ----------
        X : iterable of str, default=None
            Texts. None asks for the neighbours of each document, itself left out.
        n_neighbors : int >= 1, default=5
            How many to return, at most the number of documents (less one where X is None).
        return_distance : bool, default=True
            Whether to return distances as well.

        Returns
        -------
        distances : ndarray of float32 of shape (n_queries, n_neighbors)
            1 - estimated Jaccard similarity, ascending; 1 where there are no more candidates.
        indices : ndarray of int64 of shape (n_queries, n_neighbors)
            Numbers of documents; of equal distances the lower comes first. -1 for no more.

        Raises
        ------
        TypeError, ValueError
            If a query is no text, or ``n_neighbors`` documents do not exist.
        """
        now = self._asked()
        signatures, itself = now.signatures_, X is None
        check_n_neighbors(n_neighbors, len(signatures), itself)
        queries = signatures if itself else now._signatures_of(X)
        keys, order = now._bands()
        query_keys = now._keys(queries)
        scores = np.zeros((len(queries), n_neighbors + itself), np.float32)
        indices = np.full(scores.shape, -1)

        def search(first, last):
            near_items(
                queries[first:last], query_keys[:, first:last], signatures, keys, order,
                scores[first:last], indices[first:last],
            )  # fmt: skip

        parts = equal_parts(len(queries), self.n_jobs, most=_QUERIES_AT_ONCE)
        run_parts(search, parts, self.n_jobs)
        if itself:
            scores, indices = without_itself(scores, indices)
        return (1 - scores, indices) if return_distance else indices

    def candidate_probability(self, similarity):
        """Return how probably a pair is found that is so similar: the S-curve, to be plotted.

        Parameters
        ----------
        similarity : float or array-like
            Jaccard similarities, from 0 to 1.

        Returns
        -------
        float or ndarray
            The probability that such a pair shares a band.

        Raises
        ------
        TypeError, ValueError
            If a similarity is no number from 0 to 1.

        Examples
        --------
        >>> lsh = MinHashLSH(threshold=0.5).fit(["a", "b"])
        >>> lsh.candidate_probability([0.2, 0.5, 0.8]).round(2)
        array([0.01, 0.55, 1.  ])
        """
        now = self._asked()
        similarities = np.asarray(similarity)
        doubtful = similarities.ravel()
        if similarities.dtype.kind in "iuf":
            doubtful = doubtful[~((doubtful >= 0) & (doubtful <= 1))]  # NaN among them
        for one in doubtful.tolist():
            check_number("similarity", one, low=0, high=1)
        return _s_curve(similarities, now.n_bands_, now.n_rows_)

    def _check_parameters(self):
        check_choice("analyzer", self.analyzer, _ANALYZERS)
        check_number("shingle_size", self.shingle_size, low=1, integer=True)
        check_flag("lowercase", self.lowercase)

    def _check_loaded(self):
        if not hasattr(self, "signatures_"):
            return
        signatures = self.signatures_
        is_array = isinstance(signatures, np.ndarray) and signatures.ndim == 2
        if not is_array or signatures.dtype != np.uint32:
            raise ValueError("signatures_ must be rows of uint32")
        if not signatures.flags.c_contiguous:  # the kernels would be compiled anew for others
            raise ValueError("signatures_ must lie row after row")
        check_number("seed_", self.seed_, low=0, high=2**31 - 1, integer=True)
        for name in ("n_bands_", "n_rows_"):
            check_number(name, getattr(self, name), low=1, integer=True)
        width, used = signatures.shape[1], self.n_bands_ * self.n_rows_
        if width != self.n_permutations or used > width:
            raise ValueError(
                f"signatures_ of width {width} must have n_permutations={self.n_permutations} and "
                f"room for {self.n_bands_} bands of {self.n_rows_}"
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "signatures_")  # to look through all is not safe among threads

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        return tags

    def _take(self, signatures):
        publish(self, {"signatures_": signatures, "_made": {}})
        return self

    def _sketches(self, block):
        """Return the signatures of some documents."""
        if self.analyzer == "char":
            letters = scan_codes([block], self.lowercase)
            values = letters.values.view(np.uint32)
        else:
            letters, known = scan_words([block], "word", 1, self.lowercase)
            hashes = hash_terms(known.store, known.offsets, known.n_terms)
            values = hashes[letters.values]
        hashes, ends = hash_shingles(values, letters.ends, self.shingle_size, np.uint64(self.seed_))
        signatures = np.empty((len(block), self.signatures_.shape[1]), np.uint32)
        sketch(hashes, ends, signatures)
        return signatures

    def _keys(self, signatures):
        """Return the key of each band of each signature."""
        keys = np.empty((self.n_bands_, len(signatures)), np.uint64)

        def hash_bands(first, last):
            keys[:, first:last] = band_keys(signatures[first:last], self.n_bands_, self.n_rows_)

        parts = equal_parts(len(signatures), self.n_jobs, most=_ITEMS_AT_ONCE)
        run_parts(hash_bands, parts, self.n_jobs)
        return keys

    def _bands(self):
        """Return the keys of all bands, and the documents that have shingles by key."""
        if "bands" not in self._made:
            keys = self._keys(self.signatures_)
            filled = np.flatnonzero(self.signatures_[:, 0] != EMPTY)
            order = np.empty((self.n_bands_, len(filled)), np.int64)

            def sort(band):
                order[band] = filled[keys[band, filled].argsort(kind="stable")]

            run_parts(sort, [(band,) for band in range(self.n_bands_)], self.n_jobs)
            self._made["bands"] = keys, order
        return self._made["bands"]
