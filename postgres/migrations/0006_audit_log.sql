-- Who changed what: a row for every change, written in the transaction of the change.

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    key_id int,
    name text NOT NULL,
    address text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    before jsonb,
    after jsonb
);

COMMENT ON COLUMN audit_log.actor IS 'the kind of the key that was shown, or "command" for a command at the machine';

COMMENT ON COLUMN audit_log.name IS 'the key''s label, or who ran the command';

CREATE INDEX audit_log_subject ON audit_log (subject, id);
