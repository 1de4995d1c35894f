-- Members of the forum who asked to be erased, until that is done: what somebody asked for must not be lost with a queue.

CREATE TABLE erasures_asked (
    member_id bigint PRIMARY KEY,
    asked_at timestamptz NOT NULL DEFAULT now(),
    asked_by jsonb NOT NULL
);

COMMENT ON COLUMN erasures_asked.asked_by IS 'as the audit log names who did something';
