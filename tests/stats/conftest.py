"""Fixtures of the tests of stats."""

from tests.sql.stores import clickhouse, held_clickhouse

__all__ = ["clickhouse", "held_clickhouse"]
