"""A collection on one page: a map of it, or two that are linked, one for each way of embedding."""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone

from textvec._checks import check_choice, check_number, check_type, import_optional, warn_user
from textvec._threads import effective_n_jobs
from textvec._writing import check_place
from textvec.dense.keyed_vectors import KeyedVectors
from textvec.maps.charts import Vectors, chart_of, draw_chart, name_regions
from textvec.maps.layout import LAYOUT_NEIGHBOURS
from textvec.maps.neighbours import Neighbours, best_of, common
from textvec.maps.regions import term_counts
from textvec.recommend.items import (
    check_column,
    check_texts,
    is_name,
    one_each,
    only_column,
    read_items,
)
from textvec.search._vectorizers import (
    document_vectors,
    is_fitted,
    metric_of,
    queries_differ,
    query_vectors,
)
from textvec.show.atlas import Atlas, write_atlas
from textvec.text.scripts import is_mostly_han, language_of

MOST_ITEMS = 200_000
_MOST_WORDS = 10_000  # of a table of word vectors, where none are named
_LETTERS = ((5_000, 2_000), (20_000, 600), (MOST_ITEMS, 240))  # of a text, by number of items
_SHARE_OF_VECTORS = 0.2  # of the work of a map
_WORDS_OF_A_NAME = 2.5  # in the mean; texts that are shorter are written beside their points
_SAID = {
    "en": {
        "title": "Map of a collection",
        "words": "Map of words",
        "cut": "Texts are cut at {:,} letters, and searched that far.",
        "sample": "{:,} of {:,} items are shown, drawn at random.",
        "failed": "{} failed: {}",
        "people": "{} people of a novel",
        "mentions": "mentions",
        "chapters": "chapters",
        "common": "neighbours in common",
        "region": "region",
    },
    "zh": {
        "title": "文本地图",
        "words": "词的地图",
        "cut": "文本只保留前 {:,} 个字符，搜索也只到那里。",
        "sample": "随机显示了 {:,} 条（共 {:,} 条）。",
        "failed": "{} 失败：{}",
        "people": "小说中的 {} 个人物",
        "mentions": "提及次数",
        "chapters": "出现的章回数",
        "common": "共同的近邻",
        "region": "区域",
    },
}


@dataclass(frozen=True)
class MapOptions:
    """How a map page is made.

    Parameters
    ----------
    n_neighbours : int from 1 to 100, default=10
        How many of the items nearest to each the page shows.
    n_letters : int >= 1, default=None
        How many letters of a text the page holds, and searches. None holds 2,000 of each of up to
        5,000 texts, 600 of up to 20,000, and 240 of more.
    language : {"auto", "en", "zh"}, default="auto"
        Of the page's own words; "auto" goes by the texts.
    random_state : int, default=0
        Seeds the layout. The same seed gives the same page, byte for byte.
    n_jobs : int, default=None
        Threads: None is 1, -1 all cores. The page does not depend on it.
    verbose : int, default=0
        Above 0 shows a progress bar.
    """

    n_neighbours: int = 10
    n_letters: int | None = None
    language: str = "auto"
    random_state: int = 0
    n_jobs: int | None = None
    verbose: int = 0

    def check(self):
        """Raise TypeError or ValueError for what cannot be."""
        check_number("n_neighbours", self.n_neighbours, low=1, high=100, integer=True)
        if self.n_letters is not None:
            check_number("n_letters", self.n_letters, low=1, integer=True)
        check_choice("language", self.language, ("auto", "en", "zh"))
        check_number("random_state", self.random_state, low=0, high=2**32 - 1, integer=True)
        effective_n_jobs(self.n_jobs)


def show_map(
    vectorizers, items, path, text=None, ids=None, color=None, title=None, options=None
) -> Path:
    """Write a page that shows a whole collection: each item a point, near those that are like it.

    The page is one file that needs nothing else, no server and no network: to look at, and to send
    to others. A click on a point shows its text and what is nearest to it by the vectors
    themselves, with scores and, of sparse vectors, the terms that both share. One can search the
    texts, draw a line around points and save what is in it, and colour by any column. Regions bear
    the words that tell them from the others.

    With two vectorizers there are two maps of the same items side by side, which start alike. What
    is chosen in one is chosen in both, and a list has the items whose neighbours change most, with
    reasons.

    Parameters
    ----------
    vectorizers : vectorizer, array, KeyedVectors, or list or mapping of one or two of these
        What turns texts into vectors: anything with ``fit`` and ``transform``, sparse or dense. A
        fitted one is used as it is, others are cloned and fitted on the texts. An array or a sparse
        matrix holds a row for each item. Of :class:`~textvec.KeyedVectors` the words are mapped.
        The keys of a mapping name the maps.
    items : DataFrame, Series of str, other iterable of str, or None
        What is shown, one text each; of KeyedVectors words, None being the first 10,000. Of more
        than 200,000 items, so many are drawn at random, with a warning.
    path : str or path-like
        The page, an HTML file. An existing one is replaced, at once or not at all.
    text : column name or list of these, default=None
        The columns of a DataFrame that hold the texts, which are joined; may stay None where it has
        one column besides the ids.
    ids : column name or array-like of n_items, default=None
        What the items are called; names may repeat. None shows texts alone.
    color : column name or array-like of n_items, default=None
        What colours the points at first. None colours by region, twins by the neighbours that both
        maps have in common. A Series, of ids too, that has the labels of the items in another order
        goes by them.
    title : str, default=None
        Heading of the page; None takes a general one.
    options : MapOptions, default=None
        How many neighbours, the language of the page, the seed; None takes the defaults.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    TypeError
        If items, vectorizers or options have none of these forms.
    ValueError
        If there are no items, a column is missing, there are more than two vectorizers, or an
        option is out of range.
    ImportError
        If openTSNE is not installed; it names the extra.
    OSError
        If the page cannot be written.

    Warns
    -----
    UserWarning
        If one of two vectorizers fails: the page shows the other. If items share nothing with any
        other, or there are more than 200,000.

    See Also
    --------
    textvec.ContentRecommender.plot_map : The same of a fitted recommender.

    Notes
    -----
    Places are found by t-SNE from exact neighbours. Groups that are close on the plane are close,
    but distances between far groups mean little, and a point can stand beside others that are not
    its nearest: the lists say which are.

    Examples
    --------
    >>> import tempfile
    >>> from textvec import LSAVectorizer, TfidfVectorizer
    >>> from textvec.datasets import load_hotels
    >>> hotels = load_hotels("en").frame
    >>> ways = {"TF-IDF": TfidfVectorizer(), "LSA": LSAVectorizer(vector_size=20)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     show_map(ways, hotels, f"{folder}/map.html", text="desc", ids="name").name
    'map.html'
    """
    options = MapOptions() if options is None else options
    check_type("options", options, MapOptions, "a MapOptions")
    options.check()
    check_type("title", title, str | None, "a str, or None")
    import_optional("openTSNE", "maps")
    check_place(path)
    ways = _as_mapping(vectorizers)
    are_tables = [isinstance(way, KeyedVectors) for way in ways.values()]
    if any(are_tables):
        if not all(are_tables):
            raise TypeError(
                "vectorizers must not mix KeyedVectors, whose words are mapped, with others."
            )
        items = _words(ways, items)
    frame = read_items(items)
    columns = _text_columns(items, frame, text, ids)
    extra = {
        name: None if values is None else one_each(name, values, frame, frame.index)
        for name, values in (("ids", ids), ("color", color))
    }
    n_given, rows = len(frame), _sample(len(frame), options.random_state)
    if rows is not None:
        warn_user(
            f"{MOST_ITEMS:,} of {n_given:,} items are shown, drawn at random: a page of more would "
            "not open on many machines."
        )
        frame = frame.iloc[rows]
        extra = {name: None if one is None else one.iloc[rows] for name, one in extra.items()}
        ways = {name: _rows_of(way, rows, n_given) for name, way in ways.items()}
    lists = [check_texts(frame[name], frame.index) for name in columns]
    texts = lists[0] if len(lists) == 1 else ["\n".join(filter(None, one)) for one in zip(*lists)]
    with _progress(options.verbose, len(ways)) as show:
        charts, failed = _charts(ways, texts, options, show)
    language = _language(options.language, texts)
    said = _SAID[language]
    notes = [said["failed"].format(name, error) for name, error in failed.items()]
    if rows is not None:
        notes.append(said["sample"].format(MOST_ITEMS, n_given))
    hidden = [*columns, *([ids] if is_name(ids) else [])]
    title = title or said["words" if any(are_tables) else "title"]
    return write_map(
        path,
        charts,
        texts,
        names=extra["ids"],
        columns=frame.drop(columns=hidden),
        color=extra["color"],
        title=title,
        options=options,
        notes=notes,
        text_name=columns[0],
    )


def write_map(
    path, charts, texts, names=None, columns=None, color=None, title=None, options=None, notes=(),
    text_name="text",
):  # fmt: skip
    """Write the page of maps that are drawn.

    Parameters
    ----------
    path : str or path-like
        The page.
    charts : list of Chart
        One map, or two of the same items.
    texts : list of str
        What the items say.
    names, columns, color
        What they are called, what else is known of them (a DataFrame), and a Series that colours
        them; each may be None.
    title : str, default=None
        Heading of the page.
    options : MapOptions, default=None
        As of :func:`show_map`.
    notes : sequence of str, default=()
        What a reader should know.
    text_name : str, default="text"
        What the texts are called.

    Returns
    -------
    Path
    """
    options = MapOptions() if options is None else options
    language = _language(options.language, texts)
    said = _SAID[language]
    is_named = _are_names(texts)
    made = {}
    if not is_named:
        counts, terms = term_counts(texts)
        for at, chart in enumerate(charts if counts is not None else ()):
            regions, of = name_regions(chart, counts, terms)
            charts[at] = replace(chart, regions=regions)
            if at == 0 and regions:
                made[said["region"]] = [name or None for name in of]
    both = None
    if len(charts) == 2:
        both = common(*(Neighbours(one.neighbours, one.scores) for one in charts))
        made = {said["common"]: both, **made}
    chosen = next(iter(made), None)
    columns = None if columns is None else columns.reset_index(drop=True)
    if color is not None:
        chosen = str("color" if color.name is None else color.name)
        if columns is None or color.name not in columns.columns:
            made = {chosen: color.to_numpy(), **made}
    kept, notes = _cut(texts, options.n_letters, said, notes)
    atlas = Atlas(
        title or said["title"],
        kept,
        charts,
        names=None if names is None else [_name(name) for name in names],
        columns=columns,
        made=pd.DataFrame(made) if made else None,
        color=chosen,
        common=both,
        language=language,
        notes=notes,
        is_named=is_named and names is None,
        text_name=str(text_name),
    )
    return write_atlas(path, atlas)


def map_items(recommender, queries, terms, path, names, color, random_state):
    """Write the page of the items of a :class:`~textvec.ContentRecommender`.

    Parameters
    ----------
    recommender : ContentRecommender
        Fitted.
    queries : array or sparse matrix of shape (n_items, n_features)
        Its items as what is searched with.
    terms : list
        The names of the features of each of its blocks, None where they mean nothing.
    path : str or path-like
        The page.
    names, color : Series or None
        What the items are called, and what colours them.
    random_state : int
        Seeds the layout.

    Returns
    -------
    Path
    """
    options = MapOptions(random_state=random_state)
    options.check()
    every = None if any(one is None for one in terms) else [name for one in terms for name in one]
    vectors = Vectors("", recommender.vectors_, queries, "dot", every)
    chart = draw_chart(vectors, options.n_neighbours, random_state=random_state)
    of_texts = [block.column for block in recommender.blocks_ if block.is_text]
    of_texts = list(dict.fromkeys(of_texts))
    items, ids = recommender.items_, recommender._id_column
    texts = zip(*(items[name].fillna("") for name in of_texts))
    texts = ["\n".join(filter(None, one)) for one in texts]
    columns = items.drop(columns=[*of_texts, *([] if ids is None else [ids])])
    text_name = str(of_texts[0])
    return write_map(
        path, [chart], texts, names, columns, color, options=options, text_name=text_name
    )


def map_people(names, vectors, scores, counts, path, random_state):
    """Write the page of the names of a :class:`~textvec.CharacterRecommender`.

    Parameters
    ----------
    names : list of str
        The people.
    vectors : ndarray of shape (n_names, vector_size)
        Where their places start from.
    scores : ndarray of shape (n_names, n_names)
        Of each with each.
    counts : pair of ndarray of shape (n_names,)
        How often each is named, and in how many chapters.
    path : str or path-like
        The page.
    random_state : int
        Seeds the layout.

    Returns
    -------
    Path
    """
    options = MapOptions(random_state=random_state)
    options.check()
    found = best_of(scores, max(options.n_neighbours, LAYOUT_NEIGHBOURS))
    chart = chart_of(Vectors("", vectors), found, options.n_neighbours, random_state=random_state)
    said = _SAID[_language("auto", names)]
    columns = pd.DataFrame(dict(zip((said["mentions"], said["chapters"]), counts)))
    return write_map(
        path,
        [chart],
        names,
        columns=columns,
        color=columns[said["mentions"]],
        title=said["people"].format(len(names)),
        options=options,
    )


def _as_mapping(vectorizers):
    """Return {name: way of embedding} of one or two of these in any form."""
    if isinstance(vectorizers, Mapping):
        ways = {str(name): one for name, one in vectorizers.items()}
    else:
        is_list = isinstance(vectorizers, list | tuple)
        ways = {}
        for at, one in enumerate(vectorizers if is_list else [vectorizers], start=1):
            name = type(one).__name__
            ways[name if name not in ways else f"{name} {at}"] = one
    if not 1 <= len(ways) <= 2:
        raise ValueError(f"vectorizers must be one or two. Got {len(ways)}: {', '.join(ways)}.")
    for name, one in ways.items():
        is_one = isinstance(one, KeyedVectors) or _is_matrix(one) or hasattr(one, "transform")
        if not is_one or isinstance(one, type):
            raise TypeError(
                "vectorizers must have fit and transform, or be KeyedVectors or a matrix with a "
                f"row for each item. Got {one!r:.60} for {name!r} instead."
            )
    return ways


def _is_matrix(one):
    return sparse.issparse(one) or isinstance(one, np.ndarray)


def _words(tables, items):
    """Return the words that are mapped: those given, or the first that all tables hold."""
    first, *others = tables.values()
    if items is None:
        words = [word for word in first.index_to_key if all(word in other for other in others)]
        words = words[:_MOST_WORDS]
        if not words:
            raise ValueError("the two KeyedVectors have no word in common.")
        return words
    words = read_items(items).iloc[:, 0].tolist()
    for name, table in tables.items():
        if unknown := [word for word in words if word not in table]:
            raise ValueError(
                f"{len(unknown)} of {len(words)} items have no vector in {name}, {unknown[0]!r} "
                "first: leave them out."
            )
    return words


def _text_columns(items, frame, text, ids):
    """Return the columns that hold the texts."""
    if not isinstance(items, pd.DataFrame):
        if text is not None:
            raise ValueError(
                f"text names columns of a DataFrame, and items is a {type(items).__name__}. Leave "
                "text out."
            )
        return [frame.columns[0]]
    columns = [only_column(frame, ids)] if text is None else [text] if is_name(text) else list(text)
    if not columns:
        raise ValueError("text must name at least one column. Got an empty list instead.")
    for name in columns:
        check_column("text", name, frame)
    return columns


def _sample(n_items, random_state):
    """Return the rows that are shown in order, or None for all."""
    if n_items <= MOST_ITEMS:
        return None
    rng = np.random.default_rng(random_state)
    return np.sort(rng.choice(n_items, MOST_ITEMS, replace=False))


def _rows_of(way, rows, n_items):
    return way[rows] if _is_matrix(way) and way.shape[0] == n_items else way


def _charts(ways, texts, options, show):
    """Return the maps, the second one started from the first, and why others are missing."""
    charts: list = []
    failed: dict[str, str] = {}
    for at, (name, way) in enumerate(ways.items()):

        def report(share, at=at):
            show(at + _SHARE_OF_VECTORS + (1 - _SHARE_OF_VECTORS) * share)

        try:
            vectors = _embedded(name, way, texts)
            report(0)
            start = charts[0].places if charts else None
            seed, n_jobs = options.random_state, options.n_jobs
            charts.append(draw_chart(vectors, options.n_neighbours, start, seed, n_jobs, report))
        except Exception as error:
            if len(ways) == 1 or (failed and not charts):
                raise
            failed[name] = f"{type(error).__name__}: {error}"
            warn_user(f"{name} failed, and the page shows the other: {failed[name]}")
        show(at + 1)
    return charts, failed


def _embedded(name, way, texts):
    """Return items as one way of embedding has them."""
    if isinstance(way, KeyedVectors):
        return Vectors(name, np.array([way[word] for word in texts]))
    if _is_matrix(way):
        if way.ndim != 2 or way.shape[0] != len(texts):
            raise ValueError(
                f"{name} must be a matrix of {len(texts)} rows, one for each item. "
                f"Got shape {way.shape} instead."
            )
        return Vectors(name, sparse.csr_array(way) if sparse.issparse(way) else way)
    model = way
    if not is_fitted(way):
        model = clone(way).fit(texts)
    items = document_vectors(model, texts)
    queries = query_vectors(model, texts) if queries_differ(model) else None
    has_terms = sparse.issparse(items) and hasattr(model, "get_feature_names_out")
    if not sparse.issparse(items):
        items = np.asarray(items)
    terms = list(model.get_feature_names_out()) if has_terms else None
    return Vectors(name, items, queries, metric_of(model), terms)


def _language(language, texts):
    return language_of(texts) if language == "auto" else language


def _are_names(texts):
    """Tell whether texts are so short that they are what the items are called."""
    sample = texts[:1000]
    if is_mostly_han(sample):
        return sum(map(len, sample)) / len(sample) < 2 * _WORDS_OF_A_NAME
    return sum(len(text.split()) for text in sample) / len(sample) < _WORDS_OF_A_NAME


def _cut(texts, n_letters, said, notes):
    """Return what the page holds of the texts, and notes that say so if it is not all."""
    if n_letters is None:
        n_letters = next(letters for most, letters in _LETTERS if len(texts) <= most)
    if max(map(len, texts)) <= n_letters:
        return texts, list(notes)
    kept = [text if len(text) <= n_letters else f"{text[:n_letters]}…" for text in texts]
    return kept, [*notes, said["cut"].format(n_letters)]


def _name(name):
    return "" if pd.api.types.is_scalar(name) and pd.isna(name) is True else str(name)


@contextmanager
def _progress(verbose, n_maps):
    """Give a function that is told how many maps are done, and shows it if that is wanted."""
    from tqdm import tqdm

    bar_format = "{percentage:3.0f} %|{bar}| {elapsed}"
    with tqdm(total=100 * n_maps, disable=not verbose, bar_format=bar_format) as bar:
        yield lambda done: bar.update(max(0, int(100 * done) - bar.n))
