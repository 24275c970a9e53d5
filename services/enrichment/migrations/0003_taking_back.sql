-- Which verbs an act takes back, of its actor upon its object: an unlike takes back a like. qualifier: which of several (an emoji).
ALTER TABLE interaction ADD COLUMN takes_back text[] NOT NULL DEFAULT '{}';
ALTER TABLE interaction ADD COLUMN qualifier text;
CREATE INDEX interaction_takes_back ON interaction (object, actor) WHERE takes_back <> '{}';
