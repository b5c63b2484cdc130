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
