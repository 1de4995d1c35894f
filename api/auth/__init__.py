"""Who may do what: tokens of game servers and admins."""
