"""All of one player, a module for each thing that is told."""
