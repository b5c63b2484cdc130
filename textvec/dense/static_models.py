"""Word vectors as a folder that sentence-transformers and model2vec open: a static model."""

import json
import re

import numpy as np

from textvec._checks import check_flag, import_optional, warn_user
from textvec._threads import held
from textvec._writing import check_new_folder, new_folder
from textvec.text.scripts import HAN

_MARK = "\u2581"  # before each word, so that no word is made of others' letters


class StaticModels:
    """What a table of words does to become a static model: a mixin for ``KeyedVectors``."""

    def to_static_model(self, path, lowercase=True):
        """Write a folder that sentence-transformers and model2vec open as a static model.

        The model's vector of a text is the mean of the vectors of its words that are in the table.
        That of a text without such a word is zero, or NaN, as the library has it.

        Parameters
        ----------
        path : str or path-like
            The folder; it is made where there is none.
        lowercase : bool, default=True
            Whether the model lower-cases texts; False for a table of cased words.

        Raises
        ------
        ImportError
            If safetensors and tokenizers are not installed; it names the extra.
        FileExistsError
            If the folder holds something already.

        Warns
        -----
        UserWarning
            If the table has Chinese words: the model cuts texts at spaces and punctuation, so cut
            them first, with spaces between words.

        Notes
        -----
        model2vec's ``StaticModel.from_pretrained(path)`` opens it, and sentence-transformers'
        ``SentenceTransformer(path)``. Vectors that a table makes of n-grams are not in it.

        Examples
        --------
        >>> from importlib.util import find_spec
        >>> import tempfile
        >>> from textvec import KeyedVectors
        >>> table = KeyedVectors([[1.0, 0.0], [0.0, 1.0]], ["sea", "view"])
        >>> if find_spec("model2vec"):
        ...     from model2vec import StaticModel
        ...     with tempfile.TemporaryDirectory() as folder:
        ...         table.to_static_model(folder + "/model")
        ...         model = StaticModel.from_pretrained(folder + "/model")
        ...     assert model.encode("Sea view, unheard of").tolist() == [0.5, 0.5]
        """
        check_flag("lowercase", lowercase)
        table = held(self)
        write_static_model(table.index_to_key, table.vectors, path, lowercase)


def write_static_model(words, vectors, path, lowercase=True, at_spaces=False):
    """Write words and their vectors as a folder of a static model.

    Parameters
    ----------
    words : list of str
        The words.
    vectors : ndarray of shape (n_words, vector_size)
        Their vectors.
    path : str or path-like
        The folder.
    lowercase : bool, default=True
        Whether texts are lower-cased.
    at_spaces : bool, default=False
        Whether texts are cut at white space alone, and else into runs of word characters.
    """
    tokenizers = import_optional("tokenizers", "static")
    check_new_folder(path)
    if not at_spaces and any(map(re.compile(f"[{HAN}]").search, words)):
        warn_user(
            "The table has Chinese words, and a static model cuts texts at spaces and punctuation "
            "alone: give it texts that are cut, such as ' '.join(JiebaTokenizer()(text))."
        )
    # Pairs are never merged, so what is no whole word falls to its letters, which are no entries.
    vocabulary = {_MARK + word: row for row, word in enumerate(words)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, [], ignore_merges=True))
    if lowercase:
        tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    pre = tokenizers.pre_tokenizers
    words_alone = pre.Split(tokenizers.Regex(r"\w+"), "removed", invert=True)
    cut = pre.WhitespaceSplit() if at_spaces else words_alone
    mark = pre.Metaspace(_MARK, prepend_scheme="always", split=False)
    tokenizer.pre_tokenizer = pre.Sequence([cut, mark])
    write_table(tokenizer, vectors, path)


def modules_of(kinds):
    """Return what ``modules.json`` of sentence-transformers says of modules.

    Parameters
    ----------
    kinds : sequence of (str, str)
        The folder of each within that of the model, and its class.

    Returns
    -------
    list of dict
    """
    return [
        {"idx": i, "name": str(i), "path": place, "type": f"sentence_transformers.models.{kind}"}
        for i, (place, kind) in enumerate(kinds)
    ]


def write_table(tokenizer, vectors, path, normalize=False):
    """Write a tokenizer and the vectors of its tokens as a folder of a static model.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        What cuts texts into tokens.
    vectors : ndarray of shape (n_tokens, vector_size)
        By the tokens' numbers.
    path : str or path-like
        The folder.
    normalize : bool, default=False
        Whether vectors of texts get unit length.
    """
    write = import_optional("safetensors.numpy", "static").save
    kinds = [(".", "StaticEmbedding"), *[("1_Normalize", "Normalize")] * normalize]
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "normalize": normalize,
        "hidden_dim": int(vectors.shape[1]),
        "seq_length": 1_000_000,
        "embedding_dtype": "float32",
    }
    files = {
        "model.safetensors": write({"embeddings": np.ascontiguousarray(vectors, np.float32)}),
        "tokenizer.json": tokenizer.to_str().encode(),
        "config.json": json.dumps(config, indent=2).encode(),
        "modules.json": json.dumps(modules_of(kinds), indent=2).encode(),
    }
    with new_folder(path) as aside:
        for name, content in files.items():
            (aside / name).write_bytes(content)
