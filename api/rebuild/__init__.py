"""Making any projection anew from the log."""
