-- Revisions come from one sequence: none ever comes back, not even after a delete or a rollback.
create sequence eventspine.document_revision;

-- Times are milliseconds since the epoch. Revision 0 marks a row that its own transaction put there to hold the
-- address and has not filled yet; none is ever committed.
create table eventspine.documents (
  revision bigint not null,
  expires_at bigint,
  partition integer not null,
  collection text collate "C" not null,
  key text collate "C" not null,
  value json not null,
  primary key (collection, partition, key)
);

create index documents_expiring on eventspine.documents (expires_at) where expires_at is not null;

-- Removes some expired documents in passing. Rows that others hold are left to the next time, so it never waits.
create function eventspine.sweep_documents(p_most integer) returns void language sql volatile
set enable_seqscan = off
as $$
  delete from eventspine.documents d
  using (
    select s.collection, s.partition, s.key from eventspine.documents s
    where s.expires_at <= eventspine.now_ms() order by s.expires_at limit p_most for update skip locked
  ) expired
  where d.collection = expired.collection and d.partition = expired.partition and d.key = expired.key
$$;

-- Writes one document. Expected: a revision, -1 any, -2 none; an expired document counts as none. A null value
-- deletes. Returns the new revision, 0 for a delete, null when something else than expected is there.
create function eventspine.write_document(
  p_lock_timeout_ms integer, p_collection text, p_partition integer, p_key text,
  p_expected bigint, p_value json, p_expires_in_ms bigint
) returns text language plpgsql
set lock_timeout = 2000
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_now bigint := eventspine.now_ms();
  v_revision bigint;
begin
  perform set_config('lock_timeout', p_lock_timeout_ms::text, true);
  if p_value is null then
    delete from eventspine.documents d
    where d.collection = p_collection and d.partition = p_partition and d.key = p_key
      and case p_expected
        when -1 then true
        when -2 then d.expires_at <= v_now
        else d.revision = p_expected and coalesce(d.expires_at > v_now, true)
      end;
    if found or p_expected = -1 then
      return '0';
    elsif p_expected = -2 then
      perform from eventspine.documents d
      where d.collection = p_collection and d.partition = p_partition and d.key = p_key;
      return case when found then null else '0' end;
    end if;
    return null;
  end if;
  if p_expected >= 0 then
    update eventspine.documents d
    set value = p_value, revision = nextval('eventspine.document_revision'), expires_at = v_now + p_expires_in_ms
    where d.collection = p_collection and d.partition = p_partition and d.key = p_key
      and d.revision = p_expected and coalesce(d.expires_at > v_now, true)
    returning d.revision into v_revision;
  else
    insert into eventspine.documents as d (collection, partition, key, value, revision, expires_at)
    values (p_collection, p_partition, p_key, p_value, nextval('eventspine.document_revision'), v_now + p_expires_in_ms)
    on conflict (collection, partition, key) do update
    set value = excluded.value, revision = excluded.revision, expires_at = excluded.expires_at
    where p_expected = -1 or d.expires_at <= v_now
    returning d.revision into v_revision;
  end if;
  return v_revision::text;
end
$$;
