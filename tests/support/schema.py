"""Describe the tables of a database in words, so that databases that were made in different ways can be compared."""

from __future__ import annotations

from typing import Final

import asyncpg

_OWN: Final = "n.nspname IN ('log', 'ingest', 'lrs', 'records', 'impact')"
_ACL: Final = """
(SELECT string_agg(format('%s:%s:%s', grantee::regrole, privilege_type, is_grantable), ' ' ORDER BY grantee, privilege_type)
 FROM aclexplode(coalesce({acl}, acldefault('{kind}', {owner}))))
"""
_QUERIES: Final = {
    "schema": f"SELECT n.nspname, {_ACL.format(acl='n.nspacl', kind='n', owner='n.nspowner')} FROM pg_namespace n WHERE {_OWN}",  # noqa: S608
    "relation": f"""
        SELECT c.oid::regclass::text, c.relkind::text, c.relpersistence::text, c.reloptions::text,
               obj_description(c.oid, 'pg_class'), CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
               {_ACL.format(acl="c.relacl", kind="r", owner="c.relowner")}
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OWN} AND c.relkind <> 'i'
    """,  # noqa: S608
    "column": f"""
        SELECT c.oid::regclass::text || '.' || a.attname,
               row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text, a.attstorage::text,
               a.attcollation::regcollation::text, a.attoptions::text, a.attacl::text, col_description(c.oid, a.attnum)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE {_OWN} AND c.relkind IN ('r', 'v', 'm', 'p') AND a.attnum > 0 AND NOT a.attisdropped
    """,  # noqa: S608
    "constraint": f"""
        SELECT k.conrelid::regclass::text || '.' || k.conname, pg_get_constraintdef(k.oid),
               obj_description(k.oid, 'pg_constraint')
        FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE {_OWN}
    """,  # noqa: S608
    "index": f"""
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisvalid, c.reloptions::text
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OWN}
    """,  # noqa: S608
    "function": f"""
        SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'),
               {_ACL.format(acl="p.proacl", kind="f", owner="p.proowner")}
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_OWN}
    """,  # noqa: S608
    "trigger": f"""
        SELECT t.tgrelid::regclass::text || '.' || t.tgname, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_OWN} AND NOT t.tgisinternal
    """,  # noqa: S608
    "granted later": """
        SELECT d.defaclnamespace::regnamespace::text || d.defaclobjtype::text, d.defaclacl::text FROM pg_default_acl d
    """,
}


Schema = dict[tuple[str, str], tuple[object, ...]]


async def schema_of(url: str) -> Schema:
    """Return what stands in the catalogue of the database at *url* of our schemas, by kind and name."""
    connection = await asyncpg.connect(url)
    found: Schema = {}
    try:
        for kind, query in _QUERIES.items():
            for name, *said in await connection.fetch(query):
                found[kind, name] = tuple(said)
    finally:
        await connection.close()
    return found
