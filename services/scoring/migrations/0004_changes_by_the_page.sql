-- Whose impact changed, in an order in which no change can appear behind a reader: only transactions that ended before every
-- one still running. Page by (changed_xid, learner); deleted: the learner has no facts any more. (OFFSET 0: that is looked up for each
-- row of a page; else PostgreSQL reads all facts there are for every page, once it takes that for less.)
CREATE OR REPLACE VIEW change AS
SELECT
    learner_change.learner,
    learner_change.changed_xid,
    NOT EXISTS (SELECT FROM fact WHERE fact.beneficiary = learner_change.learner OFFSET 0) AS deleted
FROM learner_change
WHERE learner_change.changed_xid < pg_snapshot_xmin(pg_current_snapshot());
