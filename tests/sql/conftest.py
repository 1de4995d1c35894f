"""Fixtures of the SQL tests."""

from tests.sql.stores import clickhouse, held_clickhouse

__all__ = ["clickhouse", "held_clickhouse"]
