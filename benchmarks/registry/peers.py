"""What one would take instead: pg_trgm as textbooks have it, tantivy, and SQLite's FTS5.

Each is given the same keys, scores and questions, and answers with keys; the best first.
"""

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import asyncpg
import tantivy

Rows: TypeAlias = Iterable[tuple[int, str, int]]
"""Id, key and score."""
HITS = 10
TANTIVY_BYTES = 200_000_000


class Peer(Protocol):
    """Something that finds names."""

    name: str

    async def build(self, rows: Rows) -> None:
        """Take the names in."""

    async def find(self, text: str) -> list[str]:
        """Return names that may be meant."""


class Tantivy:
    """In this process: all words but the last whole, the last begun; else each one slip away."""

    name = "tantivy, in process"

    def __init__(self, place: Path) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("key", stored=True, tokenizer_name="default")
        builder.add_unsigned_field("score", fast=True)
        self._schema = builder.build()
        place.mkdir()
        self._index = tantivy.Index(self._schema, path=str(place))
        self._searcher: Any = None

    async def build(self, rows: Rows) -> None:
        """Write the index, with one thread as we have one."""
        writer = self._index.writer(TANTIVY_BYTES, 1)
        for _, key, score in rows:
            document = tantivy.Document.from_dict({"key": key, "score": score + 1}, self._schema)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    async def find(self, text: str) -> list[str]:
        """Ask."""
        words = text.split()
        if not words:
            return []
        query, must = tantivy.Query, tantivy.Occur.Must
        schema = self._schema
        last = query.regex_query(schema, "key", re.escape(words[-1]) + ".*")
        parts = [query.term_query(schema, "key", word) for word in words[:-1]]
        found = self._best([*parts, last], must)
        if found:
            return found
        return self._best(
            [
                query.fuzzy_term_query(schema, "key", word, 1, True, prefix=word is words[-1])
                for word in words
            ],
            must,
        )

    def _best(self, parts: list[Any], must: Any) -> list[str]:
        query = tantivy.Query.boolean_query([(must, part) for part in parts])
        hits = self._searcher.search(
            query, HITS, order_by_field="score", order=tantivy.Order.Desc
        ).hits
        return [self._searcher.doc(address)["key"][0] for _, address in hits]


class Fts5:
    """In this process: every word begun, in the order of their scores; it corrects no spelling."""

    name = "SQLite FTS5, in process"

    def __init__(self, place: Path) -> None:
        self._base = sqlite3.connect(place)

    async def build(self, rows: Rows) -> None:
        """Write the index in the order of the scores, so that the first found are the best."""
        self._base.executescript(
            "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA mmap_size = 4000000000;"
            "CREATE VIRTUAL TABLE names USING fts5 (key, content='', prefix='1 2 3 4');"
            "CREATE TABLE keys (place integer PRIMARY KEY, key text)"
        )
        ranked = [key for _, key, _ in sorted(rows, key=lambda row: -row[2])]
        for table, column in (("names", "rowid"), ("keys", "place")):
            self._base.executemany(
                f"INSERT INTO {table} ({column}, key) VALUES (?, ?)", enumerate(ranked)
            )
        self._base.commit()

    async def find(self, text: str) -> list[str]:
        """Ask."""
        wanted = " AND ".join(f'"{word}"*' for word in text.split())
        if not wanted:
            return []
        places = "SELECT rowid FROM names WHERE key MATCH ? ORDER BY rowid LIMIT ?"
        rows = self._base.execute(
            f"SELECT key FROM keys WHERE place IN ({places}) ORDER BY place", (wanted, HITS)
        )
        return [row[0] for row in rows]


class Trigrams:
    """In a database beside ours: word similarity over a GIN index."""

    name = "pg_trgm"

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None

    async def build(self, rows: Rows) -> None:
        """Fill a table and index it."""
        self._connection = await asyncpg.connect(
            self._url,
            server_settings={
                "jit": "off",
                "statement_timeout": "0",
                "transaction_timeout": "0",
                "maintenance_work_mem": "512MB",
            },
        )
        await self._connection.execute(
            "CREATE EXTENSION IF NOT EXISTS pg_trgm; DROP TABLE IF EXISTS names;"
            "CREATE UNLOGGED TABLE names (key text NOT NULL, score int NOT NULL);"
            "SET pg_trgm.word_similarity_threshold = 0.5"
        )
        records = ((key, score) for _, key, score in rows)
        await self._connection.copy_records_to_table("names", records=records)
        await self._connection.execute(
            "CREATE INDEX ON names USING gin (key gin_trgm_ops); ANALYZE names"
        )

    async def find(self, text: str) -> list[str]:
        """Ask."""
        rows = await self._connection.fetch(
            "SELECT key FROM names WHERE key %> $1 ORDER BY key <->> $1, score DESC LIMIT $2",
            text,
            HITS,
        )
        return [row["key"] for row in rows]

    async def close(self) -> None:
        """Leave nothing behind."""
        await self._connection.execute("DROP TABLE names")
        await self._connection.close()
