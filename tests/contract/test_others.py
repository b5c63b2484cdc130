"""Public functions, settings and data: errors that say it all, arguments and copies that stay."""

import copy
import inspect
import pickle
import re
import warnings

import joblib
import pytest
from sklearn.base import clone

import textvec

from .families import assert_same
from .others import DATA, FUNCTIONS, SETTINGS
from .registry import REGISTRY
from .test_parameters import Nonsense

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*fewer negatives",
    "ignore:.*all zeros",
    "ignore:.*no neighbour under",
    "ignore:.*fewer than",
)
NAMES = [
    pytest.param(name, marks=[pytest.mark.slow] * call.is_slow) for name, call in FUNCTIONS.items()
]


def test_every_public_name_has_one_entry():
    estimators = {name.partition("-")[0] for name in REGISTRY}
    entries = [*estimators, *FUNCTIONS, *SETTINGS, *DATA, "__version__"]
    assert sorted(entries) == sorted(textvec.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_entry_names_every_parameter_of_its_function(name, tmp_path):
    parameters = inspect.signature(getattr(textvec, name)).parameters
    assert list(FUNCTIONS[name].arguments(tmp_path)) == list(parameters)
    assert {*FUNCTIONS[name].beyond, *FUNCTIONS[name].takes_anything} <= {*parameters}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_answers_alike_and_alters_nothing(name, tmp_path):
    call, function = FUNCTIONS[name], getattr(textvec, name)
    answers = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        arguments = call.arguments(folder)
        before = joblib.hash(_bare(arguments))
        answers.append(call.kept(function(**arguments)))
        assert joblib.hash(_bare(arguments)) == before
    assert_same(answers[1], answers[0])


def _bare(arguments):
    """Return arguments without what an estimator makes while it answers."""
    return {
        name: getattr(value, "get_params", lambda v=value: v)() for name, value in arguments.items()
    }


def refusal(function, **arguments):
    """Return what the error says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as caught:
            function(**arguments)
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_refuses_nonsense_by_name(name, tmp_path):
    call, function, told = FUNCTIONS[name], getattr(textvec, name), {}
    good = call.arguments(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for parameter in good:
        if parameter not in call.takes_anything:
            message = refusal(function, **good | {parameter: Nonsense()})
            if not re.search(rf"^(Type|Value)Error: .*\b{parameter}\b", message, re.DOTALL) or (
                "onsense" not in message
            ):
                told[parameter] = message
    for parameter, value in call.beyond.items():
        message = refusal(function, **good | {parameter: value})
        shown = value[0] if isinstance(value, tuple) else value
        if not re.search(rf"\b{parameter}\b", message) or str(shown) not in message:
            told[parameter, value] = message
    assert not told
    assert sorted(tmp_path.rglob("*")) == before, "it left something"


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_are_got_set_and_copied(name, tmp_path):
    one = SETTINGS[name].make()
    ways = [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
    if hasattr(one, "get_params"):
        ways.append(clone)
        for parameter, value in one.get_params(deep=False).items():
            other = Nonsense()
            assert one.set_params(**{parameter: other}) is one
            assert one.get_params(deep=False)[parameter] is other
            one.set_params(**{parameter: value})
        with pytest.raises(ValueError, match="Invalid parameter 'no_such_thing'"):
            one.set_params(no_such_thing=1)
        holder = textvec.FineTunedVectorizer("model", training=one)
        holder.save(tmp_path / "holder.textvec")
        assert textvec.load(tmp_path / "holder.textvec").training == one
    for copied in ways:
        assert copied(one) == one
        assert repr(copied(one)) == repr(one)
    assert repr(one).startswith(f"{name}(")


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_are_refused_by_name_where_they_are_used(name):
    entry, kind, told = SETTINGS[name], getattr(textvec, name), {}
    usual = {one: getattr(entry.make(), one) for one in inspect.signature(kind).parameters}
    for parameter in usual:
        bad = [Nonsense()] * (parameter not in entry.takes_anything)
        bad += [value for one, value in entry.beyond.items() if one == parameter]
        for value in bad:
            message = refusal(entry.use, one=kind(**usual | {parameter: value}))
            shown = value[0] if isinstance(value, tuple) and value else value
            if not re.search(rf"\b{parameter}\b", message) or str(shown) not in message:
                told[parameter, repr(value)] = message
    assert not told


@pytest.mark.parametrize("name", DATA)
def test_data_are_copied_and_saved_as_they_are(name, tmp_path):
    make, kept = DATA[name]
    one = make()
    copies = [copy.deepcopy(one), pickle.loads(pickle.dumps(one))]
    if hasattr(one, "save"):
        one.save(tmp_path / "data.textvec")
        copies.append(textvec.load(tmp_path / "data.textvec"))
    for copied in copies:
        assert type(copied) is type(one)
        assert_same(kept(copied), kept(one))
