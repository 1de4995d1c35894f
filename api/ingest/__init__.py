"""From a request body to the log: check, number, inbox, write."""
