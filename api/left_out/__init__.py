"""Matches that are taken out of every number, and put back."""
