"""What of a network is trained: all of it, its biases, some of its tokens, low ranks, its top."""

import json
from dataclasses import dataclass

from textvec._checks import check_choice, check_flag, check_number, check_type, import_optional
from textvec.finetune.settings import Settings


@dataclass
class Full(Settings):
    """Train every weight."""

    rate = 5e-5  # what learning_rate="auto" is

    def _check(self):
        """Raise if a parameter is out of range."""

    def _prepare(self, model):
        """Choose what learns, in a model of sentence-transformers."""
        model.requires_grad_(True)

    def _finish(self, model):
        """Make the model one that can be saved as it is."""

    def _n_trained(self, model):
        """Return how many weights of a prepared model learn."""
        return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


@dataclass
class BitFit(Full):
    """Train biases and norms alone: a thousandth of the weights.

    Source: Ben Zaken, Goldberg and Ravfogel 2022, "BitFit: simple parameter-efficient fine-tuning
    for transformer-based masked language-models".

    Parameters
    ----------
    keywords : tuple of str, default=("bias", "norm")
        Weights learn whose names hold one of these, in small letters.

    Examples
    --------
    >>> BitFit()
    BitFit(keywords=('bias', 'norm'))
    """

    keywords: tuple = ("bias", "norm")
    rate = 1e-3

    def _check(self):
        check_type("keywords", self.keywords, list | tuple, "a list of str")
        if not self.keywords or not all(isinstance(one, str) and one for one in self.keywords):
            raise ValueError(f"keywords must hold parts of names. Got {self.keywords!r} instead.")

    def _prepare(self, model):
        learning = []
        for name, weight in model.named_parameters():
            weight.requires_grad_(any(word in name.lower() for word in self.keywords))
            learning += [name] * weight.requires_grad
        if not learning:
            some = ", ".join(name for name, _ in list(model.named_parameters())[:3])
            raise ValueError(
                f"No weight's name holds any of {', '.join(map(repr, self.keywords))}. They are "
                f"called {some} and so on."
            )


@dataclass
class Prefix(Full):
    """Put new tokens in front of each text, and train their vectors alone.

    The tokenizer that is saved writes them itself. Source: Li and Liang 2021, "Prefix-tuning", and
    Lester et al. 2021, "The power of scale for parameter-efficient prompt tuning".

    Parameters
    ----------
    n_tokens : int >= 1, default=10
        How many. Texts may be shorter by as many.

    Examples
    --------
    >>> Prefix(n_tokens=4)
    Prefix(n_tokens=4)
    """

    n_tokens: int = 10
    rate = 1e-2

    def _check(self):
        check_number("n_tokens", self.n_tokens, low=1, integer=True)

    def _prepare(self, model):
        tokenizer, network = model.tokenizer, model.transformers_model
        names = [f"[PREFIX{i}]" for i in range(self.n_tokens)]
        before = len(tokenizer)
        tokenizer.add_tokens(names, special_tokens=True)
        write_in_front(tokenizer, names)
        network.resize_token_embeddings(
            max(len(tokenizer), network.get_input_embeddings().num_embeddings),
            mean_resizing=False,
        )
        model.requires_grad_(False)
        table = network.get_input_embeddings().weight
        ids = tokenizer.convert_tokens_to_ids(names)
        _begin_like_known(table, ids, before)
        table.requires_grad_(True)
        table.register_hook(lambda gradient: _rows_only(gradient, ids))

    def _n_trained(self, model):
        return self.n_tokens * model.transformers_model.get_input_embeddings().weight.shape[1]


def _begin_like_known(table, ids, n_known):
    """Let new rows be copies of random known ones, as Lester et al. found best."""
    import torch

    with torch.no_grad():
        drawn = torch.randint(n_known // 2, n_known, (len(ids),))
        table[ids] = table[drawn]


def _rows_only(gradient, ids):
    import torch

    kept = torch.zeros_like(gradient)
    kept[ids] = gradient[ids]
    return kept


def write_in_front(tokenizer, names):
    """Make a tokenizer write tokens in front of each text, behind its own first ones.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerFast
        Changed in place; it knows the tokens.
    names : list of str
        The tokens.

    Raises
    ------
    ValueError
        If it is no fast tokenizer, or puts texts together in a way that is not known here.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError(
            f"Prefix needs a fast tokenizer (tokenizer.json). Got {type(tokenizer).__name__}."
        )
    from tokenizers import Tokenizer

    whole = json.loads(tokenizer.backend_tokenizer.to_str())
    found = whole["post_processor"]
    steps = found["processors"] if (found or {}).get("type") == "Sequence" else [found]
    for place, step in enumerate(steps):
        kind = (step or {}).get("type")
        if kind in _TEMPLATES:
            steps[place] = _with_front(_TEMPLATES[kind](step), tokenizer, names)
            break
        if kind not in (None, "ByteLevel"):
            raise ValueError(f"Prefix knows no tokenizer with {kind}. Take another strategy.")
    else:
        steps.append(_with_front(_template([], []), tokenizer, names))
    steps = [step for step in steps if step is not None]
    whole["post_processor"] = {"type": "Sequence", "processors": steps}
    tokenizer.backend_tokenizer.post_processor = Tokenizer.from_str(
        json.dumps(whole)
    ).post_processor


def _template(first, last):
    """Return a post-processor as JSON that writes (token, id) before and after a text."""
    special = [{"SpecialToken": {"id": token, "type_id": 0}} for token, _ in (*first, *last)]
    single = [*special[: len(first)], {"Sequence": {"id": "A", "type_id": 0}}]
    single += special[len(first) :]
    pair = [*single, {"Sequence": {"id": "B", "type_id": 1}}, *special[len(first) :]]
    ids = {token: {"id": token, "ids": [one], "tokens": [token]} for token, one in (*first, *last)}
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": ids}


_TEMPLATES = {
    "TemplateProcessing": lambda step: step,
    "BertProcessing": lambda step: _template([step["cls"]], [step["sep"]]),
    "RobertaProcessing": lambda step: _template([step["cls"]], [step["sep"]]),
}


def _with_front(template, tokenizer, names):
    for form in ("single", "pair"):
        place = next(i for i, part in enumerate(template[form]) if "Sequence" in part)
        tokens = [{"SpecialToken": {"id": name, "type_id": 0}} for name in names]
        template[form] = [*template[form][:place], *tokens, *template[form][place:]]
    for name in names:
        one = tokenizer.convert_tokens_to_ids(name)
        template["special_tokens"][name] = {"id": name, "ids": [one], "tokens": [name]}
    return template


@dataclass
class LoRA(Full):
    """Train low-rank changes of weight matrices: W + (alpha / rank) B A.

    Source: Hu et al. 2022, "LoRA: low-rank adaptation of large language models".

    Parameters
    ----------
    rank : int >= 1, default=16
        Of the changes.
    alpha : float >= 0, default=32
        How much they count.
    dropout : float from 0 to 1, default=0.0
        On what goes into them.
    targets : str or tuple of str, default="all-linear"
        Names of the layers, as peft takes them.
    merge : bool, default=True
        Whether the folder holds the sums, a model like any other. False writes the changes alone
        (``adapter_model.safetensors``), which need the base model beside them.

    Examples
    --------
    >>> LoRA(rank=8)
    LoRA(rank=8, alpha=32, dropout=0.0, targets='all-linear', merge=True)
    """

    rank: int = 16
    alpha: float = 32
    dropout: float = 0.0
    targets: str | tuple = "all-linear"
    merge: bool = True
    rate = 5e-4

    def _check(self):
        check_number("rank", self.rank, low=1, integer=True)
        check_number("alpha", self.alpha, low=0)
        check_number("dropout", self.dropout, low=0, high=1)
        check_type("targets", self.targets, str | list | tuple, "names of layers")
        check_flag("merge", self.merge)

    def _prepare(self, model):
        peft = import_optional("peft", "finetune")
        targets = self.targets if isinstance(self.targets, str) else list(self.targets)
        model.requires_grad_(False)
        model.add_adapter(
            peft.LoraConfig(
                r=self.rank,
                lora_alpha=self.alpha,
                lora_dropout=self.dropout,
                target_modules=targets,
                task_type="FEATURE_EXTRACTION",
            )
        )

    def _finish(self, model):
        if not self.merge:
            return
        from peft.tuners.tuners_utils import BaseTunerLayer

        network = model.transformers_model
        for name, layer in list(network.named_modules()):
            if isinstance(layer, BaseTunerLayer):
                layer.merge()
                parent, _, child = name.rpartition(".")
                setattr(network.get_submodule(parent), child, layer.get_base_layer())
        network._hf_peft_config_loaded = False
        del network.peft_config


@dataclass
class Head(Full):
    """Train the last layers alone.

    Parameters
    ----------
    n_layers : int >= 1, default=1
        How many, from the top.

    Examples
    --------
    >>> Head(n_layers=2)
    Head(n_layers=2)
    """

    n_layers: int = 1
    rate = 1e-4

    def _check(self):
        check_number("n_layers", self.n_layers, low=1, integer=True)

    def _prepare(self, model):
        model.requires_grad_(False)
        layers = _layers(model.transformers_model)
        if self.n_layers > len(layers):
            raise ValueError(
                f"n_layers must be at most {len(layers)}, the layers of the model. "
                f"Got {self.n_layers} instead."
            )
        for layer in layers[-self.n_layers :]:
            layer.requires_grad_(True)
        for module in list(model)[1:]:  # what comes after the network, such as Dense
            module.requires_grad_(True)


def _layers(network):
    """Return the layers of a network, the longest list of like modules."""
    import torch

    lists = [one for one in network.modules() if isinstance(one, torch.nn.ModuleList)]
    if not lists:
        raise ValueError(f"Head finds no layers in {type(network).__name__}.")
    return max(lists, key=len)


@dataclass
class Adapter(Settings):
    """Learn a linear map of frozen vectors, without PyTorch, for any vectorizer at all.

    Where nothing improves on records held out, the map is the identity, and a warning says so.
    Pairs and labels are learned from by the in-batch softmax, and scores by CoSENT, whichever loss
    is named; hard negatives do not count.

    Parameters
    ----------
    side : {"both", "query"}, default="both"
        Which vectors are mapped. With "query" those of documents stay as they are, so that stored
        ones stay valid.
    held_out : float from 0.01 to 0.9, default=0.2
        Share of the records that decide when to stop.
    penalty : float >= 0, default=0.0
        Pulls the map to the identity: the more the greater.

    Examples
    --------
    >>> Adapter(side="query")
    Adapter(side='query', held_out=0.2, penalty=0.0)
    """

    side: str = "both"
    held_out: float = 0.2
    penalty: float = 0.0
    rate = 1e-3

    def _check(self):
        """Raise if a parameter is out of range."""
        check_choice("side", self.side, ("both", "query"))
        check_number("held_out", self.held_out, low=0.01, high=0.9)
        check_number("penalty", self.penalty, low=0)


STRATEGIES = {
    "full": Full,
    "bitfit": BitFit,
    "prefix": Prefix,
    "lora": LoRA,
    "head": Head,
    "adapter": Adapter,
}
OF_NETWORKS = tuple(name for name in STRATEGIES if name != "adapter")  # which write a folder


def strategy_of(given):
    """Return the strategy that a parameter stands for, checked.

    Parameters
    ----------
    given : str or strategy
        A name, or one with settings.

    Returns
    -------
    strategy

    Raises
    ------
    ValueError
        If there is none of this name, or a setting is out of range.
    """
    if isinstance(given, tuple(STRATEGIES.values())):
        strategy = given
    else:
        check_choice("strategy", given, tuple(STRATEGIES))
        strategy = STRATEGIES[given]()
    strategy._check()
    return strategy


def trained_share(strategy, model):
    """Return the share of a model's weights that learn.

    Parameters
    ----------
    strategy : strategy
        Has prepared the model.
    model : SentenceTransformer
        The model.

    Returns
    -------
    float
    """
    return strategy._n_trained(model) / sum(weight.numel() for weight in model.parameters())
