"""Every way of turning text into vectors, behind one scikit-learn ``fit``/``transform``."""

from importlib import import_module as _import_module

__version__ = "0.1.0"

# Public name -> module that defines it. Names load on first use, so `import textvec` stays light.
_HOME = {
    "Adapter": "textvec.finetune.strategies",
    "AnnoyIndex": "textvec.search.engines.annoy",
    "BM25Transformer": "textvec.sparse.bm25",
    "BM25Vectorizer": "textvec.sparse.bm25",
    "BitFit": "textvec.finetune.strategies",
    "CharacterRecommender": "textvec.recommend.characters",
    "CollectedPairs": "textvec.dense.collected_pairs",
    "CollectedTerms": "textvec.sparse.collected",
    "Comparison": "textvec.evaluate.compare",
    "ContentRecommender": "textvec.recommend.content",
    "CountVectorizer": "textvec.sparse.counts",
    "CrossEncoderReranker": "textvec.encoders.reranker",
    "DocumentVectorizer": "textvec.dense.documents",
    "EWC": "textvec.finetune.ewc",
    "ExactIndex": "textvec.search.exact",
    "FaissIndex": "textvec.search.engines.faiss",
    "FineTunedVectorizer": "textvec.finetune.tuner",
    "HashingVectorizer": "textvec.sparse.hashing",
    "Head": "textvec.finetune.strategies",
    "HnswlibIndex": "textvec.search.engines.hnswlib",
    "HybridIndex": "textvec.search.hybrid",
    "JiebaTokenizer": "textvec.text.tokenizers",
    "KeyedVectors": "textvec.dense.keyed_vectors",
    "LSAVectorizer": "textvec.dense.factorized",
    "LoRA": "textvec.finetune.strategies",
    "MinHashLSH": "textvec.search.minhash_lsh",
    "NegativeChecks": "textvec.search.negatives",
    "PPMI": "textvec.dense.factorized",
    "Prefix": "textvec.finetune.strategies",
    "ScannIndex": "textvec.search.engines.scann",
    "SparseAnnIndex": "textvec.search.sparse_ann",
    "SparseTransformerVectorizer": "textvec.encoders.sparse",
    "TfidfTransformer": "textvec.sparse.tfidf",
    "TfidfVectorizer": "textvec.sparse.tfidf",
    "Training": "textvec.finetune.training",
    "TransformerVectorizer": "textvec.encoders.encoder",
    "TreeIndex": "textvec.search.engines.trees",
    "UsearchIndex": "textvec.search.engines.usearch",
    "Word2Vec": "textvec.dense.word2vec",
    "align": "textvec.dense.alignment",
    "compare": "textvec.evaluate.compare",
    "generate_pairs": "textvec.finetune.generate",
    "generate_triplets": "textvec.finetune.generate",
    "load": "textvec.persistence",
    "load_documents": "textvec.text.documents",
    "longer_positions": "textvec.finetune.positions",
    "measure_index": "textvec.search.measuring",
    "mine_hard_negatives": "textvec.search.negatives",
    "pretrain_retromae": "textvec.finetune.retromae",
    "show_map": "textvec.recommend.maps",
    "top_k": "textvec.search.exact",
    "tune_static": "textvec.finetune.static",
}

__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name):
    if name in _HOME:
        value = getattr(_import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    message = f"module 'textvec' has no attribute {name!r}"
    if not name.startswith("_"):
        closest = _import_module("textvec._checks").closest_names(name, _HOME, n=1)
        message += f". Did you mean {closest[0]!r}?" if closest else ""
    raise AttributeError(message)


def __dir__():
    return __all__
