"""Checks: they say right, or what is not, and never what would be."""

import warnings

import numpy as np
import pytest
from scipy import sparse

from textvec import ContentRecommender
from textvec.course import check
from textvec.course.checking import Verdict, checkable
from textvec.course.differences import difference
from textvec.datasets import load_hotels

SQUARE = [[1.0, 0.5], [0.5, 1.0]]


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        (0.8165, 0.81649658, None),
        (np.float32(0.8165), 0.81649658, None),
        (np.array(3), 3, None),
        (0.7, 0.8165, "it is too small"),
        (1, 0.8165, "it is too large"),
        ("0.8165", 0.8165, "a number is wanted, and this is of type str"),
        (True, 1, "a number is wanted, and this is of type bool"),
        ([0.8], 0.8, "one number is wanted, and this has the shape (1,)"),
        (float("nan"), 0.8, "it is nan, and a finite number is wanted"),
        (
            [[2, 0.5], [np.inf, 1]],
            SQUARE,
            "the shape is right, and the first number that is not finite, inf, stands in row 1, "
            "column 0 (from 0)",
        ),
        ({}, 0.8, "a number is wanted, and this is of type dict"),
        (SQUARE, SQUARE, None),
        (sparse.csr_array(SQUARE), SQUARE, None),
        (SQUARE[0], SQUARE, "its shape is (2,), and (2, 2) is wanted"),
        (
            [[1, 0.5], [0.4, 1.1]],
            SQUARE,
            "the shape is right, its sum is right, and the first wrong number, 0.4, stands in "
            "row 1, column 0 (from 0)",
        ),
        (
            [1, 3],
            [1, 2],
            "the shape is right, its sum is too large, and the first wrong number, 3, stands in "
            "place 1 (from 0)",
        ),
        ([[1], [1, 2]], SQUARE, "an array of numbers is wanted, and this is of type list"),
        (None, SQUARE, "it is None: does your function return what it made?"),
        ("cat", "cat", None),
        (" cat\n", "cat", None),
        ("dog", "cat", "it is another one"),
        (1, "cat", "a str is wanted, and this is of type int"),
        (True, True, None),
        (np.True_, True, None),
        (False, True, "it is the other one"),
        (1, True, "True or False is wanted, and this is of type int"),
        (["a", "b"], ["a", "b"], None),
        (np.array(["a", "b"]), ["a", "b"], None),
        (("b", "a"), ["a", "b"], "all are there, in another order"),
        (["b", "a", "a"], {"a", "b"}, None),
        ({"a", "c"}, {"a", "b"}, "it lacks 1 and holds 1 too many or wrong"),
        (["a"], ["a", "a"], "it lacks 1"),
        ({"a", "b", "c"}, {"a", "b"}, "it holds 1 too many or wrong"),
        ("ab", {"a", "b"}, "a set of words is wanted, and this is of type str"),
        ("ab", ["a", "b"], "a list of words is wanted, and this is of type str"),
        ({"a": 1}, {"a": 1.0}, None),
        ({"a": 2}, {"a": 1}, "at 'a', it is too large"),
        ({"b": 2}, {"a": 1}, "of its keys, it lacks 1 and holds 1 too many or wrong"),
        ([1], {"a": 1}, "a dict is wanted, and this is of type list"),
        (10**400, 0.8, "a number is wanted, and this is of type int"),
        (
            [["a"]],
            ["a"],
            "a list of words is wanted, and this one holds what is of type list",
        ),
    ],
)
def test_difference(answer, right, said):
    assert difference(answer, right) == said


def test_tolerance_is_absolute_and_relative():
    assert difference(0.0009, 0.0) is None
    assert difference(1000.9, 1000.0) is None
    assert difference(0.01, 0.0, tolerance=0.02) is None
    assert difference(0.0011, 0.0) is not None


def test_verdict_is_true_where_right():
    assert Verdict(True, "2.1: right.")
    assert not Verdict(False, "2.1: no answer yet.")
    assert repr(check("2.1", None)) == "2.1: no answer yet."
    assert not check("2.1", None)
    assert repr(check("2.1", 0.8)) == "2.1: right."
    assert repr(check("2.1", 0.5)) == "2.1: not yet. It is too small."


def changed(rows):
    rows[0] = 7
    return rows


@pytest.mark.parametrize(
    ("number", "answer", "said"),
    [
        (
            "2.2",
            lambda rows: rows.nothing,
            "Given [[1, 0, 2], [2, 0, 4], [0, 3, 1], [0, 0, 0]], it raises AttributeError: "
            "'numpy.ndarray' object has no attribute 'nothing'.",
        ),
        (
            "2.2",
            lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True),
            "Given [[1, 0, 2], [2, 0, 4], [0, 3, 1], [0, 0, 0]], it raises RuntimeWarning: invalid "
            "value encountered in divide.",
        ),
        ("2.2", lambda rows: None, "It returns None: does your function return what it made?"),
        ("2.2", np.eye(4), "A function is wanted: write all_cosines, without brackets."),
        ("9.2", dict, "A function is wanted: write masked_mean, without brackets."),
        ("4.2", changed, "The array that was given is changed: make a new one."),
        ("4.2", lambda rows: np.divide(rows, 2, out=rows), "you change it in place: make a new"),
        ("10.2", lambda a, b: [0.5], "It must return one number, and returns a list."),
        ("10.2", lambda a, b: a.clear() or 0.5, "On sets of 200 it is off by"),
        ("11.2", lambda a, b: True, "It must return one number, and returns a bool."),
        ("5.2", lambda rows, query: rows[:, 0], "and [1, 1, 0, 0], the shape is right, "),
    ],
)
def test_what_a_function_does_is_told(number, answer, said):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as a notebook may: where none are allowed, they count
        verdict = check(number, answer)
    assert not verdict
    assert said in repr(verdict)


def test_a_recommender_is_fitted_and_better_than_an_unchanged_one():
    hotels = load_hotels("en").frame
    recommender = ContentRecommender()
    assert "It is not fitted: end it with .fit(" in repr(check("12.3", recommender))
    assert 'ids="id"' in repr(check("12.3", recommender.fit(hotels, text="desc")))
    unchanged = check("12.3", recommender.fit(hotels, ids="id", text="desc"))
    assert "and by an unchanged ContentRecommender() of the descriptions in 0." in repr(unchanged)


def test_what_is_long_is_not_repeated():
    verdict = check("11.2", lambda a, b: 1 / 0)
    assert repr(verdict).startswith("11.2: not yet. Given [")
    table_is_left_out = check("8.2", lambda table, a, b, c: 1 / 0)
    assert repr(table_is_left_out) == "8.2: not yet. It raises ZeroDivisionError: division by zero."
    long = check("9.2", lambda hidden, mask: hidden / 0 if mask[0, 3] else 1 / 0)
    assert "[[" not in repr(long)


class HostileError(Exception):
    def __str__(self):
        raise ValueError


class Hostile:
    def __array__(self, *args, **options):
        raise HostileError


@pytest.mark.parametrize("number", ["2.1", "2.2"])
def test_whatever_an_answer_raises_is_its_finding(number):
    answer = Hostile() if number == "2.1" else lambda rows: Hostile()
    assert repr(check(number, answer)) == f"{number}: not yet. It raises HostileError."


@pytest.mark.parametrize("number", ["2.9", "99.1", 2.1, "2", "", None, "../2.1"])
def test_an_unknown_exercise_is_refused(number):
    with pytest.raises(ValueError, match="number must be that of an exercise that can be checked"):
        check(number, 1)


def test_checkable_are_in_order():
    assert {"2.1", "2.2"} <= set(checkable())
