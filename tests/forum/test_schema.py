"""The bridge's tables: made, upgraded in place, and the same whoever makes them."""

import re
import threading

import pymysql
import pytest

from api.errors import ConfigurationError, StoreUnavailable
from smf_bridge import schema
from smf_bridge.database import MissingRights
from smf_bridge.schema import READ
from tests.mariadb_server import ForumDatabase, MariaDB

WANTED = {
    "mohaa_schema",
    "mohaa_player_links",
    "mohaa_login_tokens",
    "mohaa_tournaments",
    "mohaa_tournament_registrations",
    "mohaa_tournament_matches",
    "mohaa_tournament_admins",
    "mohaa_teams",
    "mohaa_team_members",
    "mohaa_team_invites",
    "mohaa_achievements",
    "mohaa_achievement_progress",
    "mohaa_alerts",
    "mohaa_team_events",
}


def test_all_tables_are_there_and_hold_any_text(forum: ForumDatabase) -> None:
    found = forum.run(
        "SELECT table_name AS name, engine, table_collation AS collation FROM information_schema.tables "
        "WHERE table_schema = %s AND table_name LIKE %s",
        forum.name,
        "smf\\_mohaa\\_%",
    )
    assert {row["name"].removeprefix("smf_") for row in found} >= WANTED
    assert {(row["engine"], row["collation"]) for row in found} == {("InnoDB", "utf8mb4_unicode_ci")}
    assert {row["name"].removeprefix("smf_") for row in found} == set(schema.tables())


def test_a_dry_run_changes_nothing_and_a_second_run_has_nothing_to_do(empty_forum: ForumDatabase) -> None:
    empty_forum.grant()
    would = schema.migrate(empty_forum.address, dry_run=True)
    assert empty_forum.run("SHOW TABLES LIKE 'smf_mohaa%'") == []
    assert "CREATE TABLE IF NOT EXISTS smf_mohaa_player_links" in would[0].statements[0]
    assert schema.migrate(empty_forum.address) == would
    assert schema.migrate(empty_forum.address) == []


def test_an_interrupted_run_is_completed(forum: ForumDatabase) -> None:
    forum.run("INSERT INTO smf_mohaa_player_links VALUES ('c', 7, '2026-01-01')")
    forum.run("DELETE FROM smf_mohaa_schema WHERE number > 1")
    forum.run("DROP TABLE smf_mohaa_achievement_progress")
    assert [step.number for step in schema.migrate(forum.address)] == list(range(2, len(schema.files()) + 1))
    assert len(forum.rows("player_links")) == 1
    assert forum.rows("achievement_progress") == []


def test_a_file_that_was_changed_or_is_gone_is_refused(forum: ForumDatabase) -> None:
    forum.run("UPDATE smf_mohaa_schema SET checksum = 'x' WHERE number = 1")
    with pytest.raises(ConfigurationError, match="0001_links was changed"):
        schema.migrate(forum.address)
    forum.run("UPDATE smf_mohaa_schema SET number = 999 WHERE number = 1")
    with pytest.raises(ConfigurationError, match="older than the tables"):
        schema.migrate(forum.address)


def test_two_at_once_do_it_once(empty_forum: ForumDatabase) -> None:
    empty_forum.grant()
    done: list[int] = []
    threads = [
        threading.Thread(target=lambda: done.append(len(schema.migrate(empty_forum.address))))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 0, len(schema.files())]


def test_beside_tables_of_another_prefix_and_engine(mariadb: MariaDB) -> None:
    forum = ForumDatabase(mariadb, prefix="Old2_", engine="MyISAM")
    forum.grant()
    forum.migrate()
    assert {row["name"] for row in forum.rows("schema")} == {file.name for file in schema.files()}


def test_without_a_grant_it_says_which(empty_forum: ForumDatabase) -> None:
    with pytest.raises(StoreUnavailable, match="afteraction forum grants"):
        schema.migrate(empty_forum.address)
    empty_forum.grant()
    who = f"'{empty_forum.user}'@'127.0.0.1'"
    empty_forum.run(f"REVOKE CREATE ON {empty_forum.name}.smf_mohaa_teams FROM {who}")
    with pytest.raises(MissingRights, match="smf_mohaa_teams"):
        schema.migrate(empty_forum.address)


def test_the_grants_read_no_column_that_is_a_secret() -> None:
    columns = {column for columns in READ.values() for column in columns}
    assert not {name for name in columns if re.search("passw|mail|ip|secret|salt|tfa", name)}


_TEAM = "INSERT INTO smf_mohaa_teams (name, tag, about, founded_by, founded_at) VALUES "
_JOIN = "INSERT INTO smf_mohaa_team_members (team_id, member_id, role, joined_at) VALUES "
_ASK = "INSERT INTO smf_mohaa_team_invites (team_id, member_id, kind, asked_by, asked_at, expires_at) VALUES "


@pytest.mark.parametrize(
    "second",
    [
        _TEAM + "('aces', 'B', '', 1, now())",
        _JOIN + "(1, 7, 'member', now())",
        _JOIN + "(1, 8, 'captain', now())",
        _JOIN + "(99, 8, 'member', now())",
        _ASK + "(1, 8, 'invite', 7, now(), now())",
        "DELETE FROM smf_mohaa_teams",
    ],
)
def test_keys_hold_what_the_rules_promise(forum: ForumDatabase, second: str) -> None:
    forum.run(_TEAM + "('Aces', 'A', '', 7, now())")
    forum.run(_JOIN + "(1, 7, 'captain', now())")
    forum.run(_ASK + "(1, 8, 'invite', 7, now(), now())")
    with pytest.raises(pymysql.err.IntegrityError):
        forum.run(second)
