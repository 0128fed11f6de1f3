-- Runs once, in the transaction of createSchema(). `eventspine.` stands for the schema of the store.

create table eventspine.store (
  only_row boolean primary key default true check (only_row),
  schema_version integer not null,
  format_version integer not null,
  incarnation text not null,
  partitions integer not null,
  hash text not null,
  codec text not null,
  created_at timestamptz not null default clock_timestamp()
);

-- An append locks the rows of its partitions until it commits and never updates them: an updated counter
-- leaves dead versions that nobody can prune while any transaction is open elsewhere on the server.
create table eventspine.partitions (
  partition integer primary key,
  sealed boolean not null default false
);

-- Positions and versions are gap-free: the last row of a partition or stream tells the next number, so there is
-- no table of heads. Rows are never deleted: removal blanks their bodies (state 1; state 2 on the last row of a
-- deleted stream). Times are milliseconds since the epoch: a bigint is read without DateStyle and TimeZone.
create table eventspine.events (
  position bigint not null,
  version bigint not null,
  recorded_at bigint not null,
  partition integer not null,
  schema_version smallint not null,
  codec smallint not null,
  state smallint not null,
  id uuid not null,
  stream_id text collate "C" not null,
  type text collate "C" not null,
  data json not null,
  metadata json not null,
  primary key (partition, position),
  unique (stream_id, version)
);

-- For people; nothing in Eventspine reads it.
create view eventspine.recorded_events as
select
  partition, position, stream_id, version, id, type, schema_version,
  to_timestamp(recorded_at / 1000.0) as recorded_at, data, metadata
from eventspine.events
where state = 0;

create function eventspine.now_ms() returns bigint language sql volatile
as $$ select (extract(epoch from clock_timestamp()) * 1000)::bigint $$;
