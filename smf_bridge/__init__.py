"""The forum side: what the community's SMF forum keeps about its players, over PyMySQL."""
