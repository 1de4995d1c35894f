"""Faults at random moments while senders send, and the books held against each other afterwards."""
