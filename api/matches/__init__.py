"""Matches: scoreboard, timeline, and whether all of it was received."""
