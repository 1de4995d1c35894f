"""Search: players by any name they used, servers, maps, weapons and matches, from one box."""
