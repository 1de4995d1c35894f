"""What is kept of a player: all of it in one answer, or none of it any more."""
