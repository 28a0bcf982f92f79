-- Three roles and one database. Everything but the logins is made in template1, so that a test database has it too.
\set ON_ERROR_STOP on
CREATE ROLE guildhall_owner LOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE guildhall_app LOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE guildhall_sys NOLOGIN NOSUPERUSER BYPASSRLS;
GRANT guildhall_sys TO guildhall_app WITH INHERIT FALSE, SET TRUE;
ALTER ROLE guildhall_owner PASSWORD :'owner';
ALTER ROLE guildhall_app PASSWORD :'app';

CREATE EXTENSION pg_trgm;
CREATE EXTENSION citext;
CREATE EXTENSION btree_gin;
CREATE EXTENSION unaccent;
ALTER DEFAULT PRIVILEGES FOR ROLE guildhall_owner
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO guildhall_app, guildhall_sys;
ALTER DEFAULT PRIVILEGES FOR ROLE guildhall_owner
    GRANT USAGE, SELECT ON SEQUENCES TO guildhall_app, guildhall_sys;

CREATE DATABASE guildhall OWNER guildhall_owner;
