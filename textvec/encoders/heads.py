"""Heads beside a network's weights, as BGE-M3 has them: token weights and a vector for each token.

``h_i`` is the last layer's vector of token ``i`` of a text, and ``h_1`` that of the token at its
beginning. Both heads are one linear layer.

================ ========================================= =====================================
name             of a text                                 file, ``.safetensors`` or ``.pt``
================ ========================================= =====================================
``sparse``       w_t = max_{i: token i is t} relu(W h_i)   ``sparse_linear``
``multi_vector`` v_i = V h_i / |V h_i| for i > 1           ``colbert_linear``
================ ========================================= =====================================

Source: Chen et al. 2024, "BGE M3-Embedding", section 3.2 (arXiv 2402.03216).
"""

import numpy as np
from scipy import sparse

from textvec._checks import import_optional
from textvec.encoders.whole import check_weights

HEAD_FILES = {"sparse": "sparse_linear", "multi_vector": "colbert_linear"}


class SparseHead:
    """Weights of a text's own tokens; tokens that mean nothing have none.

    Parameters
    ----------
    linear : torch.nn.Linear
        From a token's vector to its weight.
    meaningless : set of int
        Ids of the tokens that begin, end and fill texts, and of the unknown one.
    """

    def __init__(self, linear, meaningless):
        self.linear = linear
        self.meaningless = sorted(meaningless)

    def of_batch(self, hidden, rows):
        """Return token ids and weights of each text, a list of arrays of shape (2, n), float32."""
        weights = self.linear(hidden)[:, :, 0].relu().float().cpu().numpy()
        return [
            self._greatest(np.asarray(ids, np.int64), found) for ids, found in zip(rows, weights)
        ]

    def _greatest(self, ids, weights):
        weights = weights[: len(ids)]
        order = np.lexsort((weights, ids))  # NaN comes last, to be told of rather than passed over
        ids, weights = ids[order], weights[order]
        kept = np.append(ids[1:] != ids[:-1], True)[: len(ids)]  # the greatest of each token
        kept &= (weights != 0) & ~np.isin(ids, self.meaningless)
        # Ids below 2^24, as every tokenizer's are, stay whole numbers in float32.
        return np.stack([ids[kept].astype(np.float32), weights[kept]])


class MultiVectorHead:
    """A vector of unit length for each token but the first.

    Parameters
    ----------
    linear : torch.nn.Linear
        From the network's vector of a token to the one that is compared.
    """

    def __init__(self, linear):
        self.linear = linear

    def of_batch(self, hidden, rows):
        """Return the vectors of each text, a list of arrays of shape (n_tokens - 1, width)."""
        vectors = self.linear(hidden[:, 1:]).float()
        vectors = vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-12)
        vectors = vectors.cpu().numpy()
        return [found[: max(len(ids) - 1, 0)].copy() for ids, found in zip(rows, vectors)]


def load_head(name, folder, network, tokenizer):
    """Return a head, read from beside the weights.

    Parameters
    ----------
    name : {"sparse", "multi_vector"}
        Which.
    folder : ModelFolder
        Where its file is.
    network : torch.nn.Module
        Whose vectors it reads; it computes where, and in the numbers in which, the network does.
    tokenizer : transformers tokenizer
        What knows the special tokens.

    Returns
    -------
    SparseHead or MultiVectorHead
        Ready for batches.

    Raises
    ------
    ValueError
        If the file holds anything but one linear layer of the network's width.
    """
    torch = import_optional("torch", "transformers")
    file = folder.head_file(name)
    state = _read_state(torch, file)
    weight, bias = state.get("weight"), state.get("bias")
    size = network.config.hidden_size
    fits = weight is not None and weight.ndim == 2 and weight.shape[1] == size
    if not fits or name == "sparse" and len(weight) != 1:
        shapes = {key: tuple(value.shape) for key, value in state.items()}
        wanted = f"({1 if name == 'sparse' else 'width'}, {size})"
        raise ValueError(
            f"{file} must hold one linear layer with a weight of shape {wanted}. Got {shapes}."
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"{file} must hold a bias of shape ({len(weight)},). Got {tuple(bias.shape)}. Fetch "
            "the model anew."
        )
    linear = torch.nn.Linear(size, len(weight), bias=bias is not None)
    linear.load_state_dict({"weight": weight} | ({} if bias is None else {"bias": bias}))
    one = next(network.parameters())
    linear = linear.to(one.device, one.dtype if one.is_floating_point() else None).eval()
    if name == "multi_vector":
        return MultiVectorHead(linear)
    special = (tokenizer.cls_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id)
    return SparseHead(linear, {*special, tokenizer.unk_token_id} - {None})


def _read_state(torch, file):
    """Return the tensors in a file by name; no code in it can run."""
    check_weights(file)
    try:
        if file.suffix == ".safetensors":
            return import_optional("safetensors.torch", "transformers").load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True)
        return {name: tensor for name, tensor in state.items() if torch.is_tensor(tensor)}
    except Exception as error:  # what damage leads to; of pickles that hold code, too
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"{file} holds no weights: {reason} Fetch the model anew.") from error


def token_matrix(rows, n_columns):
    """Return token weights of texts as one matrix.

    Parameters
    ----------
    rows : list of ndarray of shape (2, n)
        Token ids, ascending, and weights of each text.
    n_columns : int
        Tokens of the vocabulary.

    Returns
    -------
    csr_array of shape (n_texts, n_columns), float32
        Column c is token c of the tokenizer.

    Examples
    --------
    >>> token_matrix([np.array([[0, 2], [0.5, 1.5]]), np.zeros((2, 0))], 3).toarray()
    array([[0.5, 0. , 1.5],
           [0. , 0. , 0. ]], dtype=float32)
    """
    indices, data = np.concatenate([np.zeros((2, 0)), *rows], axis=1)
    indptr = np.cumsum([0, *(row.shape[1] for row in rows)])
    return sparse.csr_array(
        (data.astype(np.float32), indices.astype(np.int32), indptr), (len(rows), n_columns)
    )
