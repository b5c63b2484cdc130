"""Elastic weight consolidation: the Fisher information written out, and what it holds back."""

import numpy as np
import pytest

from textvec import EWC
from textvec.finetune.ewc import fisher_information, penalty_of

torch = pytest.importorskip("torch")


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2)
    ).double()


@pytest.mark.parametrize("n_pairs", [5, 19])
def test_fisher_information_is_the_mean_of_squared_slopes(n_pairs, capsys):
    model = network()
    model[0].bias.requires_grad_(False)
    made = torch.Generator().manual_seed(1)
    texts, positives = (
        torch.randn(n_pairs, 4, generator=made, dtype=torch.float64) for _ in range(2)
    )

    def embed(start, end):
        return model(texts[start:end]), model(positives[start:end])

    found = fisher_information(model, embed, n_pairs, 0.1, verbose=n_pairs == 5)
    assert ("5/5" in capsys.readouterr().err) == (n_pairs == 5)
    weights = [weight for weight, _ in found]
    assert len(weights) == 3
    assert all(weight is not model[0].bias for weight in weights)
    sums = [np.zeros(weight.shape) for weight in weights]
    for i in range(n_pairs):
        start = i // 16 * 16
        rows = slice(start, min(start + 16, n_pairs))
        left, right = (
            torch.nn.functional.normalize(model(one[rows])) for one in (texts, positives)
        )
        told = torch.log_softmax(left[i - start] @ right.T / 0.1, dim=0)[i - start]
        for total, slope in zip(sums, torch.autograd.grad(told, weights, allow_unused=True)):
            total += 0 if slope is None else slope.numpy() ** 2
    mean = sum(total.sum() for total in sums) / sum(total.size for total in sums)
    for total, (_, information) in zip(sums, found):
        np.testing.assert_allclose(information, total / mean, atol=1e-10)


def test_what_counts_is_how_far_weights_went():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    penalty = penalty_of([(weight, torch.tensor([3.0, 0.5]))], 4)
    assert penalty().item() == 0
    with torch.no_grad():
        weight += torch.tensor([1.0, -2.0])
    assert penalty().item() == pytest.approx(4 / 2 * (3 * 1 + 0.5 * 4))
    penalty().backward()
    assert weight.grad.tolist() == [12.0, -4.0]


@pytest.mark.parametrize("bad", [{"weight": -1}, {"n_records": 1}])
def test_bad_settings(bad):
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=f"{name} must be at least .* Got {value} instead"):
        EWC(["a", "b"], **bad)._check()
