"""Postgres and Valkey from wheels, as child processes that end with this one, and the data folder."""
