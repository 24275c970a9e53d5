-- The gateway answers HR and learners: it may call the functions, which read with its rights, and see what changed.
GRANT USAGE ON SCHEMA impact TO symposia_lrs;
GRANT SELECT ON fact, cell, rules, change TO symposia_lrs;
