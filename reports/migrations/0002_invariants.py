"""What the database itself holds: events are append-only, and report numbers come from a sequence."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION report_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Erasure of a person blanks the words of that person's own events; it says so for its transaction only.
    IF TG_OP = 'UPDATE' AND current_setting('community_report.erasing', true) = 'on'
       AND (NEW.id, NEW.report_id, NEW.kind, NEW.at, NEW.actor_id, NEW.actor_role, NEW.from_status, NEW.to_status)
           IS NOT DISTINCT FROM
           (OLD.id, OLD.report_id, OLD.kind, OLD.at, OLD.actor_id, OLD.actor_role, OLD.from_status, OLD.to_status)
       AND NEW.note = '' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'report events are never changed or deleted' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON reports_reportevent
    FOR EACH ROW EXECUTE FUNCTION report_events_are_append_only();
CREATE SEQUENCE report_numbers;
"""
UNDO = """
DROP SEQUENCE report_numbers;
DROP TRIGGER append_only ON reports_reportevent;
DROP FUNCTION report_events_are_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]
    operations = [migrations.RunSQL(APPEND_ONLY, UNDO)]
