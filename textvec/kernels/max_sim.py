"""Late interaction: how well the token vectors of one text find those of another."""

import numpy as np

from textvec.kernels.compiling import compiled


@compiled
def max_sim(queries, query_ends, documents, document_ends):
    """Score every document for every query: each query token adds its best match.

    queries         (n_query_tokens, n_dimensions)     float32  vectors of all queries' tokens
    query_ends      (n_queries,)                       int64    query q ends before query_ends[q]
    documents       (n_document_tokens, n_dimensions)  float32  vectors of all documents' tokens
    document_ends   (n_documents,)                     int64    as query_ends

    Returns (n_queries, n_documents) float32: sum over the query's tokens i of max over the
    document's tokens j of queries[i] . documents[j]; 0 where either has no tokens.

    Source: Khattab and Zaharia 2020, "ColBERT", equation 3.
    """
    scores = np.zeros((len(query_ends), len(document_ends)), np.float32)
    query_start = 0
    for query in range(len(query_ends)):
        asked = queries[query_start : query_ends[query]]
        query_start = query_ends[query]
        start = 0
        for document in range(len(document_ends)):
            found = documents[start : document_ends[document]]
            start = document_ends[document]
            if len(asked) == 0 or len(found) == 0:
                continue
            products = np.dot(asked, found.T)
            total = np.float32(0)
            for i in range(len(asked)):
                total += products[i].max()
            scores[query, document] = total
    return scores
