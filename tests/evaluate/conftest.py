"""What modules of tests of the comparison share: two tasks, two methods."""

import pytest

from textvec import CountVectorizer, LSAVectorizer
from textvec.evaluate.tasks import ClassificationTask, RetrievalTask

from .rooms import ROOMS, STYLES


@pytest.fixture
def tasks():
    twins = {"a": {"b": 1}, "d": {"e": 1}}
    return [
        ClassificationTask(ROOMS.values(), STYLES, "style", n_splits=3),
        RetrievalTask({item: ROOMS[item] for item in twins}, ROOMS, twins, "twins", k=3),
    ]


@pytest.fixture
def methods():
    return {"counts": CountVectorizer(), "LSA": LSAVectorizer(vector_size=2)}
