"""What /metrics shows, all in one place."""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

requests = Counter("afteraction_requests_total", "HTTP requests.", ["method", "route", "status"])
request_seconds = Histogram("afteraction_request_seconds", "Time to answer.", ["route"], buckets=_FAST)

events = Counter("afteraction_events_total", "Events received, by what became of them.", ["outcome"])
rejected = Counter("afteraction_events_rejected_total", "Events put into quarantine.", ["code"])
commit_seconds = Histogram("afteraction_commit_seconds", "One ledger transaction.", buckets=_FAST)
limited = Counter("afteraction_limited_total", "Requests over a limit.", ["budget"])

insert_seconds = Histogram("afteraction_insert_seconds", "One block into ClickHouse.", buckets=_FAST)
inserted = Counter("afteraction_events_inserted_total", "Events that reached ClickHouse.")
insert_failures = Counter("afteraction_insert_failures_total", "Blocks that will be tried again.")

inbox_events = Gauge("afteraction_inbox_events", "Events accepted and not yet in ClickHouse.")
inbox_oldest_seconds = Gauge("afteraction_inbox_oldest_seconds", "Age of the oldest of them.")
store_up = Gauge("afteraction_store_up", "1 when the store answers.", ["store"])
ratings_waiting = Gauge("afteraction_ratings_waiting", "Matches to be rated, or rated anew.", ["gametype"])
