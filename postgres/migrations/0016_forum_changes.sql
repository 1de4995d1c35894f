-- What the forum's database is still to be told: whose a client is now, what became of a login code, who was erased.
-- Triggers note it in the transaction that changes it. Links that there are when a forum is set for the first time are
-- noted from the beginning.

CREATE TABLE forum_changes (
    kind text NOT NULL CHECK (kind IN ('link', 'code', 'erased')),
    subject text NOT NULL,
    changes bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (kind, subject)
);

COMMENT ON COLUMN forum_changes.subject IS 'a client id, the id of a row of login_tokens, or a member id';

CREATE FUNCTION forum_is_to_hear(of_kind text, of_subject text) RETURNS void LANGUAGE sql
AS $$
    INSERT INTO forum_changes (kind, subject) VALUES (of_kind, of_subject)
    ON CONFLICT (kind, subject) DO UPDATE SET changes = forum_changes.changes + 1
$$;

CREATE FUNCTION forum_is_to_hear_of_link() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN PERFORM forum_is_to_hear('link', COALESCE(NEW.client_id, OLD.client_id)); RETURN NULL; END $$;

CREATE TRIGGER forum_link_made AFTER INSERT ON smf_user_mappings
FOR EACH ROW WHEN (new.state = 'linked') EXECUTE FUNCTION forum_is_to_hear_of_link();

CREATE TRIGGER forum_link_changed AFTER UPDATE ON smf_user_mappings
FOR EACH ROW WHEN (old.state <> new.state AND 'linked' IN (old.state, new.state))
EXECUTE FUNCTION forum_is_to_hear_of_link();

CREATE TRIGGER forum_link_gone AFTER DELETE ON smf_user_mappings
FOR EACH ROW WHEN (old.state = 'linked') EXECUTE FUNCTION forum_is_to_hear_of_link();

CREATE FUNCTION forum_is_to_hear_of_code() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN PERFORM forum_is_to_hear('code', NEW.id::text); RETURN NULL; END $$;

CREATE TRIGGER forum_code AFTER INSERT OR UPDATE ON login_tokens
FOR EACH ROW EXECUTE FUNCTION forum_is_to_hear_of_code();

INSERT INTO forum_changes (kind, subject)
SELECT 'link' AS kind, client_id AS subject FROM smf_user_mappings WHERE state = 'linked';
