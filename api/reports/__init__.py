"""After-action reports: what a match came to, told once it is over."""
