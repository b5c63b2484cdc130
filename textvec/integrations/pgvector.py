"""PostgreSQL with pgvector: dense, half-precision and sparse columns in a table of passages.

psycopg and pgvector are the extra ``pgvector`` and are imported where they are used.
"""

import json

import numpy as np

from textvec._checks import check_flag, import_optional
from textvec.integrations.passages import Found
from textvec.integrations.stores import ABSENT, Collection
from textvec.integrations.vectors import from_dicts, to_dicts

_MOST_INDEXED = {"vector": 2_000, "halfvec": 4_000, "sparsevec": 1_000}
_OPERATORS = {"cosine": "<=>", "dot": "<#>"}
_CLASSES = {"cosine": "cosine", "dot": "ip"}


class PgvectorTable(Collection):
    """Passages in a table of PostgreSQL, each vectorizer's vectors in a column.

    Parameters
    ----------
    connection : psycopg.Connection
        An open one, to a server that has pgvector 0.7 or later. What is written is committed, as
        the connection's other work is.
    name : str
        Of the table, in letters, digits and _; it is made where there is none.
    vectorizers : mapping from str to fitted vectorizer, or fitted vectorizer
        The columns of their vectors. One alone stands in "dense" or "sparse".
    half : bool, default=False
        Whether dense vectors are ``halfvec``: half the room, three digits.
    index : bool, default=False
        Whether columns get an HNSW index where the table is made: approximate, and much faster on
        large tables. Without, search is exact.

    Raises
    ------
    ValueError
        If the table holds vectors of other vectorizers. If vectors are too long: PostgreSQL's pages
        hold 16,000 dimensions of dense vectors (an index 2,000, or 4,000 of ``halfvec``) and 16,000
        values other than 0 of a ``sparsevec`` (an index 1,000), which may have 1,000,000,000
        dimensions.
    ImportError
        If psycopg or pgvector is not installed; it names the extra.

    Notes
    -----
    A BM25 vector has as many values as its text has different words and, in Chinese, pairs of
    characters: some hundreds for a passage, thousands for a chapter. Which vectorizers wrote the
    table is kept in its comment.

    Examples
    --------
    >>> from textvec import BM25Vectorizer
    >>> texts = ["harbour view", "harbour and oysters", "skiing and snow"]
    >>> bm25 = BM25Vectorizer().fit(texts)
    >>> def hotels(connection):
    ...     table = PgvectorTable(connection, "hotels", bm25)
    ...     table.add(texts, ids=["Quay", "Pier", "Summit"])
    ...     return table.search("oysters")
    """

    store = "pgvector"
    most_dimensions = 16_000
    most_entries = 16_000
    own_fields = ("id", "passage", "metadata")

    def __init__(self, connection, name, vectorizers, half=False, index=False):
        check_flag("half", half)
        check_flag("index", index)
        self.connection = connection
        self.half = half
        self.index = index
        self._sql = import_optional("psycopg", "pgvector").sql
        self._vector_types = import_optional("pgvector", "pgvector")
        if index:
            self.most_entries = _MOST_INDEXED["sparsevec"]
            self.most_dimensions = _MOST_INDEXED["halfvec" if half else "vector"]
        with connection.transaction():
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        import_optional("pgvector.psycopg", "pgvector").register_vector(connection)
        super().__init__(name, vectorizers)

    def remove(self, ids):
        """Forget passages; ids that are not there are none to forget.

        Parameters
        ----------
        ids : str or iterable of str
            What they are called.
        """
        ids = [ids] if isinstance(ids, str) else list(ids)
        with self.connection.transaction():
            self._run("DELETE FROM {table} WHERE id = ANY(%s)", [ids])

    def __len__(self):
        return self._run("SELECT count(*) FROM {table}").fetchone()[0]

    def _known(self):
        found = self.connection.execute(
            "SELECT obj_description(to_regclass(%s), 'pg_class'), to_regclass(%s) IS NOT NULL",
            [self._sql.Identifier(self.name).as_string(self.connection)] * 2,
        ).fetchone()
        comment, exists = found
        if not exists:
            return ABSENT
        try:
            return json.loads(comment)["textvec"]
        except (KeyError, TypeError, ValueError):
            return None

    def _create(self, signatures):
        columns = [
            self._part("{column} " + f"{self._type(key)}({self.signatures[key].width})", key)
            for key in signatures
        ]
        passage = "id text PRIMARY KEY, passage text NOT NULL, metadata jsonb NOT NULL"
        fields = self._sql.SQL(", ").join([self._sql.SQL(passage), *columns])
        comment = self._sql.Literal(json.dumps({"textvec": signatures}))
        with self.connection.transaction():
            self._run("CREATE TABLE {table} ({fields})", fields=fields)
            self._run("COMMENT ON TABLE {table} IS {comment}", comment=comment)
            for key in signatures if self.index else ():
                kind = f"{self._type(key)}_{_CLASSES[self._metric(key)]}_ops"
                column = self._part("{column} " + kind, key)
                self._run("CREATE INDEX ON {table} USING hnsw ({column})", column=column)

    def _type(self, key):
        if self.is_sparse[key]:
            return "sparsevec"
        return "halfvec" if self.half else "vector"

    def _check_text(self, name, text):
        super()._check_text(name, text)
        if "\0" in text:
            raise ValueError(
                f"{name} holds a NUL character, which PostgreSQL cannot hold: take it out."
            )

    def _write(self, ids, texts, metadata, views):
        vectors = {key: self._written(key, rows) for key, rows in views.items()}
        names = ["id", "passage", "metadata", *vectors]
        columns = self._sql.SQL(", ").join(map(self._sql.Identifier, names))
        values = self._sql.SQL(", ").join([self._sql.Placeholder()] * len(names))
        changed = self._sql.SQL(", ").join(
            self._part("{column} = EXCLUDED.{column}", name) for name in names[1:]
        )
        statement = self._sql.SQL(
            "INSERT INTO {table} ({columns}) VALUES ({values}) "
            "ON CONFLICT (id) DO UPDATE SET {changed}"
        ).format(
            table=self._sql.Identifier(self.name), columns=columns, values=values, changed=changed
        )
        rows = [
            [id, texts[row], json.dumps(metadata[row]), *(one[row] for one in vectors.values())]
            for row, id in enumerate(ids)
        ]
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def _written(self, key, rows):
        if self.is_sparse[key]:
            width = self.signatures[key].width
            return [self._vector_types.SparseVector(row, width) for row in to_dicts(rows)]
        kind = self._vector_types.HalfVector if self.half else self._vector_types.Vector
        return [kind(row) for row in np.asarray(rows, np.float32)]

    def _nearest(self, key, vector, k, where):
        metric = self._metric(key)
        operator = self._sql.SQL(_OPERATORS[metric if not self.is_sparse[key] else "dot"])
        is_cosine = metric == "cosine" and not self.is_sparse[key]
        conditions, given = [self._sql.SQL("true")], []
        for name, values in where.items():
            one = " OR ".join(["metadata @> %s::jsonb"] * len(values))
            conditions.append(self._sql.SQL(f"({one})"))
            given += [json.dumps({name: value}) for value in values]
        (asked,) = self._written(key, vector)
        rows = self._run(
            "SELECT id, passage, metadata, {column} {operator} %s AS distance FROM {table} "
            "WHERE {conditions} ORDER BY {column} {operator} %s LIMIT %s",
            [asked, *given, asked, k],
            column=self._sql.Identifier(key),
            operator=operator,
            conditions=self._sql.SQL(" AND ").join(conditions),
        ).fetchall()
        return [
            Found(id, text, metadata, (1 if is_cosine else 0) - distance)
            for id, text, metadata, distance in rows
            if distance == distance  # the cosine with zeros is NaN
        ]

    def _vectors(self, ids, keys):
        columns = self._sql.SQL(", ").join(map(self._sql.Identifier, keys))
        rows = self._run(
            "SELECT id, {columns} FROM {table} WHERE id = ANY(%s)", [ids], columns=columns
        ).fetchall()
        by_id = {id: vectors for id, *vectors in rows}
        kept = [by_id[id] for id in ids]
        views = []
        for at, key in enumerate(keys):
            if self.is_sparse[key]:
                found = [_dict(one[at]) for one in kept]
                views.append(from_dicts(found, self.signatures[key].width))
            else:
                views.append(np.array([one[at].to_list() for one in kept], np.float32))
        return views

    def _run(self, statement, given=None, **parts):
        table = self._sql.Identifier(self.name)
        return self.connection.execute(self._sql.SQL(statement).format(table=table, **parts), given)

    def _part(self, template, name):
        return self._sql.SQL(template).format(column=self._sql.Identifier(name))


def _dict(vector):
    return dict(zip(vector.indices(), vector.values(), strict=True))
