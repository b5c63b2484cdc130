"""Train word vectors on several threads: what runs when, and what it leaves behind."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from threading import Event

import numpy as np

from textvec._threads import effective_n_jobs, equal_parts
from textvec.kernels import spans, subwords
from textvec.kernels import word_vectors as kernel
from textvec.ragged import Ragged

_LONGEST = 1000  # tokens; longer documents are cut, so that the order of training can be mixed
_SPAN = 2048  # tokens that one thread trains on in a go
_SPANS_IN_TURN = 8  # reproducible spans that begin from the same vectors
_SPANS_AT_ONCE = 8  # free spans in one go
_GOES_IN_ROUND = 16  # free goes for each thread between looks at the clock
_DIVERGED = 10  # times the loss of vectors that know nothing
_PULL = 0.2  # of one update, over the learning rate: see `spans.turn`
_MOST_MET = (_SPAN + _LONGEST) * 3 // 2  # words of a span, and half as many noise words
ROWS_FOR_COPIES = _SPANS_IN_TURN * _MOST_MET  # memory that is not touched unless it is used


@dataclass
class Settings:
    """How to train; the names are those of :class:`~textvec.Word2Vec`."""

    window: int
    sample: float
    negative: int
    ns_exponent: float
    architecture: str
    cbow_mean: bool
    alpha: float
    min_alpha: float
    epochs: int
    shrink_windows: bool

    @property
    def kind(self):
        """The number of the architecture in the kernels."""
        if self.architecture == "skipgram":
            return kernel.SKIPGRAM
        return kernel.CBOW_MEAN if self.cbow_mean else kernel.CBOW_SUM

    @property
    def mean_context(self):
        """How many words there are around a word, on average, far from a document's ends."""
        return self.window + 1 if self.shrink_windows else 2 * self.window


@dataclass
class Progress:
    """Where training stands: all that has to be kept, besides the vectors, to go on with it.

    Parameters
    ----------
    seed : list of int
        Of the random numbers, together with the epoch.
    free : bool
        Whether threads write to the same vectors as they please, where words have no n-grams.
    epoch, span : int
        The next span to train on.
    loss, n_inputs : float, int
        Summed over this epoch.
    losses : list of float
        Mean loss of the epochs that are done, NaN where no word was left beside another.
    thins : bool
        Whether frequent words are thinned out. Where that left no word beside another in any epoch,
        as it may in a few short sentences, all begin again and all words are kept.
    """

    seed: list
    free: bool
    epoch: int = 0
    span: int = 0
    loss: float = 0.0
    n_inputs: int = 0
    losses: list = field(default_factory=list)
    thins: bool = True


@dataclass
class Parts:
    """What words are made of beside a row of their own; see `kernels.subwords`.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, width), float32
        Of all parts, `padded`; changed by training.
    of_words : Ragged of int32
        Which of them each word has.
    """

    rows: np.ndarray
    of_words: Ragged

    def composed(self, own):
        """Return the vectors of all words, given the rows that they have for themselves."""
        words = np.arange(len(own), dtype=np.int32)
        return subwords.compose(words, *self.of_words, own, self.rows)


class Training:
    """Vectors on their way, trained round by round.

    A span is a run of documents of some two thousand tokens, drawn without replacement in each
    epoch. Free threads take spans as they come and write to the same vectors (Hogwild: Recht et
    al. 2011). Reproducible training takes spans by eight, whatever the number of threads: all
    begin from the same vectors, each trains on copies of the rows that others need too, and their
    changes are then added in turn; see `kernels.spans`.

    Parameters
    ----------
    tokens : Ragged of int32
        The documents.
    counts : ndarray of shape (n_words,)
        How often each word occurs, for thinning and for noise.
    vectors, context_vectors : ndarray of shape (at least n_words, width), float32
        Where to start, `padded`; changed. Reproducible training without parts wants
        ``ROWS_FOR_COPIES`` more rows.
    settings : Settings
        How to train.
    progress : Progress
        Where to start; changed.
    n_jobs : int or None
        How many threads.
    parts : Parts or None, default=None
        With them ``vectors`` are the rows that words have for themselves. A span trains on vectors
        composed of these and the rows of parts, and all rows get its changes: always in turn, as
        what another thread adds meanwhile would be taken back for every word that shares a row.

    Attributes
    ----------
    seen : tuple of (epoch, tokens trained on so far, learning rate, loss of this epoch)
        How far training is.
    """

    def __init__(
        self, tokens, counts, vectors, context_vectors, settings, progress, n_jobs, parts=None
    ):
        self.values = tokens.values
        self.ends = _cut(tokens.ends)
        self.lengths = np.diff(self.ends, prepend=0)
        self.vectors, self.context_vectors = vectors, context_vectors
        self.settings, self.progress = settings, progress
        self.n_jobs = effective_n_jobs(n_jobs)
        self.keep = _share_kept(counts, settings.sample if progress.thins else 0)
        self.noise = kernel.alias_table(counts.astype(np.float64) ** settings.ns_exponent)
        n_tokens = max(1, len(self.values))
        self.span_tokens = int(np.clip(n_tokens // (32 * _SPANS_IN_TURN), 16, _SPAN))
        self._desks: list[_Desk] = []  # that no round uses now
        self._ready: dict[range, tuple] = {}  # spans -> their desk, and what is drawn for them
        self.parts = parts
        self.seen = progress.epoch, 0, settings.alpha, 0.0

    def run(self, stop: Event, each_round: Callable):
        """Train until all epochs are done, or it is told to stop.

        Parameters
        ----------
        stop : Event
            Set by another thread, it ends training after the spans that are on.
        each_round : callable
            Called without arguments after each round and each epoch.

        Raises
        ------
        FloatingPointError
            If the vectors grow without bound.
        """
        self._stop = stop
        with ThreadPoolExecutor(self.n_jobs) as pool:
            while self.progress.epoch < self.settings.epochs:
                self._begin_epoch()
                n_spans = len(self._spans)
                while self.progress.span < n_spans and not stop.is_set():
                    self._round(pool)
                    self._look()
                    each_round()
                if self.progress.span < n_spans:
                    return
                self._end_epoch()
                each_round()

    def _look(self):
        """Publish how far training is, and stop it if it went astray."""
        progress = self.progress
        mean_loss = progress.loss / max(1, progress.n_inputs)
        if not mean_loss < _DIVERGED * (1 + self.settings.negative) * np.log(2):
            self._raise_diverged(mean_loss)
        n_trained = progress.epoch * len(self.values) + int(self._tokens_before[progress.span])
        self.seen = progress.epoch, n_trained, self._alpha(progress.span), mean_loss

    def _begin_epoch(self):
        """Mix the documents and cut them into spans, each with random numbers of its own."""
        rng = np.random.default_rng([*self.progress.seed, self.progress.epoch])
        self._order = rng.permutation(len(self.ends))
        ends = self.lengths[self._order].cumsum()
        cuts = ends.searchsorted(np.arange(self.span_tokens, ends[-1], self.span_tokens))
        bounds = np.unique([0, *cuts, len(ends)])
        self._spans = list(pairwise(bounds.tolist()))
        self._tokens_before = np.concatenate([[0], ends])[bounds]
        self._states = rng.integers(1, 1 << 63, len(self._spans), np.uint64)

    def _end_epoch(self):
        progress = self.progress
        progress.losses.append(progress.loss / progress.n_inputs if progress.n_inputs else np.nan)
        progress.epoch, progress.span = progress.epoch + 1, 0
        progress.loss, progress.n_inputs = 0.0, 0
        if progress.epoch == self.settings.epochs and np.isnan(progress.losses).all():
            progress.epoch, progress.losses, progress.thins = 0, [], False
            self.keep = np.ones_like(self.keep)

    def _raise_diverged(self, mean_loss):
        raise FloatingPointError(
            f"The vectors grew without bound in epoch {self.progress.epoch + 1}: the loss is "
            f"{mean_loss:.3g}. Got alpha={self.settings.alpha!r}: lower it; 0.025 is usual."
        )

    def _alpha(self, span):
        done = self.progress.epoch * len(self.values) + self._tokens_before[span]
        share = done / (self.settings.epochs * len(self.values))
        return self.settings.alpha + (self.settings.min_alpha - self.settings.alpha) * share

    def _round(self, pool):
        first = self.progress.span
        if self.progress.free and self.parts is None:
            last = min(first + _SPANS_AT_ONCE * _GOES_IN_ROUND * self.n_jobs, len(self._spans))
            goes = [
                range(at, min(at + _SPANS_AT_ONCE, last))
                for at in range(first, last, _SPANS_AT_ONCE)
            ]
            trained = list(pool.map(self._train_freely, goes))
            n_goes = trained.index(None) if None in trained else len(goes)
            last = goes[n_goes - 1].stop if n_goes else first
            results = [pair for go in trained[:n_goes] for pair in go]
        else:
            last, after = (min(first + n * _SPANS_IN_TURN, len(self._spans)) for n in (1, 2))
            results = self._train_in_turn(range(first, last), range(last, after), pool)
        for loss, n_inputs in results:
            self.progress.loss += loss
            self.progress.n_inputs += n_inputs
        self.progress.span = last

    def _draw(self, span):
        """Return tokens, ends and noise words of a span, and the state of its random numbers."""
        state = self._states[span : span + 1].copy()
        chosen = self._order[slice(*self._spans[span])]
        return *kernel.draw(self.values, self.ends, chosen, self.keep, *self.noise, state), state

    def _train(self, span, tokens, ends, noise, state, vectors, context_vectors):
        settings = self.settings
        return kernel.train(
            tokens, ends, noise, vectors, context_vectors, settings.window, settings.shrink_windows,
            settings.negative, settings.kind, np.float32(self._alpha(span)), state,
        )  # fmt: skip

    def _train_freely(self, numbers):
        """Train on spans one after the other; return what came of each, or None if told to stop."""
        if self._stop.is_set():
            return None
        both = self.vectors, self.context_vectors
        return [self._train(span, *self._draw(span), *both) for span in numbers]

    def _train_in_turn(self, numbers, following=range(0), pool=None):
        """Train on spans that all begin from the same vectors; return what came of each.

        With a pool, its threads do so together, and draw for the spans that follow meanwhile: what
        is drawn is the same whenever it is.
        """
        if numbers not in self._ready:
            drawn = self._all([partial(self._draw, span) for span in numbers], pool)
            self._share_out(numbers, drawn)
        desk, drawn = self._ready.pop(numbers)
        pull = _PULL * self._alpha(numbers[0])
        n_jobs = self.n_jobs if pool else 1
        works = [partial(self._train_on, desk, drawn, numbers, s) for s in range(len(numbers))]
        works += [partial(self._draw, span) for span in following]
        done = self._all(works, pool)
        results, ahead = done[: len(numbers)], done[len(numbers) :]
        parts = equal_parts(desk.n_shared, 2 * n_jobs)
        works = [partial(self._add, desk, pull, *part) for part in parts]
        if ahead:
            works.insert(0, partial(self._share_out, following, ahead))
        self._all(works, pool)
        if self.parts is not None:
            parts = equal_parts(len(self.parts.rows), n_jobs)
            self._all([partial(self._spread, desk, *part) for part in parts], pool)
        self._desks.append(desk)
        return results

    def _all(self, works, pool):
        """Return what all works return; with a pool its threads take them as they come."""
        if pool is None or self.n_jobs == 1:
            return [work() for work in works]
        results, left = [None] * len(works), [*range(len(works))][::-1]

        def take_some(_):
            while left:
                try:
                    at = left.pop()
                except IndexError:  # another thread took the last
                    return
                results[at] = works[at]()

        list(pool.map(take_some, range(self.n_jobs)))
        return results

    def _share_out(self, numbers, drawn):
        """Get a round ready whose spans are drawn."""
        try:
            desk = self._desks.pop()
        except IndexError:  # all are in use
            desk = self._new_desk()
        desk.share_out(drawn)
        self._ready[numbers] = desk, drawn

    def _train_on(self, desk, drawn, numbers, s):
        tokens, ends, noise, state = drawn[s]
        self._take(desk, s)
        return self._train(numbers[s], tokens, ends, noise, state, *desk.copies)

    def _spread(self, desk, first, last):
        words = desk.shared[: desk.n_shared]
        subwords.spread(self.parts.rows, words, *self.parts.of_words, desk.changes, first, last)

    def _new_desk(self):
        n_words, n_spans = len(self.keep), _SPANS_IN_TURN
        if self.parts is None:
            return _Desk(n_words, n_spans, (self.vectors, self.context_vectors), n_words, False)
        shape = n_spans * _MOST_MET, self.vectors.shape[1]
        copies = np.empty(shape, np.float32), np.empty(shape, np.float32)
        return _Desk(n_words, n_spans, copies, 0, True)

    def _take(self, desk, s):
        """Make the copies that a span trains on."""
        begin, (n_inputs, n_taken) = desk.first + s * _MOST_MET, desk.n_taken[s]
        vectors, context_vectors = desk.copies
        inputs = desk.taken[s, :n_inputs]
        if self.parts is None:
            spans.take(self.vectors, inputs, vectors, begin)
        else:
            vectors[begin : begin + n_inputs] = subwords.compose(
                inputs, *self.parts.of_words, self.vectors, self.parts.rows
            )
        spans.take(self.context_vectors, desk.taken[s, :n_taken], context_vectors, begin)

    def _add(self, desk, pull, begin, end):
        """Add what became of the copies of some words to their rows."""
        vectors, context_vectors = desk.copies
        around, negative = self.settings.mean_context, self.settings.negative
        of_input = np.array([around * (1 + negative), 0], np.float32)  # by a token, a noise word
        of_target = np.array([1, 2 * negative], np.float32)  # noise is half as much as tokens
        match self.settings.kind:
            case kernel.SKIPGRAM:  # a target is updated by every input of the window
                of_target *= around
            case kernel.CBOW_SUM:  # a long input pulls hard, and all of its words are moved
                of_target *= around * around
                of_input *= around
        known = desk.shared, desk.which, desk.met
        if self.parts is None:
            spans.add_in_turn(self.vectors, vectors, desk.first, *known, of_input, pull, begin, end)
        else:
            subwords.add_in_turn(
                self.vectors, self.parts.rows, *self.parts.of_words, vectors, *known, of_input,
                pull, desk.changes, begin, end,
            )  # fmt: skip
        spans.add_in_turn(
            self.context_vectors, context_vectors, desk.first, *known, of_target, pull, begin, end
        )


class _Desk:
    """Room for the copies of a round; see `kernels.spans` for its tables."""

    def __init__(self, n_words, n_spans, copies, first, apart):
        self.copies, self.first, self.apart = copies, first, apart
        self._owner, self._place = (np.full(n_words, -1, np.int32) for _ in range(2))
        self.shared = np.empty(n_spans * _MOST_MET, np.int32)
        self.which = np.empty((len(self.shared), n_spans), np.int32)
        self.taken = np.empty((n_spans, _MOST_MET), np.int32)
        self.met = np.empty((n_spans, _MOST_MET, 2), np.int32)
        self.n_shared, self.n_taken, self.changes = 0, None, None

    def share_out(self, drawn):
        """Number the words of what is drawn for each span, in place."""
        pieces = [piece for tokens, _, noise, _ in drawn for piece in (tokens, noise)]
        bounds = np.cumsum([0, *map(len, pieces)])
        words = np.concatenate(pieces)
        self.n_shared, self.n_taken = spans.share_out(
            words, bounds, self.first, self.apart, self._owner, self._place, self.shared,
            self.which, self.taken, self.met,
        )  # fmt: skip
        for piece, begin in zip(pieces, bounds):
            piece[:] = words[begin : begin + len(piece)]
        if self.apart:
            self.changes = np.empty((self.n_shared, self.copies[0].shape[1]), np.float32)


def padded(matrix, n_rows=0):
    """Return a copy with columns, and rows, of zeros added: up to whole registers, ``n_rows``."""
    width = -(-matrix.shape[1] // kernel.LANES) * kernel.LANES
    rows = np.zeros((max(len(matrix), n_rows), width), np.float32)
    rows[: len(matrix), : matrix.shape[1]] = matrix
    return rows


def _cut(ends):
    """Return the ends of documents without empty ones and with long ones cut."""
    lengths = np.diff(ends, prepend=0)
    extra = np.maximum(lengths - 1, 0) // _LONGEST
    starts = np.repeat(ends - lengths, extra)
    nth = np.arange(extra.sum()) - np.repeat(extra.cumsum() - extra, extra) + 1
    return np.unique(np.concatenate([ends[lengths > 0], starts + nth * _LONGEST]))


def _share_kept(counts, sample):
    """Return the probability that a token of each word is kept (word2vec's own formula).

    With ``r = sample / (share of the word)`` it is ``sqrt(r) + r``, at most 1.
    """
    if sample == 0:
        return np.ones(len(counts))
    ratio = sample * counts.sum() / counts
    return np.minimum(1, np.sqrt(ratio) + ratio)
