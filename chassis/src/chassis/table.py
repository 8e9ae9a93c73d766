"""The table of a read model: rows in and out as JSON, whatever their columns are."""

from collections.abc import Sequence
from typing import Any

import orjson

from chassis.projection import AnyProjection
from chassis.tenancy import Connection


class Table:
    """A projection's table: rows in and out as JSON, whatever their columns are."""

    def __init__(self, projection: AnyProjection, name: str) -> None:
        self.name = name
        self._form: Any = projection.row
        self._settle = projection.settle
        self.fields: tuple[str, ...] = self._form._fields
        self.key = self.fields[0]

    async def load(
        self, connection: Connection, at: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], Any]:
        """Return the rows there are for these tenants and keys."""
        rows = await connection.fetch(
            f"SELECT t.tenant_id, t.{self.key}::text AS key, to_jsonb(t)::text AS row"
            f" FROM unnest($1::text[], $2::text[]) a (tenant, key)"
            f" JOIN {self.name} t ON t.tenant_id = a.tenant AND t.{self.key}::text = a.key",
            [tenant for tenant, _ in at],
            [key for _, key in at],
        )
        return {(row["tenant_id"], row["key"]): self.row(row["row"]) for row in rows}

    def row(self, text: str) -> Any:
        """Return a row from its JSON."""
        data = orjson.loads(text)
        return self._form(*(data[name] for name in self.fields))

    def settled(self, rows: dict[tuple[str, str], Any]) -> list[tuple[str, Any]]:
        """Return the rows that there are, as they are written."""
        return [(at[0], self._settle(row)) for at, row in rows.items() if row is not None]

    async def write(self, connection: Connection, rows: dict[tuple[str, str], Any]) -> None:
        """Write what became of each row: upsert the ones there are, delete the others."""
        kept = self.settled(rows)
        gone = [at for at, row in rows.items() if row is None]
        if kept:
            columns = ", ".join(self.fields)
            changes = ", ".join(f"{name} = excluded.{name}" for name in self.fields[1:])
            await connection.execute(
                f"INSERT INTO {self.name} (tenant_id, {columns}) SELECT a.tenant, {columns}"
                f" FROM (SELECT unnest($1::text[]), unnest($2::jsonb[])) a (tenant, said),"
                f" jsonb_populate_record(NULL::{self.name}, a.said)"
                f" ON CONFLICT (tenant_id, {self.key}) DO UPDATE SET {changes}",
                [tenant for tenant, _ in kept],
                [orjson.dumps(row._asdict()).decode() for _, row in kept],
            )
        if gone:
            await connection.execute(
                f"DELETE FROM {self.name} t USING unnest($1::text[], $2::text[]) a (tenant, key)"
                f" WHERE t.tenant_id = a.tenant AND t.{self.key}::text = a.key",
                [tenant for tenant, _ in gone],
                [key for _, key in gone],
            )
