-- Revisions and their changes are written by one statement, and `verify` and every start look for a change
-- without its revision. Asking again, row by row, took longer than writing the row, and locked its revision.
alter table changes drop constraint changes_revision_fkey;
