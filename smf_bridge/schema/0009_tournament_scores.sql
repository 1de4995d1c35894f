-- A team's score in the game falls below nothing where its own kill each other.

ALTER TABLE {prefix}mohaa_tournament_matches MODIFY home_score SMALLINT NULL, MODIFY away_score SMALLINT NULL;
