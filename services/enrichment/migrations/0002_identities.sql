-- Contract: which identifiers a learner goes by, so that a person can be found whole.
CREATE VIEW learner_identity AS
SELECT learner, ifi AS identity FROM alias;
