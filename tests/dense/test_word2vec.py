"""Word2Vec: what it learns, the same for any n_jobs, cut off and resumed, and bad input."""

import _thread
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from textvec import PPMI, DocumentVectorizer, Word2Vec, load
from textvec.persistence import save

SEA = ["sea", "beach", "wave", "sand", "boat"]
CITY = ["street", "metro", "tower", "shop", "crowd"]


@pytest.fixture(scope="module")
def documents():
    """Three hundred documents of ten words, each by the sea or in the city."""
    rng = np.random.default_rng(0)
    kinds = [SEA, CITY]
    return [[*rng.choice(kinds[i % 2], 9).tolist(), "the"] for i in range(300)]


def trained(documents, **parameters):
    given = {"vector_size": 16, "min_count": 5, "sample": 0, "epochs": 5, "random_state": 1}
    return Word2Vec(**given | parameters).fit(documents)


def assert_same(one, other):
    assert one.keyed_vectors_.index_to_key == other.keyed_vectors_.index_to_key
    assert_array_equal(one.keyed_vectors_.vectors, other.keyed_vectors_.vectors)
    assert_array_equal(one.context_vectors_, other.context_vectors_)
    assert_array_equal(one.loss_history_, other.loss_history_)


@pytest.mark.parametrize("random_state", [1, None])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_words_of_one_topic_come_together(documents, architecture, random_state):
    model = trained(documents, architecture=architecture, random_state=random_state, epochs=15)
    table = model.keyed_vectors_
    for topic in (SEA, CITY):
        for word in topic:
            nearest = {near for near, _ in table.most_similar(word, topn=4)}
            assert nearest == set(topic) - {word}
    assert len(model.loss_history_) == 15
    assert model.loss_history_.dtype == np.float64


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_loss_falls_in_every_epoch(architecture, n_jobs):
    rng = np.random.default_rng(2)
    documents = [  # thirty topics of thirty words
        [f"{i % 30} {n}" for n in rng.integers(0, 30, 20).tolist()] for i in range(2000)
    ]
    for random_state in (0, None):
        losses = trained(
            documents,
            architecture=architecture,
            random_state=random_state,
            n_jobs=n_jobs,
            epochs=3,
            alpha=0.025,
        ).loss_history_
        assert (np.diff(losses) < -0.05).all()
        assert losses[0] < 6 * np.log(2)  # what the first scores, all 0, cost
        assert losses[-1] > 0.5  # noise words of the same topic cannot be told


def test_an_epoch_in_which_sample_left_nothing_is_passed_over(tmp_path):
    few = ["sea view", "a room", "sea breeze", "a bus"] * 8  # each word may go, with sample=1e-3
    model = Word2Vec(4, min_count=1, random_state=0, epochs=40).fit(few)
    is_empty = np.isnan(model.loss_history_)
    assert 0 < is_empty.sum() < 40
    assert (model.loss_history_[~is_empty] < 6.1 * np.log(2)).all()
    model.save(tmp_path / "model")
    assert_same(load(tmp_path / "model"), model)


@pytest.mark.parametrize(
    "sentences", [[["cat", "say", "meow"], ["dog", "say", "woof"]], [f"sea w{i}" for i in range(9)]]
)
def test_a_first_example_trains_with_any_seed(sentences, recwarn):
    thinned = 0
    for seed in [*range(200), None]:
        model = Word2Vec(4, min_count=1, epochs=5, random_state=seed).fit(sentences)
        assert np.isfinite(model.loss_history_).any()
        if recwarn.list:
            assert "sample=0.001 left no word beside another in any of 5" in str(
                recwarn.pop().message
            )
            if seed is not None:
                assert_same(
                    model,
                    Word2Vec(4, min_count=1, epochs=5, random_state=seed, sample=0).fit(sentences),
                )
        else:
            thinned += 1
    assert 0 < thinned < 201


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_what_began_again_without_thinning_can_be_resumed(
    documents, architecture, tmp_path, monkeypatch
):
    parameters = {"min_count": 1, "random_state": 0, "sample": 1e-12, "epochs": 2}
    parameters["architecture"] = architecture
    with pytest.warns(UserWarning, match="as with sample=0"):
        unbroken = Word2Vec(4, **parameters).fit(documents)
    saved = []

    def keep(model, path):
        saved.append(model._unfinished and model._unfinished["progress"])
        save(model, path if len(saved) == 3 else tmp_path / "other")

    monkeypatch.setattr(Word2Vec, "save", keep)
    with pytest.warns(UserWarning, match="as with sample=0"):
        Word2Vec(4, checkpoint=tmp_path / "model", **parameters).fit(documents)
    assert [at and (at["epoch"], at["thins"]) for at in saved] == [
        *((1, True), (0, False), (1, False), None)
    ]
    with pytest.warns(UserWarning, match="as with sample=0"):
        assert_same(Word2Vec.resume(tmp_path / "model", documents), unbroken)


def test_what_cannot_be_saved_is_refused_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr(Word2Vec, "_learn", None)
    model = Word2Vec(checkpoint=tmp_path / "model", tokenizer=str.split)
    with pytest.raises(TypeError, match=r'tokenizer is code \(str.split\).*Set it to "whitespace"'):
        model.fit(["sea view"])
    assert not any(tmp_path.iterdir())


def test_chinese_needs_no_tokenizer(tmp_path):
    texts = [
        "这家酒店的前台服务态度很好",
        "酒店房间很干净，iPhone充电方便",
        "Sea view 房间",
        "很好 iphone",
    ]
    model = Word2Vec(4, min_count=1, random_state=0, sample=0)
    vectors = model.fit_transform(texts)
    assert {"酒店", "房间", "服务态度", "iphone", "sea", "view"} <= set(model.keyed_vectors_)
    assert_array_equal(model.transform(["房间，酒店"]), model.transform([["房间", "酒店"]]))
    (tmp_path / "texts.txt").write_text("\n".join(texts), "utf-8")
    assert_same(
        Word2Vec(4, min_count=1, random_state=0, sample=0).fit(tmp_path / "texts.txt"), model
    )
    model.save(tmp_path / "model")
    assert_array_equal(load(tmp_path / "model").transform(tmp_path / "texts.txt"), vectors)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_no_result_depends_on_n_jobs(architecture):
    rng = np.random.default_rng(4)
    documents = [[f"w{n}" for n in rng.zipf(1.4, 40) if n < 500] for _ in range(600)]
    models = [
        trained(documents, architecture=architecture, n_jobs=n_jobs, sample=1e-3, epochs=2)
        for n_jobs in (1, 2, 3, 4)
    ]
    for model in models[1:]:
        assert_same(model, models[0])
    assert_same(trained(documents, architecture=architecture, sample=1e-3, epochs=2), models[0])
    other = trained(documents, architecture=architecture, sample=1e-3, epochs=2, random_state=2)
    assert (other.keyed_vectors_.vectors != models[0].keyed_vectors_.vectors).mean() > 0.99


def test_the_order_of_long_and_empty_documents_does_not_matter(documents):
    """One document of all the words learns as well as many: it is cut to be mixed."""
    one = [[word for document in documents for word in document], []]
    table = trained(one, epochs=15).keyed_vectors_
    assert {word for word, _ in table.most_similar("sea", topn=4)} == set(SEA) - {"sea"}


def test_ways_to_give_documents(documents, tmp_path):
    texts = [" ".join(document).title() for document in documents]
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(texts), encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    for part, name in ((texts[:100], "a.txt"), (texts[100:], "b.txt")):
        (folder / name).write_text("\n".join(part), encoding="utf-8")
    expected = trained(documents)
    for given in (texts, iter(texts), file, folder, (tuple(d) for d in documents)):
        assert_same(trained(given), expected)


def test_transform_pools_the_vectors(documents):
    for pooling in ("mean", "idf", "sif", "max"):
        model = Word2Vec(16, pooling=pooling, random_state=0)
        pooled = model.fit_transform(documents)
        assert pooled.dtype == np.float32
        assert_array_equal(model.transform(documents), pooled)
        by_hand = DocumentVectorizer(model.keyed_vectors_, pooling=pooling)
        assert_array_equal(by_hand.fit_transform(documents), pooled)
    assert model.get_feature_names_out().tolist() == [f"word2vec{i}" for i in range(16)]
    assert not model.transform([["unheard-of"]]).any()


def test_grid_search_over_size_and_pooling(documents):
    pipeline = make_pipeline(Word2Vec(random_state=0, min_count=1), LogisticRegression())
    grid = {"word2vec__vector_size": [4, 16], "word2vec__pooling": ["mean", "sif"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(documents[:100], [0, 1] * 50)
    assert search.best_score_ == 1


def test_parameters_reach_the_training(documents):
    """Each makes a difference: a parameter that is ignored would not."""
    base = trained(documents, epochs=2, sample=0.05).keyed_vectors_.vectors
    for parameters in (
        {"window": 2}, {"architecture": "cbow"}, {"sample": 0.01}, {"negative": 3},
        {"ns_exponent": 0}, {"alpha": 0.03}, {"min_alpha": 0.01}, {"epochs": 3},
        {"shrink_windows": False}, {"random_state": 2},
    ):  # fmt: skip
        model = trained(documents, **{"epochs": 2, "sample": 0.05} | parameters)
        assert (model.keyed_vectors_.vectors != base).any(), parameters
    means, sums = (
        trained(documents, architecture="cbow", cbow_mean=mean).keyed_vectors_.vectors
        for mean in (True, False)
    )
    assert (means != sums).any()
    assert len(trained(documents, max_final_vocab=4).keyed_vectors_) <= 4


def test_cut_off_words(documents):
    assert trained([*documents, ["rare"] * 4]).keyed_vectors_.key_to_index.get("rare") is None
    table = trained([*documents, ["rare"] * 4], min_count=4).keyed_vectors_
    assert table.index_to_key[0] == "the"
    assert table.counts[0] == 300
    assert table.index_to_key[-1] == "rare"


@pytest.mark.parametrize(
    ("parameters", "scale", "bounds"),
    [
        ({}, 3, (0.025, 0.15)),
        ({"architecture": "cbow"}, 6, (0.05, 0.15)),
        ({"architecture": "cbow", "cbow_mean": False, "window": 8}, 6 / 9, (0.05 / 3, 0.15 / 3)),
        ({"architecture": "cbow", "cbow_mean": False, "shrink_windows": False}, 6 / 10, None),
    ],
)
def test_auto_steps_are_those_of_the_number_they_stand_for(documents, parameters, scale, bounds):
    bounds = bounds or (0.05 / 10**0.5, 0.15 / 10**0.5)
    for text, epochs in ((documents, 1), (documents[:20], 2), (documents[:20], 100)):
        model = trained(text, epochs=epochs, **parameters)
        table = model.keyed_vectors_
        times = epochs * table.counts.sum() / len(table)
        assert model.alpha_ == pytest.approx(np.clip((scale / times) ** 0.5, *bounds))
        given = trained(text, epochs=epochs, alpha=model.alpha_, **parameters)
        assert_same(model, given)
        assert given.alpha_ == model.alpha_


def test_auto_passes_and_vocabulary_go_by_the_text():
    rng = np.random.default_rng(0)
    for n_words, n_epochs, least in ((1_000, 30, 2), (450_000, 10, 2), (2_000_000, 5, 3)):
        ids = np.minimum(rng.zipf(1.3, n_words), 50_000)
        words = np.array([f"w{i}" for i in range(50_001)], object)[ids]
        model = Word2Vec(1, 1, negative=1, sample=1e-6, n_jobs=2).fit(
            words.reshape(-1, 20).tolist()
        )
        assert model.epochs_ == len(model.loss_history_) == n_epochs
        assert model.keyed_vectors_.counts.min() == least
        assert PPMI(1).fit(words.reshape(-1, 20)[:5000].tolist()).keyed_vectors_.counts.min() == 2


def test_auto_goes_by_all_text_so_far(documents, tmp_path):
    model = Word2Vec(16, sample=0, epochs=2, random_state=1).fit(documents[:20])
    assert model.alpha_ == 0.15
    model.partial_fit(documents)
    table = model.keyed_vectors_
    assert table.counts.sum() == 3200
    assert model.alpha_ == pytest.approx((3 * len(table) / (2 * 3200)) ** 0.5)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert (again.alpha, again.alpha_, again.epochs_) == ("auto", model.alpha_, 2)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_context_vectors_are_added_where_asked(documents, architecture, tmp_path):
    """What is learned is the same; by default CBOW's words have both of their vectors."""
    alone = trained(documents, architecture=architecture, add_context=False)
    both = trained(documents, architecture=architecture, add_context=True)
    own, context = alone.keyed_vectors_.vectors, alone.context_vectors_
    assert context.any()
    assert alone.own_vectors_ is None
    assert_array_equal(both.own_vectors_, own)
    assert_array_equal(both.context_vectors_, context)
    assert_array_equal(both.keyed_vectors_.vectors, own + context)
    assert_same(
        trained(documents, architecture=architecture), both if "b" in architecture else alone
    )
    both.save(tmp_path / "both")
    again = load(tmp_path / "both").partial_fit(documents)
    alone.partial_fit(documents)
    assert_array_equal(again.own_vectors_, alone.keyed_vectors_.vectors)
    assert_array_equal(again.keyed_vectors_.vectors, again.own_vectors_ + again.context_vectors_)


def test_alpha_falls_to_min_alpha(documents):
    """Without a learning rate nothing is learned, whatever it was at first."""
    still = trained(documents, alpha=0, min_alpha=0)
    assert not still.context_vectors_.any()
    assert np.abs(still.keyed_vectors_.vectors).max() <= 0.5 / 4  # where they begin
    six_targets_less_hits = (1 + 5 * 0.9) * np.log(2)
    np.testing.assert_allclose(still.loss_history_, six_targets_less_hits, rtol=0.02)
    rising = trained(documents, alpha=0, min_alpha=0.05).loss_history_
    falling = trained(documents, alpha=0.05, min_alpha=0).loss_history_
    assert rising[0] > falling[0] + 0.3


def test_partial_fit_goes_on_and_grows(documents):
    model = trained(documents, n_jobs=2)
    before = clone(model).fit(documents)
    new = [["island", "harbour", *SEA[:3]]] * 40
    model.partial_fit([*documents, *new])
    table, old = model.keyed_vectors_, before.keyed_vectors_
    assert table.index_to_key == [*old.index_to_key, "island", "harbour"]
    assert table.counts[0] == 600
    assert table.counts[-1] == 40
    assert_array_equal(model.loss_history_[:5], before.loss_history_)
    assert model.loss_history_[5:].max() < before.loss_history_[0]
    assert len(model.loss_history_) == 10
    assert table.similarity("island", "sea") > table.similarity("island", "metro")
    again = clone(model).fit(documents).partial_fit([*documents, *new])
    assert_same(model, again)
    assert_same(clone(model).partial_fit(documents), before)  # the first is a fit
    with pytest.raises(ValueError, match="vector_size was 16 in fit. Got 8"):
        model.set_params(vector_size=8).partial_fit(documents)
    before = model.keyed_vectors_.vectors
    with pytest.raises(ValueError, match="pooling must be one of"):
        model.set_params(vector_size=before.shape[1], pooling="median").partial_fit(documents)
    assert model.keyed_vectors_.vectors is before


def test_save_load_and_clone(documents, tmp_path):
    model = trained(documents, pooling="sif")
    model.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert_same(loaded, model)
    assert_array_equal(loaded.transform(documents), model.transform(documents))
    assert_same(loaded.partial_fit(documents), model.partial_fit(documents))
    assert not hasattr(clone(model), "keyed_vectors_")
    assert_same(Word2Vec.resume(tmp_path / "model", documents), load(tmp_path / "model"))


def test_verbose_shows_words_rate_and_loss(documents, capsys):
    trained(documents)
    assert capsys.readouterr().err == ""
    trained(documents, verbose=1)
    shown = capsys.readouterr().err
    for part in ("epoch 5/5", "15.0k", "words/s", "alpha=0.0", "loss="):
        assert part in shown


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_keeps_what_was_learned_and_can_be_resumed(
    documents, tmp_path, n_jobs, heeds_ctrl_c
):
    parameters = {"epochs": 50, "n_jobs": n_jobs}
    unbroken = trained(documents, **parameters)
    path = tmp_path / "model"

    def interrupt():
        _wait_for(path)
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    model = Word2Vec(16, sample=0, random_state=1, checkpoint=path, **parameters)
    with pytest.raises(KeyboardInterrupt):
        model.fit(documents)
    thread.join()
    assert 1 <= len(model.loss_history_) < 50
    assert model.transform(documents).shape == (300, 16)
    model.set_params(checkpoint=None).save(path)
    assert_same(Word2Vec.resume(path, documents), unbroken)


@pytest.fixture
def heeds_ctrl_c():
    """Shells let what they run in the background ignore it, and so would Python."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _wait_for(path):
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


CHECKPOINTED = """
import sys
from textvec import Word2Vec
documents = [line.split() for line in open(sys.argv[1], encoding="utf-8")]
Word2Vec(16, sample=0, epochs=100_000, random_state=1, checkpoint=sys.argv[2]).fit(documents)
"""


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ids_on_disk_train_the_same_vectors(documents, n_jobs, tmp_path):
    folder, path = tmp_path / "ids", tmp_path / "model"
    folder.mkdir()
    given = {"n_jobs": n_jobs, "temp_folder": str(folder), "checkpoint": path}
    model = trained(documents, **given)
    assert_same(model, trained(documents))
    assert_same(Word2Vec.resume(path, documents), model)
    assert_same(model.partial_fit(documents), trained(documents).partial_fit(documents))
    assert not list(folder.iterdir())


@pytest.mark.slow
def test_a_killed_training_goes_on_from_its_checkpoint(documents, tmp_path):
    texts, path = tmp_path / "texts.txt", tmp_path / "model"
    texts.write_text("\n".join(map(" ".join, documents)), encoding="utf-8")
    command = [sys.executable, "-c", CHECKPOINTED, str(texts), str(path)]
    with subprocess.Popen(command) as process:
        _wait_for(path)
        time.sleep(0.3)
        process.kill()
    model = load(path)
    n_done = len(model.loss_history_)
    assert 0 < n_done < 100_000
    assert model.transform(documents).any()
    with pytest.raises(ValueError, match="was trained on other documents"):
        Word2Vec.resume(path, documents[1:])
    few = n_done + 3
    model.set_params(epochs=few)  # the rate falls faster from here on: not what is compared
    model.save(path)
    resumed = Word2Vec.resume(path, documents)
    assert len(resumed.loss_history_) == few
    assert load(path)._unfinished is None  # the last checkpoint is of the finished model


def test_what_was_never_fitted_cannot_be_resumed(documents, tmp_path):
    Word2Vec().save(tmp_path / "model")
    with pytest.raises(ValueError, match="model must hold a training, .* was never fitted: fit it"):
        Word2Vec.resume(tmp_path / "model", documents)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"vector_size": 0}, "vector_size must be at least 1. Got 0"),
        ({"window": 0}, "window must be at least 1"),
        ({"negative": 0}, "negative must be at least 1"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"min_count": 0}, "min_count must be at least 1"),
        ({"alpha": -1}, "alpha must be at least 0. Got -1"),
        ({"sample": -1e-3}, "sample must be at least 0"),
        ({"add_context": "yes"}, "add_context must be one of 'auto', False, True. Got 'yes'"),
        ({"add_context": True, "max_n": 3}, "add_context must be False or 'auto' with max_n"),
        ({"architecture": "cbov"}, "architecture must be one of 'skipgram', 'cbow'. Got 'cbov'"),
        ({"pooling": "sum"}, "pooling must be one of"),
        ({"min_count": 1000}, "Lower min_count"),
    ],
)
def test_bad_parameters(documents, parameters, message):
    with pytest.raises(ValueError, match=message):
        trained(documents, **parameters)


@pytest.mark.parametrize(
    ("documents", "error", "message"),
    [
        ([], ValueError, "at least one word"),
        (["", "  "], ValueError, "at least one word"),
        ("a text", ValueError, "Got one str instead"),
        ([["sea"] * 10], ValueError, "Got 'sea' as the only word"),
        ([["sea"], ["bar"]] * 10, ValueError, "only documents with a single known word"),
        ([["sea", 3]] * 10, TypeError, "Tokens must be str. Got 3"),
        (["sea", None], TypeError, "Got None of type NoneType in row 1"),
    ],
)
def test_bad_documents(documents, error, message):
    with pytest.raises(error, match=message):
        trained(documents)


@pytest.mark.parametrize("random_state", [1, None])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_overflow_says_so_and_leaves_the_model_alone(documents, architecture, random_state):
    model = trained(documents, architecture=architecture, random_state=random_state)
    vectors = model.keyed_vectors_.vectors.copy()
    model.set_params(alpha=1e30)
    with pytest.raises(
        FloatingPointError, match=r"epoch 1: the loss is .*Got alpha=1e\+30: lower it"
    ):
        model.partial_fit(documents)
    assert_array_equal(model.keyed_vectors_.vectors, vectors)
    fresh = clone(model)
    with pytest.raises(FloatingPointError):
        fresh.fit(documents)
    assert not hasattr(fresh, "keyed_vectors_")
