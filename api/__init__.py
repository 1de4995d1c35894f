"""After Action: stats for communities that run their own game servers."""

__version__ = "0.1.0"
