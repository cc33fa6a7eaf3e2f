-- The database of the clinic and its two roles on PostgreSQL 13 or newer. Safe to repeat: it also hands over tables
-- that another role owns, and takes back what is too much. As a superuser of PostgreSQL:
--
--     cd / && runuser --user=postgres -- psql --no-psqlrc --quiet --file=/srv/clinic/deploy/roles.sql
--
-- Other names: --set=database=... --set=application=... --set=migration=... --set=backup=... Passwords, where the roles come in over the
-- network, from the variables APPLICATION_PASSWORD and MIGRATION_PASSWORD; without them they are left as they are.
-- What the application may do with each table is given by `manage.py migrate`.
\set ON_ERROR_STOP on
\pset pager off
\if :{?database} \else \set database clinic \endif
\if :{?application} \else \set application clinic \endif
\if :{?migration} \else \set migration clinic_migrate \endif
\if :{?backup} \else \set backup clinic_backup \endif
\set application_password ''
\set migration_password ''
\getenv application_password APPLICATION_PASSWORD
\getenv migration_password MIGRATION_PASSWORD

SELECT format('CREATE ROLE %I', role) FROM unnest(ARRAY[:'application', :'migration']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE :"application" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE :"migration" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
SELECT format('ALTER ROLE %I PASSWORD %L', role, password)
FROM (VALUES (:'application', :'application_password'), (:'migration', :'migration_password')) AS given (role, password)
WHERE password <> '' \gexec
SELECT format('REVOKE %I FROM %I', pg_get_userbyid(roleid), :'application')
FROM pg_auth_members WHERE member = :'application'::regrole \gexec

SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''', name, :'migration')
FROM (VALUES (:'database')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec
ALTER DATABASE :"database" OWNER TO :"migration";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC, :"application";
GRANT CONNECT ON DATABASE :"database" TO :"application";
-- A database that was restored is another one: whoever makes backups must come into it as well.
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', :'database', rolname)
FROM pg_roles WHERE rolname = :'backup' \gexec
-- PostgreSQL lets everybody into every database. Of those that it makes by itself nobody but superusers needs one.
SELECT format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', datname)
FROM pg_database WHERE datname IN ('postgres', 'template1') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM %I', datname, :'application')
FROM pg_database WHERE datname <> :'database' AND datallowconn \gexec

\connect :"database"
REVOKE ALL ON SCHEMA public FROM PUBLIC, :"application";
GRANT USAGE ON SCHEMA public TO :"application";
GRANT USAGE, CREATE ON SCHEMA public TO :"migration";

-- An installation of one role, or a backup that was restored as another: everything in it belongs to the role that
-- migrates. Whoever owns the extension could take the guards of the diary with it. Sequences of columns follow their
-- tables.
SELECT format('REASSIGN OWNED BY %I TO %I', :'application', :'migration')
WHERE EXISTS (SELECT FROM pg_shdepend WHERE refobjid = :'application'::regrole AND deptype = 'o') \gexec
SELECT format('ALTER %s %s OWNER TO %I', kind, name, :'migration') FROM (
    SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
        oid::regclass::text, oid, relowner
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relkind IN ('r', 'p', 'v', 'm') OR relkind = 'S'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i')))
    UNION ALL
    SELECT 'ROUTINE', oid::regprocedure::text, oid, proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS found (kind, name, id, owner)
WHERE owner <> :'migration'::regrole
AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = id AND deptype = 'e') \gexec

SELECT format('The role %I may still connect to the database %I. Unless another program there needs it: '
    'REVOKE CONNECT ON DATABASE %I FROM PUBLIC;', :'application', datname, datname) AS "Look at this"
FROM pg_database
WHERE datallowconn AND datname <> :'database' AND has_database_privilege(:'application', oid, 'CONNECT')
\g (format=unaligned tuples_only=on)
