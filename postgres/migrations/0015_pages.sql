-- What pages say can change without an event: somebody is erased, flagged, linked, a match is left out. Pages that are
-- kept (api/web/kept.py) carry the number that this counts, and one with an older number is never shown. It counts when
-- such a change begins, and again when ClickHouse knows of it: then the row that waited for that is deleted or done.

CREATE SEQUENCE page_version;

CREATE FUNCTION pages_changed() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN PERFORM nextval('page_version'); RETURN NULL; END $$;

CREATE TRIGGER pages_changed AFTER INSERT OR UPDATE OR DELETE ON servers
FOR EACH ROW EXECUTE FUNCTION pages_changed();

CREATE TRIGGER pages_changed AFTER INSERT OR UPDATE OR DELETE ON changed_links
FOR EACH ROW EXECUTE FUNCTION pages_changed();

CREATE TRIGGER pages_changed AFTER INSERT OR UPDATE OR DELETE ON changed_marks
FOR EACH ROW EXECUTE FUNCTION pages_changed();

CREATE TRIGGER pages_changed AFTER INSERT OR UPDATE OR DELETE ON player_merges
FOR EACH ROW EXECUTE FUNCTION pages_changed();

CREATE TRIGGER pages_changed AFTER INSERT OR UPDATE OR DELETE ON left_out_matches
FOR EACH ROW EXECUTE FUNCTION pages_changed();

CREATE TRIGGER pages_changed AFTER INSERT OR UPDATE OR DELETE ON erasures
FOR EACH ROW EXECUTE FUNCTION pages_changed();
