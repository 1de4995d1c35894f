"""What the worker does."""

from litestar import get
from litestar.response import Template

from api import jobs
from api.web.admin.desk import Here, PageRequest, page

_ABOUT = {
    "write": "accepted events to ClickHouse",
    "live": "the picture of live matches",
    "settle": "playtime, streaks and winners of matches that changed",
    "jobs": "what commands ask for",
    "links": "changed links to ClickHouse",
    "all links": "all links, once a day",
    "matches left out": "matches taken out of every number, or put back",
    "marks": "changed marks of players to ClickHouse",
    "merges": "ClickHouse's merges looked over",
    "tidy": "old digests forgotten",
    "forget": "old logins forgotten",
}


@get("/admin/jobs")
async def list_jobs(request: PageRequest, platform: Here) -> Template:
    """Say how each step last went, and how far jobs are."""
    return page(
        request,
        "admin/jobs.html",
        "jobs",
        steps=await jobs.steps(platform.redis),
        jobs=await jobs.recent(platform.redis),
        about=_ABOUT,
    )
