"""Tests; those that need engines start the real ones."""
