"""Pages for admins, under /admin. Whatever they change, the JSON API changes through the same functions."""
