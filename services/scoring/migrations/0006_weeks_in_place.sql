-- Whole weeks since Monday 1970-01-05, UTC. Of days, since what extracts seconds is STABLE: a body that is not IMMUTABLE stands in no
-- call's place, and PostgreSQL called it for each fact and cell, once it planned without the moment asked for.
CREATE OR REPLACE FUNCTION week_of(moment timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN floor((timezone('UTC', moment)::date - date '1970-01-05') / 7::double precision)::integer;
