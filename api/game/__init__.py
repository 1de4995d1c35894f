"""In the game: what players ask about their stats, answered in lines for the game's console."""
