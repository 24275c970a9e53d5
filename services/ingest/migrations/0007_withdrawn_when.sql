-- When a thread was taken back: where the platform shows it again, what is said in it after that stays.
ALTER TABLE withdrawn_thread ADD COLUMN at timestamptz NOT NULL DEFAULT '9999-12-31 00:00:00+00';
