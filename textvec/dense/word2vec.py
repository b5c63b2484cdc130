"""Word2Vec: word vectors learned by foretelling words from their neighbours."""

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, fields
from os import PathLike
from threading import Event
from typing import Self

import numpy as np

from textvec._checks import (
    check_choice,
    check_flag,
    check_number,
    check_type,
    is_auto,
    seeded,
    warn_user,
)
from textvec._threads import CutShortError, held, learning
from textvec._writing import check_place
from textvec.dense.by_size import STEPS, learning_rate, passes
from textvec.dense.documents import WordVectorizer
from textvec.dense.keyed_vectors import KeyedVectors
from textvec.dense.subwords import MOST_HASHES, MOST_ROWS, Subwords, check_lengths
from textvec.dense.training import (
    ROWS_FOR_COPIES,
    Parts,
    Progress,
    Settings,
    Training,
    padded,
)
from textvec.persistence import check_savable, load
from textvec.text.corpus import encode_corpus, learn_corpus

_SAVE_SECONDS = 120  # between checkpoints within an epoch
_LOOK_SECONDS = 0.1  # between looks for Ctrl-C, and at the progress


class Word2Vec(WordVectorizer):
    """Learn word vectors by foretelling words from their neighbours, and pool them to documents.

    Skip-gram and CBOW with negative sampling, several times as fast as gensim's, with the same
    parameters, a loss that is right, and the same vectors for any number of threads when
    ``random_state`` is set. Note that the default is skip-gram, which learns better from little
    text; gensim's is CBOW, which is faster.

    Parameters
    ----------
    vector_size : int >= 1, default=100
        Dimensions of the vectors.
    window : int >= 1, default=5
        How many words on either side, within a document, a word has to do with.
    min_count : int >= 1 or "auto", default="auto"
        Rarer words are dropped before windows are laid. "auto" is one for every 600,000 words of
        the text, from 2 to 5.
    architecture : {"skipgram", "cbow"}, default="skipgram"
        Whether each neighbour foretells a word, or their mean does.
    sample : float >= 0, default=1e-3
        Words of a share ``f`` of the text are kept with probability
        ``sqrt(sample / f) + sample / f``, drawn anew in every epoch. 1e-5 to 1e-3 are useful; 0
        keeps all. Where it left no word beside another in any epoch, as it may in a few short
        sentences, training begins again with all words, and says so in a warning.
    negative : int >= 1, default=5
        Noise words to tell a word from, shared by the neighbours in its window.
    ns_exponent : float, default=0.75
        Noise words are drawn in proportion to ``count ** ns_exponent``.
    cbow_mean : bool, default=True
        Whether CBOW takes the mean of the neighbours' vectors, or their sum.
    add_context : bool or "auto", default="auto"
        Whether the vector of a word is the sum of its input vector and its context vector, as in
        GloVe, or its input vector alone, as in word2vec and gensim. "auto" adds for CBOW without
        n-grams, whose English words are then better by four tests of four and whose Chinese ones
        are as good; skip-gram's English words are worse (see benchmarks/README).
        With ``max_n`` only words of the text would have context vectors: True is an error there.
    alpha : float >= 0 or "auto", default="auto"
        The learning rate to begin with. "auto" takes smaller steps, the more of them a word takes:
        with ``t = epochs * words of the text / size of the vocabulary`` it is ``sqrt(3 / t)`` for
        skip-gram, from 0.025 to 0.15, and ``sqrt(6 / t)`` for CBOW, from 0.05 to 0.15, which for
        sums (``cbow_mean=False``) is divided by the root of how many words a window has. Where
        ``window`` and ``negative`` make skip-gram take more steps for a word than 5 and 5 do, each
        is shorter by as much, down to 0.025. With n-grams, which words move together, at most 0.1.
    min_alpha : float >= 0, default=1e-4
        What the learning rate falls to, in proportion to the words seen.
    epochs : int >= 1 or "auto", default="auto"
        Passes over the text, each in a new random order of its documents. "auto" is as many as it
        takes to train on 4,000,000 words, from 5 to 30.
    shrink_windows : bool, default=True
        Draw the size of each window from 1..``window``, so that near words count for more.
    max_final_vocab : int >= 1 or None, default=None
        Raise ``min_count`` as far as it takes for at most this many words to stay.
    min_n, max_n : int >= 0, default=0 and 0
        Shortest and longest character n-gram by which words with parts in common help each other,
        and by which ``keyed_vectors_``, and documents, have a vector for any word, seen or not. 0
        does without. 3 and 6 are usual for English, 1 and 3 do for Chinese; rare words, inflected
        ones and their likenesses gain, at two to four times the time.
    buckets : int >= 1, default=50_000
        Rows that all n-grams share, each of ``vector_size`` numbers.
    hashes : int from 1 to 4, default=1
        In how many of them each n-gram is. Two n-grams are seldom together in two.
    pooling : {"mean", "idf", "sif", "max"}, default="mean"
        How word vectors become document vectors, see :class:`~textvec.DocumentVectorizer`.
    tokenizer : "jieba", "whitespace", callable or None, default=None
        How raw text is cut into words. None lower-cases it and takes the runs of word characters
        (``\\w+``), of which it has jieba cut those of Han characters, so that Chinese, English
        and any mixture need no other; runs of kana, hangul or Thai stay whole. "jieba" cuts all
        text as :class:`~textvec.JiebaTokenizer` does, also words such as T恤, and keeps its case;
        so does "whitespace", which splits at white space, for text that is cut already. Token lists
        are taken as they are.
    checkpoint : str, path-like or None, default=None
        A file that is written, whole or not at all, after every epoch and every two minutes; see
        :meth:`resume`. Ctrl-C too leaves the model as trained so far, usable and to be saved and
        resumed.
    temp_folder : str, path-like or None, default=None
        A folder on a disk with room for 4 bytes a word of the text: while it trains, the text's ids
        are in a file without a name there, mapped into memory, which lets a text train that is
        larger than memory (give it as a ``pathlib.Path``, too). None holds them in memory. A disk
        without room is an OSError. The vectors are the same.
    n_jobs : int or None, default=None
        How many threads; None is 1 and -1 all cores.
    random_state : int, RandomState instance or None, default=None
        An int gives the same vectors, bit for bit, for every ``n_jobs``. None lets threads write
        to the same vectors as they please, which is a little faster; with n-grams they take turns.
    verbose : int, default=0
        1 shows a progress bar with words per second, learning rate and loss.

    Attributes
    ----------
    alpha_, epochs_ : float, int
        The learning rate to begin with and the passes over the text, as given or as "auto" had it.
    keyed_vectors_ : KeyedVectors
        The words, most frequent first, their vectors and counts.
    context_vectors_ : ndarray of shape (n_words, vector_size), float32
        The vectors of words as what is foretold, from which ``partial_fit`` goes on.
    own_vectors_ : ndarray of shape (n_words, vector_size), float32, or None
        What a word has beside its context vector or its n-grams, from which ``partial_fit`` goes
        on; None where its vector has nothing else.
    loss_history_ : ndarray of shape (n_epochs,), float64
        Loss of each epoch, in nats: the mean over all windows and their inputs of
        ``-log s(u_o x) - sum over noise k of log s(-u_k x)``, taken before each update. NaN where
        ``sample`` left no word beside another, as it may in a short text.
    pooling_, word_weights_, common_component_
        As in :class:`~textvec.DocumentVectorizer`.

    Raises
    ------
    OSError
        In fit, if ``checkpoint`` cannot be written: its folder at the start, a full disk later.
        What was learned until then is kept, as after Ctrl-C: make room, ``save``, ``resume``.
    FloatingPointError
        In fit, if ``alpha`` is so large that the vectors grow without bound; nothing is stored.
    TypeError
        If a document is no text, or a token no str; the message names its row.
    ValueError
        In fit, if no two words are frequent enough, or no document has two of them.

    See Also
    --------
    PPMI : The same idea by counting.
    KeyedVectors : What can be asked of the vectors.

    Notes
    -----
    Word vectors begin at random from ``-0.5 / sqrt(vector_size)`` to ``0.5 / sqrt(vector_size)``,
    context vectors at 0. word2vec and gensim begin nearer to 0, from where it takes longer to get
    away: with few epochs CBOW gains much by this, skip-gram little.

    Between machines whose processors sum in registers of other widths, vectors from one
    ``random_state`` differ by rounding.

    Reproducible threads train on eight runs of documents at a time, each from the same vectors, and
    their changes are added in turn: more than eight threads are of no use then.

    References
    ----------
    Mikolov et al. 2013, "Efficient estimation of word representations in vector space" and
    "Distributed representations of words and phrases and their compositionality"; Ji et al. 2016,
    "Parallelizing word2vec in shared and distributed memory" (noise shared by a window); Recht et
    al. 2011, "Hogwild!". The kernels are in ``textvec/kernels/word_vectors.py``, formulas first.

    Examples
    --------
    >>> from textvec import Word2Vec
    >>> rooms = ["sea view room", "ocean view room", "sea breeze", "ocean breeze", "airport bus"]
    >>> model = Word2Vec(vector_size=8, min_count=1, sample=0, epochs=200, random_state=0)
    >>> vectors = model.fit_transform(rooms)
    >>> vectors.shape
    (5, 8)
    >>> model.keyed_vectors_.most_similar("sea", topn=1)[0][0]
    'ocean'
    """

    def __init__(
        self,
        vector_size=100,
        window=5,
        min_count="auto",
        *,
        architecture="skipgram",
        sample=1e-3,
        negative=5,
        ns_exponent=0.75,
        cbow_mean=True,
        add_context="auto",
        alpha="auto",
        min_alpha=1e-4,
        epochs="auto",
        shrink_windows=True,
        max_final_vocab=None,
        min_n=0,
        max_n=0,
        buckets=50_000,
        hashes=1,
        pooling="mean",
        tokenizer=None,
        checkpoint=None,
        temp_folder=None,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.architecture = architecture
        self.sample = sample
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.cbow_mean = cbow_mean
        self.add_context = add_context
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.epochs = epochs
        self.shrink_windows = shrink_windows
        self.max_final_vocab = max_final_vocab
        self.min_n = min_n
        self.max_n = max_n
        self.buckets = buckets
        self.hashes = hashes
        self.pooling = pooling
        self.tokenizer = tokenizer
        self.checkpoint = checkpoint
        self.temp_folder = temp_folder
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit_transform(self, raw_documents, y=None) -> np.ndarray:
        """Fit, and return the vectors of the same documents; equal to fit, then transform.

        Parameters
        ----------
        raw_documents : iterable of str, iterable of token lists, or path-like
            The documents, as in :meth:`fit`. With ``max_n`` they are read twice, as words too rare
            to be trained on have vectors then: what an iterator gives is kept for that.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_documents, vector_size), float32
            One vector a document, zero where no word is known.
        """
        if not self.max_n:
            return super().fit_transform(raw_documents)
        if isinstance(raw_documents, Iterator):
            raw_documents = list(raw_documents)
        learned, *_ = self._fit(raw_documents)
        return learned.transform(raw_documents)

    def partial_fit(self, raw_documents, y=None) -> Self:
        """Train on, for ``epochs`` more passes over old or new text.

        Words that are new and frequent enough here (``min_count``) are added after the known ones.
        The learning rate falls anew, and pooling is learned from these documents alone. What is
        "auto" goes by all text so far: the more was learned, the less do new documents change it;
        ``min_count`` by these documents.

        Parameters
        ----------
        raw_documents : iterable of str, iterable of token lists, or path-like
            The documents, as in :meth:`fit`.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        if not hasattr(self, "keyed_vectors_"):
            return self.fit(raw_documents)
        self._check_parameters()
        with learning(self) as aside:
            aside._learn_more(raw_documents)
        return self

    def _learn_more(self, raw_documents):
        known = held(self.keyed_vectors_)
        given = self._shape()
        for name, value in _shape_of(known).items():
            if value != given[name]:
                raise ValueError(
                    f"{name} was {value} in fit. Got {given[name]} instead: set it back, or fit "
                    "anew."
                )
        corpus = learn_corpus(
            raw_documents, self.tokenizer, self.min_count, self.max_final_vocab, self.n_jobs,
            known_words=known.index_to_key, temp_folder=self.temp_folder,
        )  # fmt: skip
        corpus.counts[: len(known)] += known.counts
        self._begin(corpus, *self._begun(), self.context_vectors_, self.loss_history_)
        self._learn_pooling(corpus.tokens)

    def _begun(self):
        """Return the words' own rows and those of their parts, of which there may be none."""
        table = self.keyed_vectors_
        own = getattr(self, "own_vectors_", None)  # files of older versions have none
        own = table.vectors if own is None else own
        return own, None if table.subwords is None else table.subwords.rows

    @classmethod
    def resume(cls, path, raw_documents) -> Self:
        """Go on with a training that was cut off, from its checkpoint.

        Parameters
        ----------
        path : str or path-like
            What ``checkpoint`` had written, or :meth:`save` after Ctrl-C.
        raw_documents : iterable of str, iterable of token lists, or path-like
            The same documents as before.

        Returns
        -------
        Word2Vec
            Trained to the end. With ``random_state`` set, the vectors are those of a training that
            was never cut off.

        Raises
        ------
        ValueError
            If the file holds something else, a model that was not trained, or a training of other
            documents.
        """
        model = load(path)
        if not isinstance(model, cls):
            raise ValueError(f"{path} must hold a Word2Vec. Got {type(model).__name__} instead.")
        if not hasattr(model, "keyed_vectors_"):
            raise ValueError(
                f"{path} must hold a training, and its Word2Vec was never fitted: fit it."
            )
        model._check_parameters()
        unfinished = getattr(model, "_unfinished", None)
        tokens = encode_corpus(
            raw_documents, model.keyed_vectors_.known_words, model.tokenizer, model.n_jobs,
            model.temp_folder,
        )  # fmt: skip
        if unfinished is not None and unfinished["digest"] != _digest(tokens):
            raise ValueError(
                f"{path} was trained on other documents than raw_documents. Pass the same, in the "
                "same order, or train on these with partial_fit."
            )
        with learning(model) as aside:
            if unfinished is not None:
                table = aside.keyed_vectors_
                own, rows = aside._begun()
                n_rows = len(table) + aside._room()
                aside._train(
                    tokens, table.index_to_key, table.counts, padded(own, n_rows),
                    None if rows is None else padded(rows),
                    padded(aside.context_vectors_, n_rows), unfinished["earlier_losses"],
                    Progress(**unfinished["progress"]),
                )  # fmt: skip
            aside._learn_pooling(tokens)
        return model

    def _check_parameters(self):
        super()._check_parameters()
        for name in ("vector_size", "window", "negative"):
            check_number(name, getattr(self, name), low=1, integer=True)
        for name in ("sample", "min_alpha"):
            check_number(name, getattr(self, name), low=0)
        check_number("alpha", self.alpha, low=0, auto=True)
        check_number("epochs", self.epochs, low=1, integer=True, auto=True)
        check_choice("add_context", self.add_context, ("auto", False, True))
        check_lengths(self.min_n, self.max_n)
        if self.max_n and self.add_context is True:
            raise ValueError(
                "add_context must be False or 'auto' with max_n, as words that were not seen have "
                "no context vector. Got True."
            )
        check_number("buckets", self.buckets, low=1, high=MOST_ROWS, integer=True)
        check_number("hashes", self.hashes, low=1, high=MOST_HASHES, integer=True)
        check_number("ns_exponent", self.ns_exponent)
        check_choice("architecture", self.architecture, ("skipgram", "cbow"))
        for name in ("cbow_mean", "shrink_windows"):
            check_flag(name, getattr(self, name))
        check_type(
            "checkpoint", self.checkpoint, str | PathLike | None, "the path of a file, or None"
        )
        check_type(
            "temp_folder", self.temp_folder, str | PathLike | None, "the path of a folder, or None"
        )
        if not isinstance(self.verbose, bool):
            check_number("verbose", self.verbose, low=0)
        seeded(self.random_state)
        if self.checkpoint is not None:
            check_place(self.checkpoint)
            check_savable(self)

    def _learn(self, raw_documents):
        corpus = learn_corpus(
            raw_documents, self.tokenizer, self.min_count, self.max_final_vocab, self.n_jobs,
            temp_folder=self.temp_folder,
        )  # fmt: skip
        none = np.zeros((0, self.vector_size), np.float32)
        self._begin(corpus, none, none if self.max_n else None, none, np.zeros(0))
        return corpus.tokens, []

    def _begin(self, corpus, vectors, rows, context_vectors, earlier_losses):
        """Train from given vectors; words beyond them begin at random."""
        n_words = len(corpus.words)
        if n_words < 2:
            raise ValueError(
                f"Word2Vec learns from words next to others. Got {corpus.words[0]!r} as the only "
                "word that is frequent enough: lower min_count, or give more text."
            )
        if np.diff(corpus.tokens.ends, prepend=0).max(initial=0) < 2:
            raise ValueError(
                "Word2Vec learns from words next to others. Got only documents with a single "
                "known word: a document is a list of tokens or a text, not a word."
            )
        seed = np.random.SeedSequence().entropy  # of the system
        if self.random_state is not None:
            seed = int(seeded(self.random_state).randint(1 << 31))
        seeds = [seed, len(earlier_losses)]
        rng = np.random.default_rng(seeds)
        vectors = self._continued(vectors, n_words, rng, self._room())
        if rows is not None:
            rows = self._continued(rows, self.buckets, rng)
        self._train(
            corpus.tokens, corpus.words, corpus.counts, vectors, rows,
            padded(context_vectors, n_words + self._room()), earlier_losses,
            Progress(seeds, self.random_state is None),
        )  # fmt: skip

    def _adds_context(self):
        """Return whether the context vector of a word without n-grams is part of its vector."""
        return self.architecture == "cbow" if is_auto(self.add_context) else self.add_context

    def _room(self):
        """Return how many rows training asks for besides those of words."""
        return 0 if self.random_state is None or self.max_n else ROWS_FOR_COPIES

    def _continued(self, matrix, n_rows, rng, room=0):
        """Return a matrix `padded`, with random numbers in the rows that it had not, and room."""
        continued = padded(matrix, n_rows + room)
        new = rng.random((n_rows - len(matrix), self.vector_size), np.float32)
        new -= np.float32(0.5)
        continued[len(matrix) : n_rows, : self.vector_size] = new / np.sqrt(
            np.float32(self.vector_size)
        )
        return continued

    def _shape(self):
        """Return the parameters that say which numbers there are to learn."""
        shape = {"vector_size": self.vector_size, "max_n": self.max_n}
        if self.max_n:
            shape |= {"min_n": self.min_n, "buckets": self.buckets, "hashes": self.hashes}
        return shape

    def _train(
        self, tokens, words, counts, vectors, rows, context_vectors, earlier_losses, progress
    ):  # fmt: skip
        """Run the training on a thread aside, where Ctrl-C does not meet it half-way."""
        settings = self._settings(counts)
        parts = None
        if rows is not None:
            of_words = Subwords(rows, self.min_n, self.max_n, self.hashes).parts_of(words)
            parts = Parts(rows, of_words)
        training = Training(
            tokens, counts, vectors, context_vectors, settings, progress, self.n_jobs, parts
        )

        def store(model):
            own, context = (_trimmed(m[: len(words)], self) for m in (vectors, context_vectors))
            model.own_vectors_, model.context_vectors_ = own, context
            subwords = None
            if parts is not None:
                subwords = Subwords(_trimmed(rows, self), self.min_n, self.max_n, self.hashes)
                composed = _trimmed(parts.composed(vectors), self)
            elif self._adds_context():
                composed = own + context
            else:
                composed, model.own_vectors_ = own, None
            model.keyed_vectors_ = KeyedVectors(composed, words, counts, subwords=subwords)
            model.loss_history_ = np.array([*earlier_losses, *progress.losses])
            model.alpha_, model.epochs_ = settings.alpha, settings.epochs
            model._unfinished = None
            if progress.epoch < settings.epochs:
                model._unfinished = {
                    "progress": asdict(progress),
                    "earlier_losses": earlier_losses,
                    "digest": _digest(tokens),
                }

        saved = time.monotonic(), progress.epoch

        def each_round():
            nonlocal saved
            now = time.monotonic(), progress.epoch
            if self.checkpoint is None or now[1] == saved[1] and now[0] < saved[0] + _SAVE_SECONDS:
                return
            snapshot = held(self)
            store(snapshot)
            snapshot._learn_pooling(tokens)
            snapshot.save(self.checkpoint)
            saved = now

        stop = Event()
        with ThreadPoolExecutor(1) as aside:
            running = aside.submit(training.run, stop, each_round)
            try:
                self._watch(running, training)
                running.result()
            except (KeyboardInterrupt, OSError) as error:  # Ctrl-C, or no room for a checkpoint
                stop.set()
                with suppress(OSError):
                    running.result()
                store(self)
                self._learn_pooling(tokens)
                raise CutShortError from error
        if not progress.thins:
            warn_user(
                f"sample={self.sample!r} left no word beside another in any of {settings.epochs} "
                "epochs: all words were kept instead, as with sample=0."
            )
        del training  # its arrays, before they are copied
        store(self)

    def _settings(self, counts):
        """Return how to train, given how often each word stood in text, earlier or now."""
        given = {f.name: getattr(self, f.name) for f in fields(Settings)}
        n_words = int(counts.sum())
        if is_auto(self.epochs):
            given["epochs"] = passes(n_words)
        settings = Settings(**given)
        if is_auto(self.alpha):
            times = n_words * settings.epochs / len(counts)
            added = (
                1 if self.architecture == "skipgram" or self.cbow_mean else settings.mean_context
            )
            pairs = 1
            if self.architecture == "skipgram":
                pairs = settings.mean_context * (1 + settings.negative) / STEPS
            has_parts = self.max_n > 0
            settings.alpha = learning_rate(self.architecture, times, added, pairs, has_parts)
        return settings

    def _watch(self, running, training):
        """Show how training gets on until it is done."""
        from tqdm import tqdm

        total = training.settings.epochs * len(training.values)
        with tqdm(total=total, unit=" words", unit_scale=True, disable=not self.verbose) as bar:
            while wait([running], _LOOK_SECONDS).not_done:
                self._show(bar, training)
            self._show(bar, training)

    def _show(self, bar, training):
        epoch, n_trained, alpha, loss = training.seen
        n_epochs = training.settings.epochs
        bar.set_description(f"epoch {min(epoch + 1, n_epochs)}/{n_epochs}", refresh=False)
        bar.set_postfix_str(f"alpha={alpha:.4f}, loss={loss:.4f}", refresh=False)
        bar.update(n_trained - bar.n)


def _trimmed(matrix, model):
    """Return the columns that are used, as an array of their own."""
    return np.ascontiguousarray(matrix[:, : model.vector_size])


def _shape_of(table):
    """Return the parameters that a table was learned with; see `Word2Vec._shape`."""
    subwords = table.subwords
    if subwords is None:
        return {"max_n": 0, "vector_size": table.vector_size}
    return {
        "vector_size": table.vector_size,
        "max_n": subwords.max_n,
        "min_n": subwords.min_n,
        "buckets": len(subwords.rows),
        "hashes": subwords.hashes,
    }


def _digest(tokens):
    """Return what tells a corpus from others."""
    digest = hashlib.sha256(np.ascontiguousarray(tokens.values))
    digest.update(np.ascontiguousarray(tokens.ends))
    return digest.hexdigest()
