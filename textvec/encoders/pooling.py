"""From one vector for each token to one for the text: eight poolings of the literature.

All but ``max`` are weighted sums over the tokens, whose weights depend on the attention mask
alone. ``n`` is the number of tokens of a text, ``h_i`` the last layer's vector of token ``i``
(counted from 1 and from the text's first token, wherever the padding stands), and ``e_i`` and
``f_i`` are the vectors of the embedding layer and of the first transformer layer.

======================= ============================ ===========================================
name                    vector of a text             source
======================= ============================ ===========================================
``cls``                 h_1                          Devlin et al. 2019, BERT
``mean``                sum_i h_i / n                Reimers and Gurevych 2019, Sentence-BERT
``max``                 max_i h_i, in each dimension the same
``mean_sqrt_len``       sum_i h_i / sqrt(n)          Cer et al. 2018, Universal Sentence Encoder
``first_last_mean``     sum_i (f_i + h_i) / 2n       Su et al. 2021, whitening
``embedding_last_mean`` sum_i (e_i + h_i) / 2n       Li et al. 2020, BERT-flow
``last_weighted``       sum_i i h_i / sum_i i        Muennighoff 2022, SGPT
``last_token``          h_n                          Neelakantan et al. 2022, arXiv 2201.10005
======================= ============================ ===========================================
"""

import numpy as np

from textvec._checks import check_choice

# pooling -> the layers it takes the mean of: 0 is the embedding layer, -1 the last.
LAYERS = {
    "cls": (-1,),
    "mean": (-1,),
    "max": (-1,),
    "mean_sqrt_len": (-1,),
    "first_last_mean": (1, -1),
    "embedding_last_mean": (0, -1),
    "last_weighted": (-1,),
    "last_token": (-1,),
}
POOLINGS = tuple(LAYERS)
LAST_LAYER_POOLINGS = tuple(name for name, layers in LAYERS.items() if layers == (-1,))


def token_weights(pooling, attention_mask):
    """Return how much each token counts in a pooling that is a weighted sum.

    Parameters
    ----------
    pooling : str
        One of ``POOLINGS`` but ``"max"``.
    attention_mask : ndarray of shape (n_texts, n_tokens)
        1 where a token stands, 0 for padding, on either side.

    Returns
    -------
    ndarray of shape (n_texts, n_tokens), float32
        0 for padding. A text without tokens has zeros only, and thus the zero vector.

    Examples
    --------
    >>> token_weights("last_weighted", [[0, 1, 1, 1]]).round(2)
    array([[0.  , 0.17, 0.33, 0.5 ]], dtype=float32)
    """
    check_choice("pooling", pooling, [name for name in POOLINGS if name != "max"])
    mask = np.asarray(attention_mask, np.float64)
    position = mask.cumsum(axis=1) * mask  # 1, 2, ... from the first token on
    length = mask.sum(axis=1, keepdims=True)
    match pooling:
        case "cls":
            weights = position == 1
        case "last_token":
            weights = (position == length) & (mask > 0)
        case "mean_sqrt_len":
            weights = mask / np.sqrt(np.maximum(length, 1))
        case "last_weighted":
            weights = position / np.maximum(length * (length + 1) / 2, 1)
        case _:
            weights = mask / np.maximum(length, 1)
    return weights.astype(np.float32)


def pool(pooling, layers, attention_mask):
    """Pool the token vectors of a padded batch into a vector for each text.

    Parameters
    ----------
    pooling : {"cls", "mean", "max", "mean_sqrt_len", "first_last_mean", "embedding_last_mean", \
"last_weighted", "last_token"}
        How; the module's table has the formulas.
    layers : sequence of ndarray of shape (n_texts, n_tokens, n_dimensions), float32
        The network's hidden states: embedding layer, first layer, ..., last layer. Only the last
        is needed where the formula has no other.
    attention_mask : ndarray of shape (n_texts, n_tokens)
        1 where a token stands, 0 for padding, on either side.

    Returns
    -------
    ndarray of shape (n_texts, n_dimensions), float32
        Zeros for a text without tokens.

    Raises
    ------
    ValueError
        If the pooling is unknown, or needs a layer that is not given.

    Examples
    --------
    >>> last = np.array([[[1, 0], [3, 4], [9, 9]]], dtype=np.float32)
    >>> pool("mean", [last], [[1, 1, 0]])
    array([[2., 2.]], dtype=float32)
    """
    check_choice("pooling", pooling, POOLINGS)
    wanted = LAYERS[pooling]
    if len(layers) < len(wanted):
        raise ValueError(
            f"pooling {pooling!r} needs the hidden states of all layers. Got {len(layers)} layer. "
            f"Choose one of {', '.join(LAST_LAYER_POOLINGS)}."
        )
    mask = np.asarray(attention_mask, bool)
    hidden = sum(layers[layer] for layer in wanted) / np.float32(len(wanted))
    # What a network leaves at padding may be NaN, which no weight of 0 would silence.
    if pooling == "max":
        peaks = np.where(mask[:, :, None], hidden, -np.inf).max(axis=1)
        return np.where(mask.any(axis=1)[:, None], peaks, 0).astype(np.float32)
    hidden = np.where(mask[:, :, None], hidden, 0)
    weights = token_weights(pooling, mask)
    return (weights[:, None, :] @ hidden)[:, 0].astype(np.float32)
