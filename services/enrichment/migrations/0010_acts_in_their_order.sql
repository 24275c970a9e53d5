-- What somebody did to a thing that can be taken back, in the order of time: who takes it back finds the last of it, however much there
-- is, and however many others did the same. Of these verbs alone, so that no other statement pays for it.
CREATE INDEX interaction_undoable ON interaction (object, actor, happened) WHERE verb IN (
    'http://activitystrea.ms/accept',
    'http://activitystrea.ms/like',
    'http://activitystrea.ms/share',
    'http://id.tincanapi.com/verb/bookmarked',
    'http://id.tincanapi.com/verb/voted-up',
    'https://w3id.org/xapi/virtual-classroom/verbs/reacted'
);
-- And what takes back: whether an act was is known by the first that comes behind it.
CREATE INDEX interaction_undoing ON interaction (object, actor, happened) WHERE takes_back <> '{}';
DROP INDEX interaction_takes_back;
