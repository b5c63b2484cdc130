"""Train word vectors on several threads: what runs when, and what it leaves behind."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Event

import numpy as np

from textvec._threads import bounds_of_parts, effective_n_jobs, equal_parts
from textvec.kernels import word_vectors as kernel
from textvec.kernels.subwords import add_rows, compose, damp_in_turn, halve, spread
from textvec.ragged import Ragged

_LONGEST = 1000  # tokens; longer documents are cut, so that the order of training can be mixed
_SPAN = 2048  # tokens that one thread trains on in a go
_SPANS_IN_TURN = 8  # reproducible spans that begin from the same vectors
_SPANS_AT_ONCE = 8  # free spans in one go
_GOES_IN_ROUND = 16  # free goes for each thread between looks at the clock
_DIVERGED = 10  # times the loss of vectors that know nothing
_PULL = 0.2  # of one update, over the learning rate: see `add_in_turn`


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
        Whether threads write to the same vectors as they please.
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
        return compose(np.arange(len(own), dtype=np.int32), *self.of_words, own, self.rows)


class Training:
    """Vectors on their way, trained round by round.

    A span is a run of documents of some two thousand tokens, drawn without replacement in each
    epoch. Free threads take spans as they come and write to the same vectors (Hogwild: Recht et
    al. 2011). Reproducible training takes spans by eight, whatever the number of threads: all
    begin from the same vectors, each trains on a copy of the rows it needs, and their changes are
    then added in turn.

    Parameters
    ----------
    tokens : Ragged of int32
        The documents.
    counts : ndarray of shape (n_words,)
        How often each word occurs, for thinning and for noise.
    vectors, context_vectors : ndarray of shape (n_words, width), float32
        Where to start, `padded`; changed.
    settings : Settings
        How to train.
    progress : Progress
        Where to start; changed.
    n_jobs : int or None
        How many threads.
    parts : Parts or None, default=None
        With them ``vectors`` are the rows that words have for themselves. A span, free or not,
        trains on vectors composed of these and the rows of parts, and all rows get its changes.

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
        drawn = counts.astype(np.float64) ** settings.ns_exponent  # rows change about as often
        self._shares = bounds_of_parts(drawn.cumsum(), self.n_jobs)
        self.noise = kernel.alias_table(drawn)
        n_tokens = max(1, len(self.values))
        self.span_tokens = int(np.clip(n_tokens // (32 * _SPANS_IN_TURN), 16, _SPAN))
        self._numbers = []  # arrays for `number_apart` that no thread uses now
        self._done = np.zeros((2, len(vectors)), np.float32)
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
        if self.progress.free:
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
            last = min(first + _SPANS_IN_TURN, len(self._spans))
            changed = list(pool.map(self._train_apart, range(first, last)))
            pull = _PULL * self._alpha(first)
            if self.parts is not None:
                self._damp(changed, pull)
            list(pool.map(lambda part: self._add_in_turn(changed, pull, *part), self._shares))
            if self.parts is not None:
                bounds = equal_parts(len(self.parts.rows), self.n_jobs)
                list(pool.map(lambda part: self._spread(changed, *part), bounds))
            results = [change.result for change in changed]
        for loss, n_inputs in results:
            self.progress.loss += loss
            self.progress.n_inputs += n_inputs
        self.progress.span = last

    def _draw(self, span, state):
        chosen = self._order[slice(*self._spans[span])]
        return kernel.draw(self.values, self.ends, chosen, self.keep, *self.noise, state)

    def _train(self, span, kept, noise, vectors, context_vectors, state):
        settings = self.settings
        return kernel.train(
            *kept, noise, vectors, context_vectors, settings.window, settings.shrink_windows,
            settings.negative, settings.kind, np.float32(self._alpha(span)), state,
        )  # fmt: skip

    def _train_freely(self, spans):
        """Train on spans one after the other; return what came of each, or None if told to stop."""
        if self._stop.is_set():
            return None
        results = []
        for span in spans:
            if self.parts is None:
                state = self._states[span : span + 1].copy()
                *kept, noise = self._draw(span, state)
                results.append(
                    self._train(span, kept, noise, self.vectors, self.context_vectors, state)
                )
            else:
                change = self._train_apart(span)
                self._add_at_once(change)
                results.append(change.result)
        return results

    def _train_apart(self, span):
        """Train on copies of the rows that a span needs; return what changed in them."""
        state = self._states[span : span + 1].copy()
        tokens, ends, noise = self._draw(span, state)
        try:
            number = self._numbers.pop()
        except IndexError:  # the other threads have them all
            number = np.full(len(self.vectors), -1, np.int32)
        words = np.empty(len(tokens) + len(noise), np.int32)
        n_inputs, n_met = kernel.number_apart(tokens, noise, number, words)
        self._numbers.append(number)
        inputs, words = words[:n_inputs], words[:n_met]
        context_vectors = kernel.take_rows(self.context_vectors, words)
        if self.parts is None:
            vectors = kernel.take_rows(self.vectors, inputs)
            result = self._train(span, (tokens, ends), noise, vectors, context_vectors, state)
            kernel.subtract_rows(vectors, self.vectors, inputs)
        else:
            vectors = compose(inputs, *self.parts.of_words, self.vectors, self.parts.rows)
            before = vectors.copy()
            result = self._train(span, (tokens, ends), noise, vectors, context_vectors, state)
            vectors -= before
            halve(inputs, self.parts.of_words.ends, vectors)
        kernel.subtract_rows(context_vectors, self.context_vectors, words)
        as_word = np.bincount(tokens, minlength=n_met).astype(np.float32)
        as_noise = np.bincount(noise, minlength=n_met).astype(np.float32)
        around, negative = self.settings.mean_context, self.settings.negative
        as_input = as_word[:n_inputs] * (around * (1 + negative))
        as_target = as_word + negative * (len(tokens) / max(1, len(noise))) * as_noise
        match self.settings.kind:
            case kernel.SKIPGRAM:  # a target is updated by every input of the window
                as_target *= around
            case kernel.CBOW_SUM:  # a long input pulls hard, and all of its words are moved
                as_target *= around * around
                as_input *= around
        return _Change(result, (inputs, words), (vectors, context_vectors), (as_input, as_target))

    def _damp(self, changed, pull):
        """Leave of inputs' changes what is to be added to all rows alike."""
        done = np.zeros(len(self.vectors), np.float32)
        for change in changed:
            damp_in_turn(change.words[0], change.changes[0], change.updates[0], pull, done)
            change.updates[0][:] = 0  # so that nothing more is taken off

    def _add_in_turn(self, changed, pull, first, last):
        for which, matrix in enumerate((self.vectors, self.context_vectors)):
            done = self._done[which]
            done[first:last] = 0
            for change in changed:
                kernel.add_in_turn(
                    matrix, change.words[which], change.changes[which], change.updates[which],
                    pull, done, first, last,
                )  # fmt: skip

    def _add_at_once(self, change):
        """Add what one free span did: nothing of it has been done by others."""
        for matrix, words, changes in zip(
            (self.vectors, self.context_vectors), change.words, change.changes
        ):
            add_rows(matrix, words, changes, 0, len(matrix))
        self._spread([change], 0, len(self.parts.rows))

    def _spread(self, changed, first, last):
        for change in changed:
            spread(
                self.parts.rows, change.words[0], *self.parts.of_words, change.changes[0], first,
                last,
            )  # fmt: skip


@dataclass
class _Change:
    """What a span did: its loss, and for both matrices which rows changed, by what, how often."""

    result: tuple
    words: tuple
    changes: tuple
    updates: tuple


def padded(matrix, n_rows=None):
    """Return a copy with columns, and rows, of zeros added: up to whole registers, ``n_rows``."""
    width = -(-matrix.shape[1] // kernel.LANES) * kernel.LANES
    rows = np.zeros((len(matrix) if n_rows is None else n_rows, width), np.float32)
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
