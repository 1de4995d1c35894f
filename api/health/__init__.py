"""Is it well: liveness, readiness, metrics, and the doctor."""
