-- A presence is named within its session; whose it is, only its beginning says for sure.
ALTER TABLE presence DROP CONSTRAINT presence_pkey;
ALTER TABLE presence ALTER COLUMN actor DROP NOT NULL;
ALTER TABLE presence ADD PRIMARY KEY (source, session, name);
