"""Elastic weight consolidation: learn the new, and leave alone what the old needs."""

from dataclasses import dataclass

from textvec._checks import check_number
from textvec.finetune.settings import Settings

_AT_ONCE = 16  # records among which one is to be told


@dataclass
class EWC(Settings):
    """Keep the weights near where they were, the more the more general texts depend on them.

    Formula: L + (w / 2) sum_k F_k (theta_k - theta*_k)^2, where theta* are the weights before
    and F_k is the diagonal of the Fisher information, the mean over the general records of
    (d log p / d theta_k)^2; p is the probability that a text's own positive is told from those of
    15 others. F is divided by its mean, so that ``weight`` means the same for any model. Source:
    Kirkpatrick et al. 2017, "Overcoming catastrophic forgetting in neural networks".

    Parameters
    ----------
    records : list
        Texts, pairs or records, as ``fit`` takes them, of what is not to be forgotten. Texts alone
        are their own positives, through two draws of dropout.
    weight : float >= 0, default=1.0
        How much it counts.
    n_records : int >= 2, default=256
        How many of them are looked at, the first ones. Each costs a backward pass of its own
        through 16 records: 256 take minutes where two cores train a network of six layers.

    Examples
    --------
    >>> EWC(["the sea", "a quiet room"], weight=0.5)
    EWC(records=['the sea', 'a quiet room'], weight=0.5, n_records=256)
    """

    records: object
    weight: float = 1.0
    n_records: int = 256

    def _check(self):
        """Raise if a parameter is out of range."""
        check_number("weight", self.weight, low=0)
        check_number("n_records", self.n_records, low=2, integer=True)


def fisher_information(model, embed_pairs, n_pairs, temperature, verbose=False):
    """Return the diagonal Fisher information of the weights that learn, over its mean.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    embed_pairs : callable
        Gives the vectors of both sides of the pairs from one place to another.
    n_pairs : int
        How many there are.
    temperature : float
        What cosines are divided by.
    verbose : bool, default=False
        Whether to show progress.

    Returns
    -------
    list of (weight, tensor)
        The tensors are of the weights' shapes.
    """
    import torch
    from tqdm import tqdm

    learning = [weight for weight in model.parameters() if weight.requires_grad]
    sums = [torch.zeros_like(weight) for weight in learning]
    with tqdm(total=n_pairs, desc="EWC", unit="record", disable=not verbose) as progress:
        for start in range(0, n_pairs, _AT_ONCE):
            texts, positives = (
                torch.nn.functional.normalize(side, dim=1)
                for side in embed_pairs(start, min(start + _AT_ONCE, n_pairs))
            )
            told = (texts @ positives.T / temperature).log_softmax(dim=1).diagonal()
            for number, one in enumerate(told):
                gradients = torch.autograd.grad(
                    one, learning, retain_graph=number < len(told) - 1, allow_unused=True
                )
                for total, gradient in zip(sums, gradients):
                    if gradient is not None:
                        total += gradient.square()
                progress.update()
    n_weights = sum(total.numel() for total in sums)
    mean = float(sum(total.double().sum() for total in sums)) / n_weights
    return [(weight, total / mean if mean else total) for weight, total in zip(learning, sums)]


def penalty_of(fisher, weight):
    """Return what counts how far weights went: (w / 2) sum_k F_k (theta_k - theta*_k)^2.

    Parameters
    ----------
    fisher : list of (weight, tensor)
        The weights as they are now are theta*.
    weight : float
        How much it counts.

    Returns
    -------
    callable
        Takes nothing, and returns a tensor without axes.
    """
    known = [(now, now.detach().clone(), information) for now, information in fisher]

    def penalty():
        parts = [
            (information * (now - before).square()).sum() for now, before, information in known
        ]
        return weight / 2 * sum(parts[1:], parts[0])

    return penalty
