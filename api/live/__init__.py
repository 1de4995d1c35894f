"""Matches that are being played now: a projection of the log, kept in Redis."""
