"""Tests of the SQL: events in, rows out, through a real ClickHouse."""
