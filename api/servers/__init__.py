"""Game servers: their keys, their tracker sessions, and what is missing from them."""
