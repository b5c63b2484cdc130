"""
Tune an encoder to your own texts
=================================

A pretrained encoder has read the web, and not your labels. Here a network so small that it trains
in seconds, with random weights, learns which hotel descriptions belong together. A real one
(``"sentence-transformers/all-MiniLM-L6-v2"``) goes through the same lines; it begins far better,
and takes minutes.
"""

# %%
# A network that knows nothing
# ----------------------------
# Two layers, 32 dimensions, random weights, and a tokenizer that knows the words of the texts.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from textvec import FineTunedVectorizer, LSAVectorizer, Training, TransformerVectorizer
from textvec.datasets import load_hotels
from textvec.evaluate.tasks import ClassificationTask

hotels = load_hotels().frame
texts, styles = hotels["desc"].tolist(), hotels["style"].tolist()
folder = Path(tempfile.mkdtemp()) / "tiny"

tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer()
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
tokenizer.train_from_iterator(
    texts, trainers.WordPieceTrainer(vocab_size=3000, special_tokens=special, show_progress=False)
)
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
)
transformers.PreTrainedTokenizerFast(
    tokenizer_object=tokenizer, model_max_length=64, pad_token="[PAD]", unk_token="[UNK]"
).save_pretrained(folder)
torch.manual_seed(0)
config = transformers.BertConfig(
    vocab_size=tokenizer.get_vocab_size(),
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
    max_position_embeddings=64,
)
transformers.BertModel(config).save_pretrained(folder)

# %%
# Train on half of the hotels
# ---------------------------
# Hotels of one style belong together: that is all the labels say. The loss, InfoNCE, asks that each
# text find a text of its own style among all others of the batch; texts of the same style are left
# out of the others.

order = np.random.default_rng(0).permutation(len(texts))
half = len(order) // 2
train, test = ([(texts[i], styles[i]) for i in part] for part in (order[:half], order[half:]))
tuner = FineTunedVectorizer(
    TransformerVectorizer(str(folder), pooling="mean"),
    training=Training(epochs=6, batch_size=32, learning_rate=2e-3),
    random_state=0,
).fit(*map(list, zip(*train)))

steps, losses = zip(*tuner.loss_history_)
_, axes = plt.subplots(figsize=(7, 3), layout="constrained")
axes.plot(steps, losses)
axes.set_xlabel("step")
axes.set_ylabel("loss")
plt.show()
assert losses[-1] < 0.9 * losses[0]

# %%
# Before and after, on the other half
# -----------------------------------
# The same classifier on the vectors of the network as it was, as it is now, and of LSA, which was
# never shown a label.

task = ClassificationTask(*map(list, zip(*train)), test=tuple(map(list, zip(*test))))
found = {
    name: task.evaluate(vectorizer)["accuracy"]
    for name, vectorizer in {
        "random network": TransformerVectorizer(str(folder), pooling="mean"),
        "tuned": tuner.vectorizer_,
        "LSA": LSAVectorizer(vector_size=50, random_state=0),
    }.items()
}
print({name: round(score, 3) for name, score in found.items()})
assert found["tuned"] > found["random network"]

# %%
# A network without pretraining, tuned on a few hundred texts, learns its labels; whether it beats
# LSA is another question, which the table above answers. Begin with a pretrained one.
