"""The one catalogue of events: every type, field, alias and word that After Action knows.

An event is a flat JSON object. It has common fields, fields of its type, and players: a player stands
under a prefix (`attacker_name`, `attacker_x`, ...). docs/events.md is generated from this module, and so
are the checks that a fresh event passes. Nothing here reads or writes anything.
"""

from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

Kind = Literal["string", "number", "integer", "boolean"]
Source = Literal["stock", "fork", "tracker"]


@dataclass(frozen=True, slots=True)
class Field:
    """A canonical field: its kind in JSON, its unit ("" where it has none), what it says."""

    kind: Kind
    unit: str
    description: str


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event. `prefixes` are the players in it, `fields` what it has beside COMMON.

    source: "stock" when the stock engine's events or a look at its players are enough, "fork" when the
    engine with the 95 events is needed, "tracker" when a tracker makes it up itself.
    """

    family: str
    source: Source
    prefixes: tuple[str, ...]
    fields: tuple[str, ...]
    description: str


COMMON: Final = ("type", "match_id", "session_id", "seq", "timestamp", "sent_at", "map", "gametype")

FIELDS: Final[dict[str, Field]] = {
    "type": Field("string", "", "type of the event, one of this page's"),
    "match_id": Field("string", "", "match the event belongs to; absent, empty or no_match outside one"),
    "session_id": Field("string", "", "run of the tracker, at most 128 characters; seq counts within it"),
    "seq": Field("integer", "", "number of the event in its session: 0, 1, 2, ... without holes"),
    "timestamp": Field("number", "s", "when it happened: Unix time, or seconds since the map loaded"),
    "sent_at": Field("number", "s", "Unix time on the sender's clock when the batch left"),
    "map": Field("string", "", "map being played, with its folder: dm/mohdm1"),
    "gametype": Field("string", "", "game type, as a word or as the engine's g_gametype"),
    "weapon": Field("string", "", "name of the weapon"),
    "damage": Field("number", "health points", "damage dealt"),
    "hitloc": Field("string", "", "where it hit: a word of the hit locations"),
    "mod": Field("string", "", "how: a word of the means of death"),
    "ammo_remaining": Field("integer", "rounds", "rounds left in the weapon after the shot"),
    "old_weapon": Field("string", "", "weapon put away"),
    "new_weapon": Field("string", "", "weapon taken in hand"),
    "projectile": Field("string", "", "what was thrown or blew up"),
    "fall_height": Field("number", "game units", "height of the fall"),
    "jump_height": Field("number", "game units", "height of the jump"),
    "walked": Field("number", "game units", "way walked since the last report"),
    "sprinted": Field("number", "game units", "way run since the last report"),
    "swam": Field("number", "game units", "way swum since the last report"),
    "driven": Field("number", "game units", "way driven since the last report"),
    "distance": Field("number", "game units", "whole way since the last report"),
    "item": Field("string", "", "class of the item"),
    "item_name": Field("string", "", "name of the item as players see it"),
    "count": Field("integer", "", "how many, or how much, the item gave"),
    "old_team": Field("string", "", "team left"),
    "new_team": Field("string", "", "team joined"),
    "message": Field("string", "", "what was said"),
    "is_team": Field("boolean", "", "said to the own team only"),
    "fired": Field("integer", "shots", "shots fired since the last summary"),
    "hits": Field("integer", "shots", "shots that hit a player since the last summary"),
    "vote_name": Field("string", "", "what the vote is about"),
    "vote_string": Field("string", "", "command that the vote would run"),
    "yes_count": Field("integer", "votes", "votes for it"),
    "no_count": Field("integer", "votes", "votes against it"),
    "fail_reason": Field("string", "", "why the vote failed"),
    "timelimit": Field("number", "min", "time limit of the match, 0 for none"),
    "fraglimit": Field("integer", "kills", "kills that end the match, 0 for none"),
    "maxclients": Field("integer", "players", "places on the server"),
    "winning_team": Field("string", "", "team that won"),
    "round_number": Field("integer", "", "number of the round in the match"),
    "teamnum": Field("integer", "", "the engine's number of the winning team"),
    "objective_name": Field("string", "", "name of the objective"),
    "objective_index": Field("integer", "", "the engine's number of the objective"),
    "objective_status": Field("string", "", "what became of the objective"),
    "team": Field("string", "", "team that did it"),
    "allies_score": Field("integer", "points", "score of the allies"),
    "axis_score": Field("integer", "points", "score of the axis"),
    "player_count": Field("integer", "players", "players on the server"),
    "current_map": Field("string", "", "map that is left"),
    "next_map": Field("string", "", "map that comes"),
    "smf_member_id": Field("integer", "", "forum member who logged in"),
    "smf_member_name": Field("string", "", "that member's name"),
    "door_state": Field("string", "", "what the door does now"),
}

PREFIXES: Final = ("player", "attacker", "victim", "killer", "target")
ROLES: Final[dict[str, Literal["actor", "target"]]] = {
    "player": "actor",
    "attacker": "actor",
    "killer": "actor",
    "victim": "target",
    "target": "target",
}
PLAYER_PARTS: Final[dict[str, Field]] = {
    "name": Field("string", "", "name as the engine has it, colour codes and all"),
    "guid": Field("string", "", "client id; unauth_N is a slot number and no person"),
    "smf_id": Field("integer", "", "forum member, when logged in"),
    "team": Field("string", "", "allies or axis; american and german mean the same"),
    "bot": Field("boolean", "", "no human"),
    "x": Field("number", "game units", "position, east"),
    "y": Field("number", "game units", "position, north"),
    "z": Field("number", "game units", "position, up"),
    "pitch": Field("number", "degrees", "view, down is positive"),
    "yaw": Field("number", "degrees", "view, counter-clockwise from east"),
    "stance": Field("string", "", "stand, crouch or prone"),
}

PLAYER_FIELDS: Final = {
    f"{prefix}_{part}": field for prefix, (part, field) in product(PREFIXES, PLAYER_PARTS.items())
}
ALL_FIELDS: Final[dict[str, Field]] = {**PLAYER_FIELDS, **FIELDS}

# What people type as they like.
TYPED: Final = frozenset({"message", "vote_name", "vote_string", "fail_reason"})

_COMBAT = "weapon damage hitloc mod"
_SOURCES: Final[dict[str, Source]] = {"-": "fork", "s": "stock", "t": "tracker"}

# family: rows of (type, source mark, players, fields, description).
_TABLE: Final[dict[str, tuple[tuple[str, str, str, str, str], ...]]] = {
    "combat": (
        ("player_kill", "s", "attacker victim", _COMBAT, "a player died: the one record of a death"),
        ("player_death", "-", "attacker victim", _COMBAT, "the same death, told by who died"),
        ("player_damage", "s", "attacker victim", _COMBAT, "a player was hurt; carries the hit location"),
        ("weapon_fire", "-", "player", "weapon ammo_remaining", "a shot was fired"),
        ("weapon_hit", "-", "player target", "weapon hitloc", "a shot hit a player"),
        ("player_headshot", "-", "attacker victim player target", _COMBAT, "a kill or hit at the head"),
        ("weapon_reload", "-", "player", "weapon", "a reload began"),
        ("weapon_change", "s", "player", "old_weapon new_weapon weapon", "another weapon was taken in hand"),
        ("grenade_throw", "-", "player", "projectile weapon", "a grenade left the hand"),
        ("grenade_explode", "-", "player", "projectile weapon", "a grenade went off"),
    ),
    "movement": (
        ("player_jump", "-", "player", "jump_height", "a jump"),
        ("player_land", "-", "player", "fall_height", "a landing"),
        ("player_crouch", "s", "player", "", "went down to a crouch"),
        ("player_prone", "-", "player", "", "lay down"),
        ("player_distance", "s", "player", "walked sprinted swam driven distance", "way since the last one"),
    ),
    "interaction": (
        ("ladder_mount", "-", "player", "", "stepped on a ladder"),
        ("ladder_dismount", "-", "player", "", "left a ladder"),
        ("item_pickup", "-", "player", "item item_name count", "took an item"),
        ("item_drop", "-", "player", "item item_name count", "dropped an item"),
        ("player_use", "-", "player", "item item_name", "pressed use on something"),
    ),
    "session": (
        ("client_connect", "s", "player", "", "a client is there, also at every new map and round"),
        ("client_disconnect", "s", "player", "", "a client left"),
        ("client_begin", "-", "player", "", "a client entered the game"),
        ("client_userinfo_changed", "-", "player", "", "a client changed its name or settings"),
        ("team_join", "s", "player", "old_team new_team", "joined a team, or left it for spectating"),
        ("player_say", "s", "player", "message is_team", "said something in chat"),
    ),
    "ways to die": (
        ("player_suicide", "-", "player victim attacker", _COMBAT, "died by the own hand"),
        ("player_crushed", "-", "attacker victim", _COMBAT, "was crushed; told by who was"),
        (
            "player_telefragged",
            "-",
            "attacker victim",
            _COMBAT,
            "someone spawned in the same place; likewise",
        ),
        ("player_roadkill", "-", "player attacker victim", _COMBAT, "was run over"),
        ("player_bash", "-", "player attacker victim", _COMBAT, "was killed with the butt of a weapon"),
        ("player_teamkill", "-", "killer victim player attacker", _COMBAT, "was killed by a team mate"),
    ),
    "actions": (
        ("player_spawn", "s", "player", "weapon", "spawned; spectators do too"),
        ("player_pain", "-", "player attacker victim", _COMBAT, "felt pain"),
        ("player_spectate", "-", "player", "", "began to spectate"),
        ("player_freeze", "-", "player", "", "was frozen or thawed"),
        ("player_use_object_start", "-", "player", "item item_name", "began to use an object"),
        ("player_use_object_finish", "-", "player", "item item_name", "finished using an object"),
    ),
    "game flow": (
        ("game_start", "-", "", "", "the game began"),
        ("game_end", "-", "", "winning_team", "the game ended"),
        ("game_init", "-", "", "", "the game module was loaded"),
        ("round_start", "-", "", "round_number teamnum", "a round began"),
        ("round_end", "-", "", "round_number teamnum winning_team", "a round ended"),
        ("team_win", "-", "", "round_number teamnum winning_team", "a team won a round"),
        (
            "objective_update",
            "-",
            "player",
            "objective_name objective_index objective_status team",
            "an objective changed",
        ),
    ),
    "weapon": (
        ("weapon_reload_done", "-", "player", "weapon", "a reload ended"),
        ("weapon_ready", "-", "player", "weapon", "the weapon can fire"),
        ("weapon_no_ammo", "-", "player", "weapon", "the weapon is empty"),
        ("weapon_holster", "-", "player", "weapon", "the weapon was put away"),
        ("weapon_raise", "-", "player", "weapon", "the weapon was raised"),
        ("weapon_drop", "-", "player", "weapon", "the weapon was dropped"),
    ),
    "vehicle, turret": (
        ("vehicle_enter", "-", "player", "", "got into a vehicle"),
        ("vehicle_exit", "-", "player", "", "got out of a vehicle"),
        ("vehicle_death", "-", "player attacker", _COMBAT, "a vehicle was destroyed"),
        ("vehicle_collision", "-", "player", "damage", "a vehicle hit something"),
        ("turret_enter", "-", "player", "weapon", "took a turret"),
        ("turret_exit", "-", "player", "weapon", "left a turret"),
    ),
    "world": (
        ("door_open", "-", "player", "door_state", "a door opened"),
        ("door_close", "-", "player", "door_state", "a door closed"),
    ),
    "items": (
        ("health_pickup", "-", "player", "item item_name count", "took health"),
        ("ammo_pickup", "-", "player", "item item_name count", "took ammunition"),
        ("armor_pickup", "-", "player", "item item_name count", "took armour"),
    ),
    "bot": (
        ("bot_spawn", "-", "player", "", "a bot spawned"),
        ("bot_killed", "-", "player attacker victim", _COMBAT, "a bot died; player_kill reports it too"),
        ("bot_roam", "-", "player", "", "a bot walks about"),
        ("bot_curious", "-", "player target", "", "a bot heard or saw something"),
        ("bot_attack", "-", "player target attacker victim", "weapon", "a bot attacks"),
    ),
    "server": (
        ("server_console_command", "-", "player", "message", "a command was given on the console"),
        ("server_process_start", "-", "", "maxclients", "the server program began"),
        ("server_process_quit", "-", "", "", "the server program ends"),
    ),
    "map": (
        ("map_init", "-", "", "current_map next_map", "a map is being set up"),
        ("map_start", "s", "", "current_map next_map", "a map is being played"),
        ("map_shutdown", "s", "", "current_map next_map", "a map ends"),
        ("map_ready", "-", "", "current_map next_map", "a map can be played"),
        ("map_load_start", "-", "", "current_map next_map", "loading a map began"),
        ("map_load_end", "-", "", "current_map next_map", "loading a map ended"),
        ("map_restart", "-", "", "current_map next_map", "the map starts again"),
        ("map_change_start", "-", "", "current_map next_map", "the server goes to another map"),
    ),
    "match": (
        ("match_end", "s", "", "winning_team allies_score axis_score", "the match is over"),
        ("warmup_start", "-", "", "", "the warm-up began"),
        ("warmup_end", "-", "", "", "the warm-up ended"),
        ("intermission_start", "s", "", "winning_team allies_score axis_score", "the scoreboard is shown"),
        ("score_change", "-", "player", "team allies_score axis_score", "a score changed"),
    ),
    "vote": (
        ("vote_start", "-", "player", "vote_name vote_string yes_count no_count", "a vote was called"),
        ("vote_passed", "-", "player", "vote_name vote_string yes_count no_count", "a vote passed"),
        (
            "vote_failed",
            "-",
            "player",
            "vote_name vote_string yes_count no_count fail_reason",
            "a vote failed",
        ),
    ),
    "later additions": (
        ("actor_spawn", "-", "player", "", "a scripted figure appeared"),
        ("actor_killed", "-", "attacker victim player", _COMBAT, "a scripted figure died"),
        ("player_respawn", "-", "player", "weapon", "came back after a death"),
        ("player_inactivity_drop", "-", "player", "", "was dropped for doing nothing"),
        (
            "objective_capture",
            "-",
            "player",
            "objective_name objective_index objective_status team",
            "an objective was taken",
        ),
        ("item_respawn", "-", "", "item item_name count", "an item is there again"),
        ("explosion", "-", "player attacker", "projectile weapon damage", "something blew up"),
        ("player_stand", "-", "player", "", "stood up"),
        ("teamkill_kick", "-", "player", "count", "was kicked for killing team mates"),
    ),
    "sent by trackers": (
        ("match_start", "t", "", "timelimit fraglimit maxclients", "a match begins"),
        (
            "heartbeat",
            "t",
            "",
            "round_number allies_score axis_score player_count maxclients winning_team",
            "the server is alive; the score now",
        ),
        ("accuracy_summary", "t", "player", "weapon fired hits", "shots and hits since the last one"),
        ("player_auth", "t", "player", "smf_member_id smf_member_name", "logged in as a forum member"),
        ("match_outcome", "t", "player", "winning_team team count", "how the match ended for a player"),
        ("vehicle_damage", "t", "player attacker victim", _COMBAT, "a vehicle was hurt"),
        ("bot_target_changed", "t", "player target", "", "a bot turned to someone else"),
        ("door_state_change", "t", "player", "door_state", "a door moves"),
        (
            "player_movement",
            "t",
            "player",
            "walked sprinted swam driven distance",
            "a look at where a player is",
        ),
    ),
}

EVENTS: Final[dict[str, EventType]] = {
    name: EventType(family, _SOURCES[mark], tuple(players.split()), tuple(fields.split()), description)
    for family, rows in _TABLE.items()
    for name, mark, players, fields, description in rows
}

ALIASES: Final[dict[str, str]] = {
    "kill": "player_kill",
    "player_killed": "player_kill",
    "death": "player_death",
    "damage": "player_damage",
    "player_damaged": "player_damage",
    "headshot": "player_headshot",
    "jump": "player_jump",
    "land": "player_land",
    "crouch": "player_crouch",
    "prone": "player_prone",
    "distance": "player_distance",
    "use": "player_use",
    "chat": "player_say",
    "player_textmessage": "player_say",
    "connect": "client_connect",
    "player_connected": "client_connect",
    "disconnect": "client_disconnect",
    "player_disconnecting": "client_disconnect",
    "spawn": "player_spawn",
    "player_spawned": "player_spawn",
    "reload": "weapon_reload",
    "bot_death": "bot_killed",
    "level_intermission": "intermission_start",
    "intermission": "intermission_start",
}

POSITION_WORDS: Final = ("pos", "origin", "position")
# Other names of fields, the one that is believed first before the others.
FIELD_ALIASES: Final[dict[str, str]] = {
    "event_type": "type",
    "event": "type",
    "map_name": "map",
    "mapname": "map",
    **{
        f"{prefix}_{word}_{axis}": f"{prefix}_{axis}"
        for prefix, word, axis in product(PREFIXES, POSITION_WORDS, "xyz")
    },
}
# A position in one value: [x, y, z], "x y z", "x,y,z" or "( x y z )".
POSITIONS: Final[dict[str, tuple[str, str, str]]] = {
    f"{prefix}_{word}": (f"{prefix}_x", f"{prefix}_y", f"{prefix}_z")
    for prefix, word in product(PREFIXES, POSITION_WORDS)
}

GAMETYPES: Final[dict[str, str]] = {
    "0": "sp",
    "1": "ffa",
    "2": "tdm",
    "3": "rounds",
    "4": "objective",
    "5": "tow",
    "6": "liberation",
    "single player": "sp",
    "single-player": "sp",
    "singleplayer": "sp",
    "dm": "ffa",
    "deathmatch": "ffa",
    "free for all": "ffa",
    "free-for-all": "ffa",
    "team": "tdm",
    "team deathmatch": "tdm",
    "team match": "tdm",
    "team-match": "tdm",
    "round": "rounds",
    "round based": "rounds",
    "round-based": "rounds",
    "roundbased": "rounds",
    "obj": "objective",
    "objective match": "objective",
    "objective-match": "objective",
    "tug of war": "tow",
    "tug-of-war": "tow",
    "lib": "liberation",
}
TEAMS: Final[dict[str, str]] = {"american": "allies", "allied": "allies", "german": "axis"}

_MEANS_FROM_0: Final = (
    "none suicide crush crush_every_frame telefrag lava slime falling last_self_inflicted explosion "
    "explodewall electric electricwater thrownobject grenade beam rocket impact bullet fast_bullet "
    "vehicle fire flashbang on_fire gib impale bash shotgun aagun landmine"
)
_LOCATIONS_FROM_MINUS_2: Final = (
    "miss general head helmet neck torso_upper torso_mid torso_lower pelvis r_arm_upper l_arm_upper "
    "r_leg_upper l_leg_upper r_arm_lower l_arm_lower r_leg_lower l_leg_lower r_hand l_hand r_foot l_foot"
)
MEANS_OF_DEATH: Final = dict(enumerate(_MEANS_FROM_0.split()))
HIT_LOCATIONS: Final = dict(enumerate(_LOCATIONS_FROM_MINUS_2.split(), start=-2))


def canonical_gametype(value: str | float) -> str:
    """The word for a game type sent as a word or a number; an unknown one in lower case."""
    word = str(value).strip().lower()
    return GAMETYPES.get(word, word)


def canonical_team(value: str) -> str:
    """allies or axis for the engine's words; any other in lower case."""
    word = value.strip().lower()
    return TEAMS.get(word, word)
