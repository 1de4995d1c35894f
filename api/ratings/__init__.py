"""How good players are: a rating for each game type, match by match, from the log."""
