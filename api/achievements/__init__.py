"""Achievements: one catalogue, and judging what a player has earned of it."""
