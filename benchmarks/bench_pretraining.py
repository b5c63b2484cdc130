"""What tuning tables of tokens and pretraining encoders gain: STS Benchmark, before and after.

Reads sets and corpora from the folder that the environment variable TEXTVEC_DATA names; the tables
are GloVe's and wordllama's, as packages have them (extra ``models``). Rows: ``static``, tables that
learn from the training pairs of the STS Benchmark and their scores; ``retromae``, an encoder of
four layers from scratch, tuned on the same pairs with pretraining and without. See
benchmarks/README.md.
"""

import argparse
import json
import lzma
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from _timing import processor, yes_or_no
from bench_word2vec import data
from bench_word_quality import glove

from textvec import KeyedVectors, TransformerVectorizer, tune_static
from textvec.datasets import fetch_stsb
from textvec.evaluate.tasks import STSTask
from textvec.finetune.training import Training

ROWS = ("static", "retromae")
STATIC_BAR, RETROMAE_BAR = 0.03, 0.05
SHAPE = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4}
SHAPE |= {"intermediate_size": 1024, "max_position_embeddings": 128}


def sts(subset):
    """Return a part of the STS Benchmark as a task."""
    found = fetch_stsb("en", subset)
    first, second = zip(*found.data, strict=True)
    return STSTask(first, second, found.target, name=f"STS-B {subset}")


def spearman(folder, subset="test"):
    """Return the score of a model, its vectors compared by cosine."""
    return sts(subset).evaluate(TransformerVectorizer(folder, device="cpu"))["cosine Spearman"]


def wordllama(folder):
    """Write wordllama's table as a static model, and return its folder."""
    import wordllama as package
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    from textvec.dense.static_models import write_table

    place = Path(package.__file__).parent
    vectors = load_file(place / "weights/l2_supercat_256.safetensors")["embedding.weight"]
    tokenizer = Tokenizer.from_file(str(place / "tokenizers/l2_supercat_tokenizer_config.json"))
    write_table(tokenizer, vectors.astype(np.float32), folder)
    return folder


def static_lines(args):
    """Yield lines: tables of words and of tokens, before and after."""
    train = fetch_stsb("en", "train")
    with tempfile.TemporaryDirectory() as work:
        words = glove(None, 1, 0)
        words = KeyedVectors(words.vectors[:50_000], words.index_to_key[:50_000])
        words.to_static_model(Path(work, "GloVe"))
        wordllama(Path(work, "wordllama"))
        for name in args.tables:
            before = spearman(Path(work, name))
            after = []
            for seed in range(args.seeds):
                began = perf_counter()
                training = Training(
                    epochs=args.epochs,
                    batch_size=args.batch,
                    learning_rate=args.rate,
                    matryoshka=_halves(50 if name == "GloVe" else 256),
                )
                folder = Path(work, f"{name} {seed}")
                tune_static(
                    Path(work, name), train.data, folder, train.target, training, sts("dev"), seed
                )
                after.append(spearman(folder))
                seconds = perf_counter() - began
            gain = min(after) - before
            shown = " ".join(f"{score:.4f}" for score in after)
            yield (
                f"static, {name}, from 5,749 scored pairs of STS-B train: test {before:.4f} -> "
                f"{shown} (bar +{STATIC_BAR}: {yes_or_no(gain >= STATIC_BAR)}); {seconds:.0f} s"
            )


def _halves(width):
    widths = [width]
    while widths[-1] // 2 >= 25:
        widths.append(widths[-1] // 2)
    return tuple(widths)


def paragraphs(n_texts):
    """Return paragraphs of the English corpora, half from each, of 40 characters on."""
    texts = []
    for name in ("en_wiki_2018.txt.xz", "en_books.txt.xz"):
        with lzma.open(data(f"corpora/{name}"), "rt", encoding="utf-8") as lines:
            kept = (line.strip() for line in lines)
            texts += [line for line, _ in zip((t for t in kept if len(t) >= 40), range(n_texts))]
    np.random.default_rng(0).shuffle(texts)
    return texts[:n_texts]


def new_encoder(folder, texts, seed):
    """Write an encoder of random weights, whose tokenizer knows the 8,000 best pieces of texts."""
    import torch
    import transformers
    from tokenizers import BertWordPieceTokenizer

    tokenizer = BertWordPieceTokenizer()
    tokenizer.train_from_iterator(texts, vocab_size=8_000, show_progress=False)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer._tokenizer, model_max_length=SHAPE["max_position_embeddings"],
        unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]",
        mask_token="[MASK]",
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(seed)
    config = transformers.BertConfig(vocab_size=tokenizer.get_vocab_size(), **SHAPE)
    transformers.BertForMaskedLM(config).save_pretrained(folder)
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate((("", "Transformer"), ("1_Pooling", "Pooling")))
    ]
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": SHAPE["hidden_size"], "pooling_mode_cls_token": True}
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling))
    (folder / "modules.json").write_text(json.dumps(modules))
    return folder


def retromae_lines(args):
    """Yield lines: an encoder from scratch, tuned with pretraining and without."""
    from textvec import FineTunedVectorizer, pretrain_retromae
    from textvec.finetune.retromae import Pretraining

    texts = paragraphs(args.texts)
    train = fetch_stsb("en", "train")
    with tempfile.TemporaryDirectory() as work:
        scratch = Path(work, "scratch")
        scratch.mkdir()
        new_encoder(scratch, texts, 0)
        began = perf_counter()
        settings = Pretraining(
            max_steps=args.steps, batch_size=32, learning_rate=5e-4, max_length=64
        )
        pretrained = pretrain_retromae(scratch, texts, Path(work, "pretrained"), settings)
        minutes = (perf_counter() - began) / 60
        scores = {}
        for name, folder in (("from scratch", scratch), ("after RetroMAE", pretrained)):
            tuned = FineTunedVectorizer(
                str(folder),
                loss="cosent",
                validation=sts("dev"),
                training=Training(epochs=4, batch_size=32, learning_rate=2e-4),
                random_state=0,
            ).fit(train.data, train.target)
            scored = sts("test").evaluate(tuned.vectorizer_)
            scores[name] = spearman(folder), scored["cosine Spearman"]
        gain = scores["after RetroMAE"][1] - scores["from scratch"][1]
        shown = "; ".join(
            f"{name} {raw:.4f} as it is, {tuned:.4f} tuned" for name, (raw, tuned) in scores.items()
        )
        yield (
            f"retromae, {args.steps} steps of 32 paragraphs in {minutes:.0f} min: STS-B test "
            f"{shown} (bar +{RETROMAE_BAR}: {yes_or_no(gain >= RETROMAE_BAR)})"
        )


def main():
    """Print a line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", default=ROWS, metavar="ROW", help=", ".join(ROWS))
    tables = ("GloVe", "wordllama")
    parser.add_argument("--tables", nargs="*", default=tables, choices=tables)
    parser.add_argument("--seeds", type=int, default=3, help="of static tables")
    parser.add_argument("--epochs", type=float, default=10)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--texts", type=int, default=60_000, help="paragraphs for retromae")
    parser.add_argument("--steps", type=int, default=1_500, help="of retromae")
    args = parser.parse_args()
    print(processor())
    for row in args.rows:
        for line in {"static": static_lines, "retromae": retromae_lines}[row](args):
            print(line, flush=True)


if __name__ == "__main__":
    main()
