"""What threads share: whoever asks while another learns is answered from the old or the new."""

import pickle
import sys
import threading

import numpy as np
import pytest

from textvec import PPMI, DocumentVectorizer, KeyedVectors, LSAVectorizer, Word2Vec, load

SEA = ["the sea and the sand", "a boat at sea", "sand and a boat", "wave after wave at sea"] * 3
CITY = ["tower and shop", "the shop in the tower", "a bus to the city", "no city without a bus"] * 5
ASKED = ["the sea", "a shop in the city", "boat and bus", "nothing known"]


@pytest.fixture(autouse=True)
def often():
    """Threads take turns ten times as often as usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(interval)


def asked_meanwhile(ask, change, n_answers=200):
    """Return what a question is answered on two threads while another makes changes."""
    answers, errors, done = [], [], threading.Event()

    def run():
        try:
            while not done.is_set():
                answers.append(ask())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(1000):
            change(turn)
            if errors or turn > 10 and len(answers) > n_answers:
                break
    finally:
        done.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    return answers


QUESTIONS = {
    "similarity": lambda table: table.similarity("a", "b"),
    "n_similarity": lambda table: table.n_similarity(["a"], ["b", "b"]),
    "rank": lambda table: table.rank("a", "b"),
    "most_similar": lambda table: table.most_similar("a", topn=1)[0],
    "cosmul": lambda table: table.most_similar_cosmul("a", topn=1)[0][0],
    "similar_by_key": lambda table: [found[0] for found in table.similar_by_key(["a", "b"], 1)],
    "all": lambda table: bool((table.most_similar("a", topn=None) > 0.9)[:2].all()),
    "mean": lambda table: table.get_mean_vector(["a", "b"]).max(),
    "rows": lambda table: table[["a", "b"]].max(axis=1).tolist(),
    "odd one": lambda table: table.doesnt_match(["a", "b", "other"]),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_questions_while_words_are_added_and_replaced(name):
    """Two words always have one vector, of length 1; while half was changed they would differ."""
    others = [f"w{i}" for i in range(300)]
    rng = np.random.default_rng(0)
    vectors = np.concatenate([np.eye(8)[[0, 0]], [np.full(8, -1)], rng.normal(size=(300, 8))])
    table = KeyedVectors(vectors, ["a", "b", "other", *others])

    def change(turn):
        pair = np.eye(8)[[turn % 8, turn % 8]]
        table.add_vectors(["a", "b"], pair, replace=True)
        table.add_vectors([f"new {turn} {i}" for i in range(5)], rng.normal(size=(5, 8)))

    before = QUESTIONS[name](table)
    answers = asked_meanwhile(lambda: QUESTIONS[name](table), change)
    assert all(answer == before for answer in answers)


def test_a_table_is_saved_whole_while_words_are_added(tmp_path):
    table = KeyedVectors(np.eye(3), ["a", "b", "c"], [1, 2, 3])

    def ask():
        path = tmp_path / str(threading.get_ident())
        table.save(path)
        saved = load(path)
        table.save_word2vec_format(path, path.with_suffix(".counts"))
        read = KeyedVectors.load_word2vec_format(path, path.with_suffix(".counts"))
        return all(len(one) == len(one.counts) == len(one.vectors) for one in (saved, read))

    def change(turn):
        table.add_vectors(f"w{turn}", np.ones(3), counts=turn)

    assert all(asked_meanwhile(ask, change, 40))


SMALL = {"min_count": 1, "random_state": 0}
ESTIMATORS = {
    "Word2Vec": Word2Vec(4, sample=0, epochs=1, **SMALL),
    "Word2Vec, sif": Word2Vec(4, sample=0, epochs=1, pooling="sif", **SMALL),
    "PPMI": PPMI(4, pooling="idf", **SMALL),
    "LSA": LSAVectorizer(vector_size=3, random_state=0),
    "DocumentVectorizer": DocumentVectorizer(
        KeyedVectors(
            np.random.default_rng(0).normal(size=(6, 4)),
            ["the", "sea", "boat", "shop", "bus", "city"],
        ),
        pooling="sif",
    ),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_documents_are_transformed_while_another_thread_fits(name):
    estimator = ESTIMATORS[name].fit(SEA)
    states = [estimator.transform(ASKED)]

    def change(turn):
        estimator.fit(SEA if turn % 2 else CITY)
        if turn < 2:
            states.append(estimator.transform(ASKED))

    for answer in asked_meanwhile(lambda: estimator.transform(ASKED), change):
        assert any(np.array_equal(answer, state) for state in states)


def test_documents_are_transformed_while_another_thread_trains_on():
    model = ESTIMATORS["Word2Vec, sif"].fit(SEA)
    states = [model.transform(ASKED)]

    def change(turn):
        model.partial_fit([*CITY, f"new{turn} words{turn} in the city"])
        states.append(model.transform(ASKED))

    for answer in asked_meanwhile(lambda: model.transform(ASKED), change):
        assert any(np.array_equal(answer, state) for state in states)


@pytest.mark.parametrize("pooling", ["mean", "idf", "sif", "max"])
def test_words_added_to_a_shared_table_are_known_and_saved(pooling, tmp_path):
    table = KeyedVectors(np.eye(3), ["the", "sea", "bar"])
    vectorizer = DocumentVectorizer(table, pooling).fit(["the sea", "the the bar"])
    before = vectorizer.transform(["the sea"])

    def change(turn):
        table.add_vectors([f"w{turn}", "garden"], np.ones((2, 3)))

    answers = asked_meanwhile(lambda: vectorizer.transform(["the sea"]), change)
    assert all(np.array_equal(answer, before) for answer in answers)
    found = vectorizer.transform(["garden", "bar garden"])
    assert np.isfinite(found).all()
    assert found.any(axis=1).all()
    vectorizer.save(tmp_path / "model")
    np.testing.assert_array_equal(
        load(tmp_path / "model").transform(["garden", "bar garden"]), found
    )
    weights = {"mean": 1, "sif": 1, "idf": np.log(3 / 2) + 1}  # idf: as of "sea" and "bar"
    if pooling in weights:
        assert set(load(tmp_path / "model").word_weights_[3:]) == {np.float32(weights[pooling])}


def saved_and_loaded(model, folder):
    model.save(folder / "model")
    return load(folder / "model")


def pickled(model, _):
    return pickle.loads(pickle.dumps(model))


def test_a_model_is_saved_whole_while_another_thread_fits(tmp_path, monkeypatch):
    """What else was learned by the time that weights are written belongs to another table."""
    model = PPMI(2, pooling="idf", **SMALL).fit(SEA)
    weights_of_all = PPMI._weights_of_all

    def fitted_meanwhile(self):
        monkeypatch.undo()
        model.fit(SEA[:3])
        return weights_of_all(self)

    for keep in (saved_and_loaded, pickled):
        before = model.transform(ASKED)
        monkeypatch.setattr(PPMI, "_weights_of_all", fitted_meanwhile)
        np.testing.assert_array_equal(keep(model, tmp_path).transform(ASKED), before)
        model.fit(SEA)


def test_a_static_model_has_the_words_of_its_vectors(monkeypatch):
    """A word that comes between the reading of both is in neither."""
    written, meanwhile = [], []

    class Growing(KeyedVectors):
        def __getattribute__(self, name):
            found = super().__getattribute__(name)
            while meanwhile and name == "index_to_key":
                meanwhile.pop()()
            return found

    monkeypatch.setattr(
        "textvec.dense.static_models.write_static_model",
        lambda words, vectors, *_: written.append((len(words), len(vectors))),
    )
    table = Growing(np.eye(3), ["a", "b", "c"])
    meanwhile.append(lambda: table.add_vectors("d", np.ones(3)))
    table.to_static_model("model")
    assert written == [(3, 3)]
    assert len(table) == 4


def test_a_file_with_too_few_weights_is_refused(tmp_path, monkeypatch):
    table = KeyedVectors(np.eye(3), ["the", "sea", "bar"])
    vectorizer = DocumentVectorizer(table).fit(["the sea"])
    monkeypatch.setattr(DocumentVectorizer, "_weights_of_all", lambda self: self.word_weights_[:2])
    vectorizer.save(tmp_path / "model")
    with pytest.raises(ValueError, match="word_weights_ must hold 3 numbers"):
        load(tmp_path / "model")


def test_another_table_asks_for_another_fit():
    table = KeyedVectors(np.eye(3), ["the", "sea", "bar"])
    vectorizer = DocumentVectorizer(table, "sif").fit(["the sea", "the the bar"])
    vectorizer.set_params(keyed_vectors=KeyedVectors(np.eye(2), ["sea", "bar"]))
    with pytest.raises(ValueError, match=r"word_weights_ must hold 2 numbers.*\(3,\): fit again"):
        vectorizer.transform(["the sea"])
