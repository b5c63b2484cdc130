"""Constructor, parameters, clone, fit: scikit-learn's conventions, and errors that say it all."""

import copy
import inspect
import math
import re

import joblib
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from .families import assert_same
from .registry import needs


class Nonsense:
    """A value that no parameter can take."""

    def __repr__(self):
        return "<nonsense>"


def names_of(estimator):
    return list(inspect.signature(type(estimator)).parameters)


def test_init_only_stores(entry):
    kind = type(entry.make())
    values = {name: Nonsense() for name in names_of(entry.make())}
    estimator = kind(**values)
    assert vars(estimator).keys() == values.keys()
    assert all(getattr(estimator, name) is value for name, value in values.items())


def test_defaults_are_stored_as_they_are(entry):
    made = entry.make()
    for name, parameter in inspect.signature(type(made)).parameters.items():
        assert parameter.kind is not parameter.VAR_KEYWORD
        if parameter.default is not parameter.empty:
            required = {
                other: getattr(made, other)
                for other, its in inspect.signature(type(made)).parameters.items()
                if its.default is its.empty
            }
            assert getattr(type(made)(**required), name) is parameter.default


def test_parameters_are_got_and_set(entry):
    estimator = entry.make()
    assert sorted(estimator.get_params(deep=False)) == sorted(names_of(estimator))
    for name in names_of(estimator):
        value = Nonsense()
        assert estimator.set_params(**{name: value}) is estimator
        assert getattr(estimator, name) is value
        assert estimator.get_params(deep=False)[name] is value
    with pytest.raises(ValueError, match="Invalid parameter 'no_such_thing'"):
        estimator.set_params(no_such_thing=1)
    assert type(estimator).__name__ in repr(estimator)


def test_a_clone_has_the_parameters_and_learned_nothing(entry):
    estimator = entry.family.fit(entry.make())
    cloned = clone(estimator)
    assert vars(cloned).keys() == set(names_of(estimator))
    assert joblib.hash(cloned.get_params()) == joblib.hash(estimator.get_params())
    answers = entry.family.ask(estimator)
    assert_same(entry.family.ask(entry.family.fit(cloned)), answers, entry.atol)


@needs("fit")
def test_fit_returns_the_estimator_itself_and_what_it_learned_is_documented(entry):
    estimator = entry.make()
    assert entry.family.fit(estimator) is estimator
    section = inspect.getdoc(type(estimator)).partition("\nAttributes\n")[2]
    heads = [line.partition(" : ")[0] for line in section.splitlines() if line[:1] != " "]
    documented = {name for head in heads for name in head.split(", ")}
    assert learned_by(estimator).keys() <= documented


@needs("fit", "transform")
def test_fit_transform_is_fit_then_transform(entry):
    found = entry.make().fit_transform(entry.family.corpus)
    expected = entry.family.fit(entry.make()).transform(entry.family.corpus)
    assert_same(found, expected, entry.atol)


@needs("fit")
def test_refit_forgets(entry):
    family = entry.family
    once = family.fit(entry.make())
    twice = family.fit(family.fit(entry.make(), family.other))
    assert_same(family.ask(twice), family.ask(once), entry.atol)
    assert vars(twice).keys() == vars(once).keys()
    family.ask(twice)
    twice = family.fit(twice)  # after use
    assert_same(family.ask(twice), family.ask(once), entry.atol)


def test_neither_fit_nor_answers_alter_what_they_are_given(entry):
    family, estimator = entry.family, entry.make()
    corpus, queries = copy.deepcopy((family.corpus, family.queries))
    parameters = joblib.hash(estimator.get_params())
    objects = estimator.get_params(deep=False)
    family.fit(estimator, corpus)
    learned = joblib.hash(learned_by(estimator))
    family.ask(estimator, queries)
    assert_same(corpus, family.corpus)
    assert_same(queries, family.queries)
    assert joblib.hash(estimator.get_params()) == parameters
    for name, value in estimator.get_params(deep=False).items():
        assert value is objects[name]
    assert joblib.hash(learned_by(estimator)) == learned


def learned_by(estimator):
    """Return what is learned and shown; the rest may be made while answering."""
    return {name: value for name, value in vars(estimator).items() if name[-1] == "_"}


@needs("fit")
def test_what_needs_fit_says_so(entry):
    family = entry.family
    for method, arguments in family.calls_of(entry.make()):
        with pytest.raises(NotFittedError):
            method(*arguments)
    for name, arguments in family.methods.items():
        method = getattr(entry.make(), name, None)
        if method is not None and name not in entry.without:
            with pytest.raises(NotFittedError):
                method(*arguments)


def use(entry, **bad):
    """Fit with a bad parameter and ask; return the error."""
    estimator = entry.make().set_params(**bad)
    with pytest.raises((TypeError, ValueError)) as caught:
        entry.family.ask(entry.family.fit(estimator))
    return str(caught.value)


def test_nonsense_is_refused_by_name(entry):
    told = {}
    for name in names_of(entry.make()):
        if name in entry.takes_anything:
            continue
        try:
            message = use(entry, **{name: Nonsense()})
        except BaseException as error:
            message = f"{type(error).__name__}: {error}"
        if not (re.search(rf"\b{name}\b", message) and "onsense" in message):
            told[name] = message
    assert not told


# What is just beyond the range of a parameter of this name, in whatever estimator has it.
BEYOND = {
    "M": 0,
    "algorithm": "quad_tree",
    "alpha": -0.1,
    "analyzer": "sentence",
    "architecture": "gru",
    "b": 1.1,
    "backend": "sklearn",
    "batch_size": 0,
    "buckets": 0,
    "centroid_fraction": 0,
    "connectivity": 0,
    "context_smoothing": 1.1,
    "decode_error": "pass",
    "delta": -0.1,
    "description": "Nothing",
    "dimensions_per_block": 0,
    "dtype": "f128",
    "ef": 0,
    "ef_construction": 0,
    "epochs": 0,
    "expansion_add": 0,
    "expansion_search": 0,
    "false_positive_weight": 1.1,
    "fusion": "sum",
    "hashes": 5,
    "heap_factor": 1.1,
    "input": "url",
    "k": -1,
    "k1": -0.1,
    "leaf_size": 0,
    "long_text": "drop",
    "max_df": -0.1,
    "max_features": 0,
    "max_final_vocab": 0,
    "max_length": 0,
    "max_n": -1,
    "method": "bm26",
    "metric": "manhattan",
    "min_alpha": -0.1,
    "min_count": 0,
    "min_df": -0.1,
    "min_n": -1,
    "n_candidates": 0,
    "n_features": 0,
    "n_jobs": 0,
    "n_permutations": 0,
    "n_postings": 0,
    "n_trees": 0,
    "negative": 0,
    "norm": "l3",
    "normalize": "sometimes",
    "ns_exponent": math.inf,
    "num_leaves": 0,
    "num_leaves_to_search": 0,
    "pooling": "median",
    "precision": "int4",
    "query_cut": 0,
    "query_max_length": 0,
    "random_seed": -1,
    "random_state": -1,
    "reorder": 0,
    "sample": -0.1,
    "search_k": -2,
    "seed": -1,
    "shift": 0.9,
    "shingle_size": 0,
    "sif_a": 0,
    "stem": "klingon",
    "stop_words": "klingon",
    "summary_energy": 0,
    "threshold": 1.1,
    "togetherness": 1.1,
    "tokenizer": "klingon",
    "truncate_dim": 0,
    "vector_size": 0,
    "verbose": -1,
    "window": 0,
}


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan], ids=str)
def test_numbers_are_finite(entry, value):
    for name in names_of(entry.make()):
        default = inspect.signature(type(entry.make())).parameters[name].default
        if isinstance(default, float) and name not in entry.takes_anything:
            message = use(entry, **{name: value})
            assert re.search(rf"\b{name}\b.* {value} instead", message), name


def test_what_is_out_of_range_is_refused_by_name_and_value(entry):
    told = {}
    for name in names_of(entry.make()):
        default = inspect.signature(type(entry.make())).parameters[name].default
        is_number = isinstance(default, int | float) and not isinstance(default, bool)
        if name in entry.takes_anything:
            continue
        if name not in BEYOND:
            assert not is_number, name
            continue
        try:
            message = use(entry, **{name: BEYOND[name]})
        except BaseException as error:
            message = f"{type(error).__name__}: {error}"
        if not (re.search(rf"\b{name}\b", message) and str(BEYOND[name]) in message):
            told[name] = message
    assert not told


def test_what_is_set_later_is_checked_or_changes_nothing(entry):
    """What an answer uses is checked before it; what only fit uses may wait for the next fit."""
    family = entry.family
    estimator = family.fit(entry.make())
    before = family.ask(estimator)
    told = {}
    as_scikit_learn_says = {"stop_words": "stop list"}
    for name in names_of(estimator):
        if name not in BEYOND or name in entry.takes_anything:
            continue
        if not type(estimator).__module__.startswith("textvec.sparse."):
            continue  # the law is that of counts and weights
        kept = getattr(estimator, name)
        estimator.set_params(**{name: BEYOND[name]})
        try:
            assert_same(family.ask(estimator), before, entry.atol)
        except (TypeError, ValueError) as error:
            called = rf"\b({name}|{as_scikit_learn_says.get(name, name)})\b"
            if not (re.search(called, str(error)) and str(BEYOND[name]) in str(error)):
                told[name] = str(error)
        except AssertionError:
            told[name] = "taken, and answers are others"
        estimator.set_params(**{name: kept})
    assert not told
