"""RetroMAE: an encoder that learns, from plain texts, to put a whole text into one vector.

The encoder reads a text of which some tokens are masked, and the vector of its first token, ``h``,
is all that a weak decoder of one layer gets of it: the better ``h``, the better the decoder guesses
the text. It is thrown away afterwards.

Basic decoding: the decoder reads ``[h, e_1 + p_1, ..., e_N + p_N]`` with most tokens masked, and
guesses these. Enhanced decoding guesses every token from what a mask lets it see: queries are
``H1 = [h + p_0, ..., h + p_N]``, keys and values ``H2 = [h, e_1 + p_1, ..., e_N + p_N]``, and
``A = softmax(Q K^T / sqrt(d) + M) V`` with ``M`` from :func:`sampled_attention`.

The loss is the encoder's cross-entropy of its masked tokens plus the decoder's.

Source: Xiao et al. 2022, "RetroMAE: pre-training retrieval-oriented language models via masked
auto-encoder" (arXiv 2205.12035), sections 3.1 to 3.3.
"""

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from textvec._checks import check_choice, check_number, check_type, import_optional
from textvec._writing import check_new_folder, new_folder
from textvec.dense.static_models import modules_of
from textvec.encoders.batching import check_texts
from textvec.encoders.model_files import find_model
from textvec.encoders.networks import check_complete, quiet

_IGNORED = -100  # what cross-entropy passes over
_LONGEST = 512


@dataclass(frozen=True)
class Pretraining:
    """How an encoder is pretrained.

    Parameters
    ----------
    decoder : {"enhanced", "basic"}, default="enhanced"
        Which decoding; see :func:`~textvec.pretrain_retromae`.
    encoder_mask : float in (0, 1), default=0.3
        The share of tokens that the encoder does not see: 0.15 to 0.3.
    decoder_mask : float in (0, 1), default=0.5
        The share that the decoder does not see: 0.5 to 0.7.
    max_length : int >= 3, default=None
        The most tokens of a text; None for the model's own limit, 512 at most.
    epochs : float > 0, default=1
        Times that all texts are read.
    max_steps : int >= 1, default=None
        Stop after so many steps, whatever ``epochs`` says.
    batch_size : int >= 1, default=32
        Texts of a step.
    learning_rate : float > 0, default=1e-4
        At its highest, after the first tenth of the steps; then it falls to 0.
    trainer : dict, default=None
        Further arguments of transformers' ``TrainingArguments``, such as ``{"bf16": True}``.

    Examples
    --------
    >>> Pretraining(encoder_mask=0.15).decoder_mask
    0.5
    """

    decoder: str = "enhanced"
    encoder_mask: float = 0.3
    decoder_mask: float = 0.5
    max_length: int | None = None
    epochs: float = 1
    max_steps: int | None = None
    batch_size: int = 32
    learning_rate: float = 1e-4
    trainer: dict | None = None

    def _check(self):
        check_choice("decoder", self.decoder, ("enhanced", "basic"))
        for name in ("encoder_mask", "decoder_mask"):
            check_number(name, getattr(self, name), low=0.01, high=0.99)
        for name in ("epochs", "learning_rate"):
            check_number(name, getattr(self, name), low=1e-9)
        check_number("batch_size", self.batch_size, low=1, integer=True)
        for name, low in (("max_length", 3), ("max_steps", 1)):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), low=low, integer=True)
        check_type("trainer", self.trainer, dict | None, "a dict, or None")


def sampled_attention(n_tokens, share, random):
    """Return which positions each position sees in enhanced decoding: never itself.

    Row i sees position 0, where the text's vector stands, and a sample of the others but i. Row 0
    sees a sample alone.

    Parameters
    ----------
    n_tokens : int >= 2
        Positions, that of the text's vector included.
    share : float in (0, 1)
        Of the others, how many a row sees: one at least.
    random : numpy.random.RandomState
        Draws.

    Returns
    -------
    ndarray of shape (n_tokens, n_tokens), bool
        True at i, j where row i sees position j.

    Examples
    --------
    >>> seen = sampled_attention(5, 0.3, np.random.RandomState(143))
    >>> for row in seen:
    ...     print(*(".●"[int(sees)] for sees in row))
    . ● . . .
    ● . ● . .
    ● ● . . .
    ● . . . ●
    ● . . ● .
    """
    order = random.random_sample((n_tokens, n_tokens))
    order[:, 0] = np.inf
    np.fill_diagonal(order, np.inf)
    n_seen = min(max(1, round(share * (n_tokens - 1))), max(n_tokens - 2, 1))
    chosen = np.argsort(order, axis=1)[:, :n_seen]
    seen = np.zeros((n_tokens, n_tokens), bool)
    np.put_along_axis(seen, chosen, True, axis=1)
    seen[:, 0] = True
    np.fill_diagonal(seen, False)
    return seen


def pretrain_retromae(
    model, texts, path, pretraining=None, random_state=0, device="auto", verbose=False
):
    """Pretrain an encoder on plain texts, so that the vector of its first token holds the text.

    Do this before tuning, where the texts of your field are many and pairs of them few. The loop is
    that of transformers' Trainer.

    Parameters
    ----------
    model : str or path-like
        A folder, or a name on the hub, of a masked language model with a vector for each position
        (BERT, RoBERTa, ELECTRA and the like). One without a head for masked tokens gets a new one.
    texts : iterable of str
        The texts.
    path : str or path-like
        The folder to write; it must not exist, or be empty.
    pretraining : Pretraining, default=None
        Masks, steps and lengths; None for the defaults.
    random_state : int, default=0
        Of masks, order and new weights: the same seed on the same processor gives the same model.
    device : {"auto", "cpu"}, default="auto"
        Where to compute; ``"auto"`` is what the Trainer finds.
    verbose : bool, default=False
        Show progress and losses.

    Returns
    -------
    str
        The folder: a model whose pooling is ``"cls"``, for
        :class:`~textvec.TransformerVectorizer`, tuning, and everything else.

    Raises
    ------
    FileExistsError
        If the folder holds something already.
    TypeError
        If a parameter is of the wrong kind, or a text no str.
    ValueError
        If a parameter is out of range, there are no texts, or the model computes its positions.
    FloatingPointError
        If the loss becomes NaN or infinite.

    References
    ----------
    Xiao et al. 2022, RetroMAE (arXiv 2205.12035).

    Examples
    --------
    >>> pretrain_retromae("no/folder", ["a text"], "out", Pretraining(encoder_mask=2))
    Traceback (most recent call last):
    ValueError: encoder_mask must be between 0.01 and 0.99. Got 2 instead.
    """
    from textvec.finetune.running import drawing_from

    pretraining = Pretraining() if pretraining is None else pretraining
    check_type("pretraining", pretraining, Pretraining, "a Pretraining, or None")
    pretraining._check()
    check_choice("device", device, ("auto", "cpu"))
    check_number("random_state", random_state, low=0, high=2**32 - 1, integer=True)
    check_new_folder(path)
    check_type("texts", texts, Iterable, "a list of str")
    texts = [text for text in check_texts(texts) if text.strip()]
    if not texts:
        raise ValueError("texts must hold a text that is not empty. Got none.")
    import_optional("torch", "finetune")
    transformers = import_optional("transformers", "finetune")
    import_optional("accelerate", "finetune")
    folder = find_model(model)
    with drawing_from(random_state):
        tokenizer, network = _opened(transformers, folder)
        length = pretraining.max_length or min(folder.max_length or _LONGEST, _LONGEST)
        folder.check_length(pretraining.max_length, 2)
        rows = tokenizer(texts, truncation=True, max_length=length, verbose=False)["input_ids"]
        wrapped = auto_encoder(network, pretraining.decoder)
        collate = _Collator(tokenizer, pretraining, np.random.RandomState(random_state))
        with tempfile.TemporaryDirectory() as work:
            _train(transformers, wrapped, rows, collate, pretraining, work, device, verbose)
        with new_folder(path) as aside:
            network.save_pretrained(aside)
            tokenizer.save_pretrained(aside)
            _write_modules(aside, network.config.hidden_size, length)
    return os.fspath(path)


def _opened(transformers, folder):
    """Return the tokenizer and the masked language model of a folder."""
    folder.check_code(trust_remote_code=False)
    with quiet(transformers), folder.loading():
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder.path, local_files_only=True, trust_remote_code=False
        )
        network, report = transformers.AutoModelForMaskedLM.from_pretrained(
            folder.path,
            local_files_only=True,
            trust_remote_code=False,
            dtype="float32",
            output_loading_info=True,
        )
    check_complete(folder, report, r"^(cls|lm_head|generator|predictions|vocab)|pooler")
    if tokenizer.mask_token_id is None or tokenizer.cls_token_id is None:
        raise ValueError(f"The tokenizer in {folder.path} must have a mask token and a first one.")
    if _head(network) is None or getattr(_embeddings(network), "position_embeddings", None) is None:
        raise ValueError(
            f"{folder.path} must learn a vector for each position, and have a head for masked "
            f"tokens, as BERT and RoBERTa do. Got a {type(network).__name__}."
        )
    return tokenizer, network


def _embeddings(network):
    return getattr(network.base_model, "embeddings", None)


def _head(network):
    """Return what guesses tokens from vectors: BERT's, or RoBERTa's."""
    return getattr(network, "cls", None) or getattr(network, "lm_head", None)


def auto_encoder(network, decoder="enhanced"):
    """Return an encoder with a decoder of one layer: what is trained.

    Parameters
    ----------
    network : PreTrainedModel
        A masked language model of transformers; its embeddings and its head serve the decoder, too.
    decoder : {"enhanced", "basic"}, default="enhanced"
        Which decoding.

    Returns
    -------
    torch.nn.Module
        Takes a batch of the collator, and returns ``{"loss": ..., "encoder_loss": ...,
        "decoder_loss": ...}``.
    """
    import torch
    from torch.nn.functional import cross_entropy

    config = network.config

    class Layer(torch.nn.Module):
        """Attention of queries to keys, which are values, too, and two products after it."""

        def __init__(self):
            super().__init__()
            width, inner = config.hidden_size, config.intermediate_size
            n_heads, share = config.num_attention_heads, config.hidden_dropout_prob
            self.attention = torch.nn.MultiheadAttention(width, n_heads, share, batch_first=True)
            self.after_attention = torch.nn.LayerNorm(width)
            self.products = torch.nn.Sequential(
                torch.nn.Linear(width, inner),
                torch.nn.GELU(),
                torch.nn.Linear(inner, width),
                torch.nn.Dropout(share),
            )
            self.after_products = torch.nn.LayerNorm(width)

        def forward(self, queries, keys, seen):  # (B, N, width), (B, N, width), (B, N, N)
            n_heads = self.attention.num_heads
            hidden = seen.logical_not().repeat_interleave(n_heads, dim=0)  # (B * heads, N, N)
            found, _ = self.attention(queries, keys, keys, attn_mask=hidden, need_weights=False)
            found = self.after_attention(queries + found)
            return self.after_products(found + self.products(found))

    class AutoEncoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network
            self.layer = Layer()

        def forward(
            self, input_ids, attention_mask, labels, decoder_ids, decoder_labels, seen
        ):  # (B, N) each, and (B, N, N)
            encoded = self.network.base_model(input_ids, attention_mask=attention_mask)[0]
            h = encoded[:, :1]  # (B, 1, width)
            embeddings = _embeddings(self.network)
            keys = torch.cat([h, embeddings(input_ids=decoder_ids)[:, 1:]], dim=1)
            queries = keys
            if decoder == "enhanced":
                table = embeddings.position_embeddings
                first = 0 if table.padding_idx is None else table.padding_idx + 1
                queries = h + table.weight[first : first + keys.shape[1]]
            decoded = self.layer(queries, keys, seen)
            of_encoder = self._loss(encoded, labels)
            of_decoder = self._loss(decoded, decoder_labels)
            loss = of_encoder + of_decoder
            if not torch.isfinite(loss):
                raise FloatingPointError(
                    f"The loss is {float(loss.detach())}: lower learning_rate."
                )
            return {"loss": loss, "encoder_loss": of_encoder, "decoder_loss": of_decoder}

        def _loss(self, hidden, labels):
            guessed = labels != _IGNORED  # the head costs most: only where it is asked
            logits = _head(self.network)(hidden[guessed])
            return cross_entropy(logits, labels[guessed]) if len(logits) else hidden.sum() * 0

    return AutoEncoder()


class _Collator:
    """From rows of token ids to a batch: masked for the encoder, and for the decoder.

    Parameters
    ----------
    tokenizer : transformers tokenizer
        Knows the special tokens.
    pretraining : Pretraining
        How much is masked.
    random : numpy.random.RandomState
        Draws.
    """

    def __init__(self, tokenizer, pretraining, random):
        self.special = np.array(sorted(tokenizer.all_special_ids))
        self.mask_id, self.pad_id = tokenizer.mask_token_id, tokenizer.pad_token_id or 0
        self.pretraining, self.random = pretraining, random

    def __call__(self, rows):
        import torch

        rows = [row["input_ids"] for row in rows]
        n_tokens = max(2, *map(len, rows))
        ids = np.full((len(rows), n_tokens), self.pad_id)
        given = np.zeros((len(rows), n_tokens), bool)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = tokens
            given[row, : len(tokens)] = True
        masked, labels = self._masked(ids, self.pretraining.encoder_mask)
        if self.pretraining.decoder == "enhanced":
            decoder_ids, decoder_labels = ids, np.where(np.isin(ids, self.special), _IGNORED, ids)
            seen = np.zeros((len(rows), n_tokens, n_tokens), bool)
            for row, tokens in enumerate(rows):
                n = len(tokens)
                if n > 1:
                    share = 1 - self.pretraining.decoder_mask
                    seen[row, :n, :n] = sampled_attention(n, share, self.random)
        else:
            decoder_ids, decoder_labels = self._masked(ids, self.pretraining.decoder_mask)
            seen = np.repeat(given[:, None], n_tokens, axis=1)
        seen[..., 0] |= ~seen.any(axis=2)  # what fills up sees something, else it is NaN
        batch = {
            "input_ids": masked,
            "attention_mask": given.astype(np.int64),
            "labels": labels,
            "decoder_ids": decoder_ids,
            "decoder_labels": decoder_labels,
            "seen": seen,
        }
        return {name: torch.from_numpy(array) for name, array in batch.items()}

    def _masked(self, ids, share):
        """Return token ids with a share of each text masked, and what was there."""
        chance = self.random.random_sample(ids.shape)
        chance[np.isin(ids, self.special)] = np.inf
        n_words = np.isfinite(chance).sum(axis=1)
        n_masked = np.where(n_words, np.maximum(1, np.rint(share * n_words)), 0)
        ranks = chance.argsort(axis=1).argsort(axis=1)
        chosen = (ranks < n_masked[:, None]) & np.isfinite(chance)
        return np.where(chosen, self.mask_id, ids), np.where(chosen, ids, _IGNORED)


def _train(transformers, wrapped, rows, collate, pretraining, work, device, verbose):
    given = {
        "num_train_epochs": pretraining.epochs,
        "max_steps": pretraining.max_steps or -1,
        "per_device_train_batch_size": pretraining.batch_size,
        "learning_rate": pretraining.learning_rate,
        "warmup_steps": 0.1,
        "lr_scheduler_type": "linear",
        "save_strategy": "no",
        "logging_steps": 50,
        "report_to": "none",
        "disable_tqdm": not verbose,
        "use_cpu": device == "cpu",
        "remove_unused_columns": False,
        "dataloader_pin_memory": False,
        "seed": int(collate.random.randint(2**31)),
    }
    arguments = transformers.TrainingArguments(
        output_dir=work, **given | (pretraining.trainer or {})
    )
    trainer = transformers.Trainer(
        model=wrapped,
        args=arguments,
        train_dataset=[{"input_ids": row} for row in rows],
        data_collator=collate,
    )
    if not verbose:
        trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    wrapped.eval().to("cpu")


def _write_modules(folder, width, length):
    """Say in sentence-transformers' words that the vector of a text is that of its first token."""
    pooling = {"word_embedding_dimension": width, "pooling_mode_cls_token": True}
    pooling |= {"pooling_mode_mean_tokens": False}
    files = {
        "modules.json": modules_of([("", "Transformer"), ("1_Pooling", "Pooling")]),
        "1_Pooling/config.json": pooling,
        "sentence_bert_config.json": {"max_seq_length": length, "do_lower_case": False},
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
