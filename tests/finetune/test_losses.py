"""Losses: known answers, sentence-transformers' values and slopes, and what is no negative."""

import numpy as np
import pytest

from textvec.finetune import losses

torch = pytest.importorskip("torch")

T = 0.5


def at(*degrees):
    """Return unit vectors of a plane by their angles."""
    angles = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return torch.stack([angles.cos(), angles.sin()], dim=1)


Q, P, N = at(0, 90, 180), at(30, 60, 150), at(60, 150, 120)


@pytest.mark.parametrize(
    ("name", "arrays", "settings", "expected"),
    [
        ("pair_softmax", (Q, P), {}, 0.393162),
        ("pair_cosent", (Q, P), {}, 0.393162),
        ("pair_softmax", (Q, P), {"symmetric": True}, 0.407054),
        ("pair_cosent", (Q, P), {"symmetric": True}, 0.407054),
        ("infonce", (Q, P), {"symmetric": True}, 0.407054),
        ("pair_sigmoid", (Q, P), {}, 0.217115),
        ("triplet_softmax", (Q, P, N), {}, 0.879181),
        ("triplet_cosent", (Q, P, N), {}, 0.879181),
        ("infonce", (Q, P), {}, 0.393162),
        ("infonce", (Q, P, N), {}, 1.066634),
        ("triplet_sigmoid", (Q, P, N), {}, 0.379374),
        ("gte", (Q, P), {}, 1.396379),
    ],
)
def test_known_answers(name, arrays, settings, expected):
    found = getattr(losses, name)(*arrays, temperature=T, **settings)
    assert value(found) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("degrees", "expected"), [((20, 80, 50), 0.00271772), ((80, 20, 50), 15.323607)]
)
def test_known_answers_of_cosent(degrees, expected):
    found = losses.cosent(at(0, 0, 0), at(*degrees), [1, 0, 0.5])
    assert value(found) == pytest.approx(expected, rel=1e-6)


def test_known_answers_of_angles():
    u, v = [[1, 2, 3, 4], [1, 0, 0, 1], [3, 1, 4, 1]], [[4, 3, 2, 1], [0, 1, 1, 0], [3, 1, 4, 1]]
    assert losses.angle_similarity(u, v).tolist() == pytest.approx([4 / 3, 0, 1])
    with pytest.raises(ValueError, match="even width. Got 3"):
        losses.angle_similarity([[1, 2, 3]], [[1, 2, 3]])


def value(loss):
    """Return a loss as a number."""
    return loss.detach().item()


def vectors(n, seed=0, rows=9):
    made = torch.Generator().manual_seed(seed)
    return [
        torch.randn(rows, 12, generator=made, dtype=torch.float64).requires_grad_()
        for _ in range(n)
    ]


SCORES = torch.tensor([0, 0.2, 1, 0.4, 0.4, 0.8, 0.2, 0.6, 1], dtype=torch.float64)


def theirs(name, **settings):
    """Return a loss of sentence-transformers as a function of vectors."""
    from sentence_transformers.sentence_transformer import losses as peers

    loss = getattr(peers, name)(torch.nn.Identity(), **settings)

    def of_vectors(*arrays, scores=None):
        return loss.compute_loss_from_embeddings(list(arrays), scores)

    return of_vectors


SYMMETRIC = {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"}
ALL = {"directions": ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")}


@pytest.mark.parametrize(
    ("ours", "name", "settings", "n_columns"),
    [
        (losses.pair_softmax, "MultipleNegativesRankingLoss", {}, 2),
        (losses.infonce, "MultipleNegativesRankingLoss", {}, 2),
        (losses.infonce, "MultipleNegativesRankingLoss", {}, 3),
        (
            lambda q, p, *n: losses.infonce(q, p, torch.stack(n), temperature=0.02),
            "MultipleNegativesRankingLoss",
            {"scale": 50},
            5,
        ),
        (
            lambda q, p: losses.pair_softmax(q, p, symmetric=True),
            "MultipleNegativesRankingLoss",
            SYMMETRIC,
            2,
        ),
        (losses.gte, "MultipleNegativesRankingLoss", ALL, 2),
    ],
)
def test_values_and_slopes_are_those_of_sentence_transformers(ours, name, settings, n_columns):
    assert_equal(ours, theirs(name, **settings), vectors(n_columns))


@pytest.mark.parametrize(
    ("ours", "name", "settings"),
    [
        (losses.cosent, "CoSENTLoss", {}),
        (lambda a, b, y: losses.angle(a, b, y, weights=(0, 0, 1)), "AnglELoss", {"scale": 1}),
        (losses.cosine_regression, "CosineSimilarityLoss", {}),
    ],
)
def test_of_scores_too(ours, name, settings):
    if name == "CosineSimilarityLoss":

        def peer(a, b):
            cosines = torch.nn.functional.cosine_similarity(a, b)
            return torch.nn.functional.mse_loss(cosines, SCORES)
    else:
        of_vectors = theirs(name, **settings)

        def peer(a, b):
            return of_vectors(a, b, scores=SCORES)

    assert_equal(lambda a, b: ours(a, b, SCORES), peer, vectors(2))


def test_angle_is_its_three_parts():
    a, b = vectors(2)
    high = SCORES >= 0.5
    s = torch.nn.functional.normalize(a) @ torch.nn.functional.normalize(b).T / 0.05
    softmax = torch.nn.functional.cross_entropy(s[high], torch.arange(9)[high])
    expected = 2 * losses.cosent(a, b, SCORES) + 3 * softmax
    expected += 4 * losses.angle(a, b, SCORES, weights=(0, 0, 1))
    assert value(losses.angle(a, b, SCORES, weights=(2, 3, 4))) == pytest.approx(value(expected))
    low = losses.angle(a, b, torch.zeros(9), weights=(1, 1, 1))
    assert value(low) == 0


def assert_equal(ours, peer, arrays):
    found, expected = ours(*arrays), peer(*arrays)
    assert value(found) == pytest.approx(value(expected), abs=1e-6)
    slopes = torch.autograd.grad(found, arrays)
    for slope, other in zip(slopes, torch.autograd.grad(expected, arrays)):
        assert abs(slope).max() > 1e-4
        np.testing.assert_allclose(slope, other, rtol=0, atol=1e-5)


# --------------------------------------------------------------------------- what is no negative

PAIRS = [losses.pair_softmax, losses.pair_cosent, losses.pair_sigmoid, losses.infonce, losses.gte]


@pytest.mark.parametrize("loss", PAIRS)
def test_what_is_ignored_is_as_if_far_away(loss):
    """A batch in which pairs 0 and 3 are of one class, against the loss written out."""
    q, p = vectors(2, rows=4)
    ignore = np.zeros((4, 4), bool)
    ignore[0, 3] = ignore[3, 0] = True
    ignore[2, 2] = True  # a text's own positive stays, whatever it is told
    found = value(loss(q, p, ignore=ignore))
    assert found == pytest.approx(written_out(loss.__name__, q, p, ignore), abs=1e-9)
    assert found != pytest.approx(value(loss(q, p)), abs=1e-3)


def written_out(name, q, p, ignore):
    q, p = (one.detach().numpy() / np.linalg.norm(one.detach(), axis=1)[:, None] for one in (q, p))
    e = {"qp": q @ p.T, "qq": q @ q.T, "pp": p @ p.T}
    e = {key: np.exp(value / losses.TEMPERATURE) for key, value in e.items()}
    terms = []
    for i in range(len(q)):
        others = [j for j in range(len(q)) if j != i and not ignore[i, j]]
        own = e["qp"][i, i]
        if name == "pair_sigmoid":
            terms += [np.log(1 + e["qp"][i, j] / own) for j in others]
            continue
        z = own + sum(e["qp"][i, j] for j in others)
        if name == "gte":
            z += own + sum(e["qp"][j, i] + e["qq"][i, j] + e["pp"][j, i] for j in others)
        terms.append(np.log(z / own))
    return np.mean(terms)


def test_ignored_negatives_of_triplets():
    q, p, n = vectors(3)
    ignore = np.zeros((9, 9), bool)
    ignore[:, 1:] = True
    for loss in (losses.triplet_softmax, losses.triplet_cosent, losses.triplet_sigmoid):
        found, expected = loss(q, p, n, ignore=ignore), loss(q, p, n[:1])
        assert value(found) == pytest.approx(value(expected))
    everything = losses.triplet_sigmoid(q, p, n, ignore=np.ones((9, 9), bool))
    assert value(everything) == 0
    both = np.concatenate([np.zeros((9, 9), bool), ignore], axis=1)
    found, expected = losses.infonce(q, p, n, ignore=both), losses.infonce(q, p, n[:1])
    assert value(found) == pytest.approx(value(expected))


def test_hard_negatives_of_ones_own():
    q, p, n, m = vectors(4)
    found = losses.infonce(q, p, torch.stack([n, m]), shared=False)
    s = [torch.nn.functional.normalize(one) for one in (q, p, n, m)]
    own = torch.stack([(s[0] * s[2]).sum(1), (s[0] * s[3]).sum(1)], dim=1)
    all_of = torch.cat([s[0] @ s[1].T, own], dim=1) / losses.TEMPERATURE
    expected = torch.nn.functional.cross_entropy(all_of, torch.arange(9))
    assert value(found) == pytest.approx(value(expected))


# -------------------------------------------------------------------------------------- wrappers


def test_matryoshka_sums_over_leading_dimensions():
    q, p, n = vectors(3)
    loss = losses.matryoshka(losses.infonce, [12, 4], [1, 0.5])
    expected = losses.infonce(q, p, n) + 0.5 * losses.infonce(q[:, :4], p[:, :4], n[:, :4])
    assert value(loss(q, p, n)) == pytest.approx(value(expected))
    scored = losses.matryoshka(losses.cosent, [12, 4])
    expected = losses.cosent(q, p, SCORES) + losses.cosent(q[:, :4], p[:, :4], SCORES)
    assert value(scored(q, p, SCORES)) == pytest.approx(value(expected))


@pytest.mark.parametrize("chunk_size", [2, 4, 9, 20])
def test_cached_gradients_are_those_of_the_whole_batch(chunk_size):
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(12, 8), torch.nn.Tanh(), torch.nn.Linear(8, 6))
    network = network.double()
    columns = [{"x": one.detach(), "prompt": "kept"} for one in vectors(3)]

    def embed(piece):
        assert piece["prompt"] == "kept"
        assert len(piece["x"]) <= chunk_size
        return network(piece["x"])

    found = losses.cached(losses.infonce, embed, chunk_size)(columns, temperature=0.1)
    (3 * found).backward()
    slopes = [one.grad.clone() for one in network.parameters()]
    network.zero_grad()
    expected = losses.infonce(*(network(one["x"]) for one in columns), temperature=0.1)
    (3 * expected).backward()
    assert value(found) == pytest.approx(value(expected))
    for slope, parameter in zip(slopes, network.parameters()):
        np.testing.assert_allclose(slope, parameter.grad, atol=1e-10)
    with torch.no_grad():
        again = losses.cached(losses.infonce, embed, chunk_size)(columns, temperature=0.1)
    assert value(again) == pytest.approx(value(expected))


def test_cached_gradients_draw_the_same_dropout_twice():
    torch.manual_seed(0)
    drawn = []
    dropout = torch.nn.Dropout(0.5)
    weight = torch.ones(12, requires_grad=True, dtype=torch.float64)

    def embed(piece):
        drawn.append(dropout(torch.ones_like(piece["x"])))
        return piece["x"] * weight * drawn[-1]

    columns = [{"x": one.detach()} for one in vectors(2)]
    losses.cached(losses.pair_softmax, embed, 4)(columns).backward()
    after = torch.rand(1)
    assert len(drawn) == 12
    for first, second in zip(drawn[:6], drawn[6:]):
        assert torch.equal(first, second)
    torch.manual_seed(0)
    for _ in range(6):  # the second pass left the generator where the first had brought it
        dropout(torch.ones(4 if _ % 3 < 2 else 1, 12, dtype=torch.float64))
    assert torch.equal(after, torch.rand(1))
