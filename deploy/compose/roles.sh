#!/bin/sh
# A database a service, its owner who migrates, and a runtime role that can enter no other.
set -eu
for service in customers complaints followup reception; do
  psql -v ON_ERROR_STOP=1 -v service="$service" -v owner="${service}_owner" -v password="$CARELOOP_PASSWORD" -U postgres <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"owner" TEMPLATE template0;
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"service";
\connect :service
SET ROLE :"owner";
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"service";
ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO :"service";
SQL
done
