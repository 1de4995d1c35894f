"""Pages for everybody: what the JSON API says, from the same functions, to be read."""
