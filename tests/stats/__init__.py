"""Tests of the stats: rules without I/O, and the routes over a real ClickHouse."""
