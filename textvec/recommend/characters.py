"""Recommend characters of a novel: who is like whom, and which passages join them."""

import re
from itertools import chain, groupby
from operator import itemgetter
from os.path import isfile
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted

from textvec._checks import as_list, check_number, closest_names, seeded, warn_user
from textvec._threads import held, publish
from textvec.dense.documents import WordVectorizer
from textvec.dense.factorized import PPMI
from textvec.dense.keyed_vectors import KeyedVectors
from textvec.maps.planes import plane, spring
from textvec.persistence import SaveMixin
from textvec.recommend.meetings import (
    count_mentions,
    most_of_both,
    positive_npmi,
    strongest_ties,
    sums,
)
from textvec.recommend.names import as_words, cut_story, find_names, resolve_names
from textvec.text.scripts import is_mostly_han
from textvec.text.traditional import to_simplified

_TITLES = {
    "en": {
        "map": "{} people of a novel: alike ones stand close. The larger, the more often named",
        "network": "{} people of a novel: lines join those who share sentences more often than by "
        "chance. The larger, the more often named",
    },
    "zh": {
        "map": "小说中的 {} 个人物：相近的靠在一起，点越大，被提到的次数越多",
        "network": "小说中的 {} 个人物：连线表示同句出现多于偶然，点越大，被提到的次数越多",
    },
}
_LONG = 100_000  # words
_LONGEST_PATH = 4096  # bytes, of most systems
_LIKE_A_PATH = re.compile(r"[^\n]{1,255}\.(?:txt|text|md|epub|html?|pdf|docx?)").fullmatch


class Relation(NamedTuple):
    """What joins two characters.

    Parameters
    ----------
    similarity : float
        The cosine of their vectors.
    n_sentences, n_paragraphs, n_chapters : int
        In how many sentences, paragraphs and chapters both occur.
    passages : DataFrame
        Columns `chapter` (its heading) and `text`: sentences in which both occur, or, where there
        are none, paragraphs; those that name them most often, in the order of the story.
    togetherness : float
        How much oftener than by chance they share paragraphs: from 0 to 1.
    score : float
        The mix of similarity and togetherness by which
        :meth:`~textvec.CharacterRecommender.similar` ranks.
    """

    similarity: float
    n_sentences: int
    n_paragraphs: int
    n_chapters: int
    passages: pd.DataFrame
    togetherness: float
    score: float

    def __repr__(self):
        where = (
            (self.n_sentences, "sentence"),
            (self.n_paragraphs, "paragraph"),
            (self.n_chapters, "chapter"),
        )
        counts = ", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in where)
        lines = [
            f"score {self.score:.3f}: similarity {self.similarity:.3f}, "
            f"togetherness {self.togetherness:.3f}",
            f"both in {counts}",
        ]
        if len(self.passages):
            lines += ["", repr(self.passages)]
        return "\n".join(lines)


class CharacterRecommender(SaveMixin, BaseEstimator):
    """Find the characters of a novel that belong with one, by the company that their names keep.

    The story is cut into words, names as whole words, and every other name of a character is
    replaced by the usual one; then word vectors are learned. Their windows end with the sentence in
    a text of less than 100,000 words: those who act together get similar vectors. In longer ones
    they end at every mark of punctuation: names that fill the same places in clauses get similar
    vectors, so that the words most like a name are names.

    Likeness of vectors alone ranks people of the same kind above those who belong together: two
    maids who never meet keep the same company of words. So the score of two characters is mixed of
    the cosine of their vectors and of how much oftener than by chance they share a paragraph::

        score = (1 - togetherness) * cosine + togetherness * max(0, NPMI)
        NPMI = ln( p(a, b) / (p(a) * p(b)) ) / -ln p(a, b)

    where p is the share of paragraphs that name a, b or both (normalised pointwise mutual
    information: 1 if each paragraph names both or neither, 0 if they meet by chance).

    Parameters
    ----------
    names : iterable of str or None, default=None
        The characters, in simplified or traditional characters, whatever the text is in. None
        finds them, see :func:`textvec.recommend.names.find_names`; what
        ``aliases`` stand for are names in any case.
    aliases : mapping from str to str or None, default=None
        Other names of a character and the usual one: ``{"行者": "孙悟空"}``. None takes those of
        the names, given or found, that are clear short forms of another one: 悟空 where 孙悟空 is
        a name, too. A short form that is not among given names is a word like any other. With
        ``{}`` every name is a character of its own, and can be compared with the others.
    vectors : PPMI, Word2Vec, KeyedVectors or None, default=None
        An estimator is cloned and fitted on those stretches; a table is taken as it is, and a
        character's vector is then the mean over the forms of the name that it holds. None is
        :class:`~textvec.PPMI` with ``window=5``, 100 dimensions at most, and words that occur at
        least twice, in novels five times: on small text counting does better than training.
    random_state : int, RandomState instance or None, default=None
        Seeds the estimator, unless it has its own seed.
    togetherness : float in [0, 1], default=0.2
        How much shared paragraphs count beside the likeness of vectors: 0 is the cosine alone, who
        is of the same kind; 1 is who is met together alone. It may be set anew after ``fit``.

    Attributes
    ----------
    names_ : list of str
        The characters that have a vector, most frequent first.
    counts_ : ndarray of shape (n_names,), int64
        How often each is named, under any name.
    aliases_ : dict of str to str
        The other names that were replaced, and the usual one of each.
    keyed_vectors_ : KeyedVectors
        All words and their vectors, names among them.
    vectors_ : ndarray of shape (n_names, vector_size), float32
        The vectors of the characters, of length 1.
    titles_ : list of str
        The headings of the chapters that were found, as many as there are; "" for what stands
        before the first.
    sentences_ : list of str
        The sentences in the order of the story, as it writes them, without the headings.
    paragraphs_, chapters_ : ndarray of shape (n_sentences,), int64
        The paragraph of each sentence, counted from 0 through the story, and its chapter, as a
        place in ``titles_``.
    mentions_ : csr_array of shape (n_sentences, n_names), int32
        How often each sentence names each character, under any name.

    See Also
    --------
    ContentRecommender : Recommends items by their texts.

    References
    ----------
    Church and Hanks 1990, "Word association norms, mutual information, and lexicography"; Bouma
    2009, "Normalized (pointwise) mutual information in collocation extraction".

    Examples
    --------
    >>> from textvec.datasets import load_novel
    >>> novel = load_novel()
    >>> recommender = CharacterRecommender(novel.names, novel.aliases, random_state=0)
    >>> recommender = recommender.fit(novel.text)
    >>> recommender.similar("银角大王", k=1)["name"].tolist()
    ['金角大王']
    >>> recommender.between("悟空", "铁扇公主").n_chapters  # 悟空 stands for 孙悟空
    4
    """

    def __init__(self, names=None, aliases=None, vectors=None, random_state=None, togetherness=0.2):
        self.names = names
        self.aliases = aliases
        self.vectors = vectors
        self.random_state = random_state
        self.togetherness = togetherness

    def fit(self, text) -> Self:
        """Read a novel.

        Parameters
        ----------
        text : str or path-like
            The whole text, or the path of a file of UTF-8. A line is a paragraph; where lines are
            wrapped, as in most e-texts in English, blank lines part paragraphs. Chapters begin
            with lines such as "第一回 …", "第3章：…", "楔子", "CHAPTER IV" or "Prologue" (see
            :func:`~textvec.recommend.headings.titles_of`); without such lines all is one chapter,
            and ``titles_`` is [""].

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If the text is neither, names and aliases are not str, ``vectors`` is none of the kinds
            named, or ``togetherness`` no number.
        ValueError
            If the text is empty or a path as str, a file is not UTF-8, no name is found or none has
            a vector, an alias stands for another alias, ``random_state`` is no seed, or
            ``togetherness`` lies outside 0 to 1.
        OSError
            If a file cannot be read.

        Warns
        -----
        UserWarning
            If given names have no vector, as they do not occur, or too rarely; if no name is found,
            and the characters are those that ``aliases`` stand for alone.
        """
        self._check_togetherness()
        text = _read(text)
        given = None if self.names is None else as_words("names", self.names)
        there = list(find_names(text)) if given is None else given
        aliases, names = resolve_names(text, there, self.aliases)
        if self.aliases and not there:
            warn_user(
                "No names were found in the text, which may be too short: those of the aliases "
                "are all the characters there are. To have others, give their names."
            )
        forms = dict.fromkeys(chain(names, aliases, aliases.values()))
        titles, chapter_of, sentences, paragraph_of, clauses = cut_story(text, list(forms), aliases)
        rows = [[name for name in clause if name in names] for clause in clauses.tokens]
        counts = pd.Series(list(chain.from_iterable(rows)), dtype=object).value_counts(sort=False)
        if counts.empty:
            if self.names is None and self.aliases is None:
                raise ValueError(
                    "No names were found in the text, which may be too short: people are found who "
                    "are named often. Give them: names=[...]."
                )
            raise ValueError("No name occurs in the text: give names or aliases that do.")
        keyed_vectors = self._learn(_documents(clauses), names, aliases)
        known = [name for name in names if name in counts and name in keyed_vectors]
        heard = set(map(to_simplified, chain(known, aliases)))
        self._warn_of({name for name in given or () if to_simplified(name) not in heard})
        if not known:
            raise ValueError(
                "No name has a vector: all occur too rarely, or are not in the table of vectors."
            )
        known.sort(key=lambda name: -counts[name])
        learned = {  # of which other threads see the old or the new
            "keyed_vectors_": keyed_vectors,
            "names_": known,
            "aliases_": aliases,
            "titles_": titles,
            "counts_": counts[known].to_numpy(np.int64),
            "vectors_": normalize(np.array([keyed_vectors[name] for name in known])),
            "sentences_": sentences,
            "paragraphs_": paragraph_of,
            "chapters_": chapter_of,
            "mentions_": count_mentions(rows, clauses.sentences, len(sentences), known),
        }
        publish(self, learned)
        return self

    def similar(self, name, k=10) -> pd.DataFrame:
        """Return the characters that belong with one: alike, and met together.

        Parameters
        ----------
        name : str
            A name, or an alias.
        k : int >= 1, default=10
            How many at most.

        Returns
        -------
        DataFrame
            Columns `name`, `score`, and what the score is mixed of: `similarity`, the cosine of
            the vectors, and `togetherness`, how much oftener than by chance both share paragraphs,
            from 0 to 1. Best first, without the character. 0 is no oftener than by chance: such two
            may share sentences, and have a line in :meth:`plot_network`, which counts these.

        Raises
        ------
        KeyError
            If the name is unknown; the message offers the closest ones.
        ValueError
            If ``togetherness`` was set to something outside 0 to 1.
        """
        check_number("k", k, low=1, integer=True)
        known = self._as_it_is()
        row = known._row_of(name)
        scores = known._scores(row)
        return known._best_names(scores["score"], [row], k, scores)

    def analogy(self, positive, negative=(), k=10) -> pd.DataFrame:
        """Return who is to the positive ones as the negative ones are not.

        ``analogy(["铁扇公主", "如来"], ["牛魔王"])``: who is to 如来 what 铁扇公主 is to 牛魔王?

        Parameters
        ----------
        positive, negative : str or sequence of str
            Names or aliases. Ranked is the cosine with the sum of the vectors of the positive minus
            those of the negative, all of length 1 (3CosAdd).
        k : int >= 1, default=10
            How many at most.

        Returns
        -------
        DataFrame
            Columns `name` and `score`, best first, without those asked about.

        Raises
        ------
        KeyError
            If a name is unknown; the message offers the closest ones.
        TypeError
            If the names are neither a str nor a sequence.
        ValueError
            If nothing is positive.
        """
        check_number("k", k, low=1, integer=True)
        known = self._as_it_is()
        positive, negative = (
            [names]
            if isinstance(names, str)
            else as_list(sign, names, "a name, or a list of names")
            for sign, names in (("positive", positive), ("negative", negative))
        )
        if not positive:
            raise ValueError("positive must name at least one character. Got none.")
        plus, minus = ([known._row_of(name) for name in names] for names in (positive, negative))
        scores = known._cosines(plus, minus)
        return known._best_names(scores, [*plus, *minus], k, {"score": scores})

    def nearest_words(self, name, k=10) -> pd.DataFrame:
        """Return the words most like a character, other names among them.

        Parameters
        ----------
        name : str
            A name, or an alias.
        k : int >= 1, default=10
            How many words at most.

        Returns
        -------
        DataFrame
            Columns `word`, `score` (the cosine) and `is_name`, most similar first.

        Raises
        ------
        KeyError
            If the name is unknown; the message offers the closest ones.
        """
        check_number("k", k, low=1, integer=True)
        known = self._as_it_is()
        row = known._row_of(name)
        found = known.keyed_vectors_.most_similar(known.names_[row], topn=k)
        table = pd.DataFrame(found, columns=["word", "score"])
        table["is_name"] = table["word"].isin(known.names_)
        return table

    def between(self, a, b, k=5) -> Relation:
        """Return what joins two characters.

        Parameters
        ----------
        a, b : str
            Names or aliases.
        k : int >= 1, default=5
            How many passages at most.

        Returns
        -------
        Relation
            How alike they are and how much they are met together, how often they are, and the
            passages that join them.

        Raises
        ------
        KeyError
            If a name is unknown; the message offers the closest ones.
        ValueError
            If ``togetherness`` was set to something outside 0 to 1.
        """
        check_number("k", k, low=1, integer=True)
        known = self._as_it_is()
        row_a, row_b = known._row_of(a), known._row_of(b)
        both = known.mentions_[:, [row_a, row_b]].toarray()  # (n_sentences, 2)
        in_paragraphs = sums(both, known.paragraphs_)
        n_sentences, n_paragraphs, n_chapters = (
            int((counts.min(axis=1) > 0).sum())
            for counts in (both, in_paragraphs, sums(both, known.chapters_))
        )
        if n_sentences:
            starts = most_of_both(both, k)
            texts = [known.sentences_[at] for at in starts]
        else:
            found = most_of_both(in_paragraphs, k)
            starts = np.searchsorted(known.paragraphs_, found)
            texts = [known._paragraph(number) for number in found]
        titles = [known.titles_[known.chapters_[at]] for at in starts]
        passages = pd.DataFrame({"chapter": titles, "text": texts}, dtype=object)
        scores = {part: min(float(of[row_b]), 1.0) for part, of in known._scores(row_a).items()}
        return Relation(
            n_sentences=n_sentences,
            n_paragraphs=n_paragraphs,
            n_chapters=n_chapters,
            passages=passages,
            **scores,
        )

    def plot_map(self, n_names=60, random_state=0, html=None):
        """Draw the most frequent characters as points on a plane, alike ones close together.

        Parameters
        ----------
        n_names : int >= 1, default=60
            How many characters.
        random_state : int, default=0
            Seeds the layout, t-SNE (van der Maaten and Hinton 2008).
        html : str or path-like, default=None
            A page to write in place of a figure, see :func:`~textvec.show_map`. Who is nearest to
            whom is there as :meth:`similar` has it.

        Returns
        -------
        matplotlib.figure.Figure
            Of ``html``, the Path of the page.

        Raises
        ------
        ImportError
            If matplotlib is not installed; for a page, if openTSNE is not.
        ValueError
            If ``random_state`` is no seed.
        OSError
            If the page cannot be written.
        """
        check_number("n_names", n_names, low=1, integer=True)
        known = self._as_it_is()
        if html is not None:
            return known._write_map(html, n_names, random_state)
        from textvec.show.plots import plot_points

        names = known.names_[:n_names]
        places = plane(known.vectors_[: len(names)], random_state)
        return plot_points(
            places, names, sizes=known._sizes(len(names)), title=_title("map", names)
        )

    def plot_network(self, n_names=40, n_partners=3, random_state=0):
        """Draw who occurs with whom: lines join characters that share sentences beyond chance.

        The `togetherness` of :meth:`similar` counts paragraphs: of few and long ones even those who
        speak with each other may share no more than chance gives, and have a line here and 0 there.

        Parameters
        ----------
        n_names : int >= 1, default=40
            How many characters, the most frequent ones.
        n_partners : int >= 1, default=3
            How many lines begin at a character at most; others may end there. They lead to those
            with the largest log-likelihood ratio (Dunning 1993, "Accurate methods for the
            statistics of surprise and coincidence"), and are as broad as its root.
        random_state : int, default=0
            Seeds the layout: joined characters attract, all others repel each other.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If ``random_state`` is no seed.
        """
        from textvec.show.plots import plot_points

        check_number("n_names", n_names, low=1, integer=True)
        check_number("n_partners", n_partners, low=1, integer=True)
        known = self._as_it_is()
        names = known.names_[:n_names]
        ties = strongest_ties(known.mentions_[:, : len(names)], n_partners)
        a, b = np.nonzero(np.triu(ties))
        edges = pd.DataFrame({"a": a, "b": b, "weight": ties[a, b]})
        places = spring(ties, random_state)
        sizes, title = known._sizes(len(names)), _title("network", names)
        return plot_points(places, names, sizes=sizes, edges=edges, title=title)

    # ----------------------------------------------------------------------------------- parts

    def _check_togetherness(self):
        check_number("togetherness", self.togetherness, low=0, high=1)

    def _as_it_is(self):
        """Return a copy that learns nothing anew while a question is answered."""
        known = held(self)
        check_is_fitted(known)
        return known

    def _learn(self, documents, names, aliases):
        if isinstance(self.vectors, KeyedVectors):
            return _with_names(held(self.vectors), names, aliases)
        if self.vectors is None:
            model = _default_vectors(documents)
        elif isinstance(self.vectors, WordVectorizer):
            model = clone(self.vectors)
        else:
            raise TypeError(
                "vectors must be a PPMI, a Word2Vec, a KeyedVectors or None. "
                f"Got {self.vectors!r} instead."
            )
        seeded(self.random_state)
        if self.random_state is not None and model.get_params().get("random_state", 0) is None:
            model.set_params(random_state=self.random_state)
        return model.fit(documents).keyed_vectors_

    def _warn_of(self, missing):
        if missing:
            warn_user(f"These names occur too rarely to have a vector: {sorted(missing)}.")

    def _row_of(self, name):
        usual = self.aliases_.get(name, name) if isinstance(name, str) else name
        if usual in self.names_:
            return self.names_.index(usual)
        if isinstance(name, str):  # perhaps in the other script
            rows = {to_simplified(name): row for row, name in enumerate(self.names_)}
            plain = {to_simplified(alias): usual for alias, usual in self.aliases_.items()}
            key = to_simplified(name)
            key = to_simplified(plain.get(key, key))
            if key in rows:
                return rows[key]
        near = closest_names(name, [*self.names_, *self.aliases_])
        hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
        raise KeyError(f"There is no character {name!r} in this text.{hint}")

    def _cosines(self, plus, minus):
        """Return the cosine of each character with a sum of some less that of others, float64."""
        added, taken = (self.vectors_[rows].sum(axis=0, dtype=float) for rows in (plus, minus))
        return self.vectors_ @ normalize((added - taken)[None])[0]

    def _scores(self, row):
        """Return what each character scores with one, and the parts of it."""
        self._check_togetherness()
        there = sums(self.mentions_, self.paragraphs_) > 0
        similarity, together = self._cosines([row], []), positive_npmi(there, row)
        share = self.togetherness
        return {
            "score": (1 - share) * similarity + share * together,
            "similarity": similarity,
            "togetherness": together,
        }

    def _best_names(self, scores, without, k, columns):
        """Return a table of the k best names, some left out, and of columns for all names."""
        order = np.argsort(-scores, kind="stable")
        order = order[~np.isin(order, without)][:k]
        table = pd.DataFrame({column: values[order] for column, values in columns.items()})
        table.insert(0, "name", [self.names_[row] for row in order])
        return table

    def _paragraph(self, number):
        start, stop = np.searchsorted(self.paragraphs_, [number, number + 1])
        sentences = self.sentences_[start:stop]
        return ("" if is_mostly_han(sentences) else " ").join(sentences)

    def _write_map(self, path, n_names, random_state):
        """Write the page of :meth:`plot_map`."""
        from textvec.recommend.maps import map_people

        names = self.names_[:n_names]
        kept = slice(len(names))
        scores = np.array([self._scores(row)["score"][kept] for row in range(len(names))])
        chapters = (sums(self.mentions_, self.chapters_)[:, kept] > 0).sum(axis=0)
        counts = self.counts_[kept], np.asarray(chapters).ravel()
        return map_people(names, self.vectors_[kept], scores, counts, path, random_state)

    def _sizes(self, n_names):
        return 400 * np.sqrt(self.counts_[:n_names] / self.counts_[0])


def _title(kind, names):
    """Return a line that says what a picture of characters shows."""
    return _TITLES["zh" if is_mostly_han(names) else "en"][kind].format(len(names))


def _read(text):
    if isinstance(text, str):
        _check_told(text, "text")
        if _LIKE_A_PATH(text) or len(text) < _LONGEST_PATH and isfile(text):
            there = "" if isfile(text) else ", and see that it is there: no such file was found"
            raise ValueError(
                f"text must hold a story, or be a pathlib.Path. Got {text!r}, the path of a file "
                f"as str: pass pathlib.Path({text!r}){there}."
            )
        return text
    try:
        story = Path(text).read_text(encoding="utf-8-sig")
    except TypeError:
        raise TypeError(
            "text must be a str or a pathlib.Path. "
            f"Got {type(text).__name__} instead: join chapters by line breaks."
        ) from None
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{text} is not UTF-8 ({error.reason}). Read it in its own encoding, and pass that: "
            f"pathlib.Path({str(text)!r}).read_text(encoding='gb18030'), say."
        ) from None
    _check_told(story, text)
    return story


def _check_told(story, source):
    if not story.strip():
        raise ValueError(f"{source} must hold a story. Got {story!r:.20} instead.")


def _documents(clauses):
    """Return what windows are laid in: sentences of a short text, clauses of a long one."""
    if sum(map(len, clauses.tokens)) >= _LONG:
        return clauses.tokens
    groups = groupby(zip(clauses.sentences, clauses.tokens, strict=True), key=itemgetter(0))
    return [list(chain.from_iterable(words for _, words in group)) for _, group in groups]


def _default_vectors(documents):
    """Return PPMI that leaves out rarer words the longer the text is."""
    n_tokens = sum(map(len, documents))
    min_count = int(np.clip(n_tokens // 20_000, 2, 5))
    counts = pd.Series(list(chain.from_iterable(documents)), dtype=object).value_counts()
    n_words = int((counts >= min_count).sum())
    return PPMI(vector_size=int(np.clip(n_words // 4, 1, 100)), window=5, min_count=min_count)


def _with_names(table, names, aliases):
    """Return a table of vectors to which names are added, as the mean over their known forms."""
    forms = {name: [name] for name in names}
    for alias, name in aliases.items():
        forms[name].append(alias)
    rows = {
        name: table.get_mean_vector([form for form in known if form in table])
        for name, known in forms.items()
        if any(form in table for form in known)
    }
    if not rows:
        return table
    words = [word for word in table if word not in rows]
    kept = table.vectors[[table.key_to_index[word] for word in words]]
    return KeyedVectors(np.concatenate([kept, np.array([*rows.values()])]), [*words, *rows])
