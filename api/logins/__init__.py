"""Logging in from the game: codes, trusted networks, approvals, and whose a client is."""
