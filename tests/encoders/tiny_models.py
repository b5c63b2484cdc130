"""Small models with random weights, written as the libraries write theirs."""

import json
import string

WORDS = ["the", "sea", "view", "room", "quiet", "hotel", "a", "query", ":", "passage"]
WORDS += "海景房间"


def write_tokenizer(folder, **more):
    """Write a WordPiece tokenizer that knows a few words and all letters."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = string.ascii_lowercase + string.digits + ".,!?\"'"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    pieces += [letter for letter in letters if letter not in WORDS]
    pieces += ["##" + letter for letter in letters]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    special = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    special |= {"pad_token": "[PAD]", "mask_token": "[MASK]"}
    options = {"model_max_length": 64} | special | more
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **options).save_pretrained(folder)
    return len(pieces)


def write_bert(folder, head="BertModel", **config):
    """Write a tiny BERT with random weights, and its tokenizer."""
    import torch
    import transformers

    size = write_tokenizer(folder)
    shape = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
    shape |= {"intermediate_size": 32, "max_position_embeddings": 64, "initializer_range": 0.5}
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = getattr(transformers, head)(
            transformers.BertConfig(vocab_size=size, **(shape | config))
        )
    model.save_pretrained(folder)
    return folder


def write_m3(folder):
    """Write a tiny model of BGE-M3's kind: random weights, and two heads beside them."""
    import torch
    import transformers

    size = write_tokenizer(folder, eos_token="[SEP]")
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    shape |= {"intermediate_size": 32, "max_position_embeddings": 66, "initializer_range": 0.5}
    config = transformers.XLMRobertaConfig(vocab_size=size, pad_token_id=0, **shape)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        transformers.XLMRobertaModel(config).save_pretrained(folder)
        for name, width in (("sparse_linear", 1), ("colbert_linear", 16)):
            head = {"weight": torch.randn(width, 16), "bias": torch.randn(width)}
            torch.save(head, folder / f"{name}.pt")
    return write_sentence_config(folder, pooling="cls")


def write_sentence_config(folder, pooling="mean", normalize=True, **config):
    """Write what sentence-transformers writes beside a network."""
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling")]
    kinds += [("2_Normalize", "Normalize")] * normalize
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds)
    ]
    flags = {f"pooling_mode_{name}": False for name in ("cls_token", "mean_tokens", "max_tokens")}
    flags[{"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token"}[pooling]] = True
    files = {
        "modules.json": modules,
        "1_Pooling/config.json": {"word_embedding_dimension": 16} | flags,
        "sentence_bert_config.json": {"max_seq_length": 64, "do_lower_case": False},
        "config_sentence_transformers.json": {"model_type": "SentenceTransformer"} | config,
    }
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content))
    return folder


def write_roberta(folder, head="RobertaModel", **config):
    """Write a tiny RoBERTa, its tokenizer as vocab.json and merges.txt alone."""
    import transformers

    size = _write_bytes(folder, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    written = {"tokenizer_class": "RobertaTokenizer", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(written))
    shape = _SMALL | {"max_position_embeddings": 66} | config
    return _write_network(folder, head, transformers.RobertaConfig(vocab_size=size, **shape))


def write_gpt2(folder, **config):
    """Write a tiny GPT-2, a causal model without a token that fills up."""
    import transformers

    _write_bytes(folder, ["<|endoftext|>"])
    tokenizer = transformers.GPT2Tokenizer.from_pretrained(folder, model_max_length=64)
    tokenizer.save_pretrained(folder)
    shape = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64, "initializer_range": 0.5}
    shape |= {"bos_token_id": 0, "eos_token_id": 0} | config
    config = transformers.GPT2Config(vocab_size=len(tokenizer), **shape)
    return _write_network(folder, "GPT2LMHeadModel", config)


def write_unigram(folder, kind):
    """Write a tiny XLM-R or LLaMA with a tokenizer.json."""
    import transformers

    tokenizer_class, head = {
        "xlm-roberta": ("XLMRobertaTokenizer", "XLMRobertaModel"),
        "llama": ("LlamaTokenizer", "LlamaForCausalLM"),
    }[kind]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *("▁" + word for word in WORDS)]
    pieces += [letter for letter in string.ascii_lowercase if letter not in WORDS] + WORDS
    pieces = [*dict.fromkeys(pieces), "<mask>"]
    if kind == "llama":
        vocabulary, more = {piece: i for i, piece in enumerate(pieces)}, {"merges": []}
    else:
        vocabulary, more = [(piece, -float(len(piece) < 2)) for piece in pieces], {}
    tokenizer = getattr(transformers, tokenizer_class)(
        vocab=vocabulary, model_max_length=64, **more
    )
    tokenizer.save_pretrained(folder)
    shape = _SMALL | {"max_position_embeddings": 66, "pad_token_id": 1}
    config = transformers.AutoConfig.for_model(kind, vocab_size=len(tokenizer), **shape)
    return _write_network(folder, head, config)


def write_old_bert(folder):
    """Write a tiny BERT as in its early days: vocab.txt and pytorch_model.bin."""
    import torch
    import transformers

    write_bert(folder)
    words = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in sorted(words, key=words.get)))
    written = {"tokenizer_class": "BertTokenizer", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(written))
    network = transformers.BertModel.from_pretrained(folder)
    torch.save(network.state_dict(), folder / "pytorch_model.bin")
    for name in ("tokenizer.json", "model.safetensors"):
        (folder / name).unlink()
    return folder


_SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
_SMALL |= {"intermediate_size": 32, "initializer_range": 0.5}


def _write_bytes(folder, special):
    """Write vocab.json and merges.txt of byte-level pairs; return how many tokens there are."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(WORDS)] * 5, trainer)
    tokenizer.model.save(str(folder))
    return tokenizer.get_vocab_size()


def _write_network(folder, head, config):
    import torch
    import transformers

    with torch.random.fork_rng():
        torch.manual_seed(3)
        getattr(transformers, head)(config).save_pretrained(folder)
    return folder
