-- The append: lock the partitions, look, write. One statement cannot do it: after waiting for a lock its other
-- parts would still see the snapshot from before the wait. In a function each statement takes a new one, as long
-- as the transaction is read committed; in any other the function does nothing and says so.
--
-- Expected versions: n exactly, -1 any, -2 none, -3 exists. Heads are versions, negative for a deleted stream.
-- The result is `bases;heads`, or `bases;heads;verdicts;revisions` when it takes more than that to tell: the last
-- position of each partition before, the version of each append's stream before its commit, and for each commit
-- nothing when it was written, else c (another version), s (sealed) or d (another revision) with the number of the
-- append or document that refused it. The client works out the rest.
--
-- Planner settings are pinned because plans are kept for the life of a session: one made while the table was empty
-- would go on scanning it when it is not, and arrays would be planned anew in each call.

create function eventspine.fits(p_expected bigint, p_head bigint) returns boolean language sql immutable
as $$
  select p_expected = abs(p_head)
    or (p_head >= 0 and (p_expected = -1 or (p_expected = -2 and p_head = 0) or (p_expected = -3 and p_head > 0)))
$$;

-- A lone commit of one event.
create function eventspine.append_one(
  p_lock_timeout_ms integer, p_partition integer, p_stream text, p_expected bigint,
  p_id uuid, p_type text, p_schema_version integer, p_codec integer, p_data json, p_metadata json
) returns text language plpgsql
set lock_timeout = 2000
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_sealed boolean;
  v_base bigint;
  v_head bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    return 'isolation';
  end if;
  perform set_config('lock_timeout', p_lock_timeout_ms::text, true);
  select p.sealed into v_sealed from eventspine.partitions p where p.partition = p_partition for no key update;
  select
    coalesce((select e.position from eventspine.events e where e.partition = p_partition order by e.position desc limit 1), 0),
    coalesce((
      select case when e.state = 2 then -e.version else e.version end
      from eventspine.events e where e.stream_id = p_stream order by e.version desc limit 1
    ), 0)
  into v_base, v_head;
  if v_sealed then
    return v_base || ';' || v_head || ';s1;';
  elsif not eventspine.fits(p_expected, v_head) then
    return v_base || ';' || v_head || ';c1;';
  end if;
  insert into eventspine.events
    (position, version, recorded_at, partition, schema_version, codec, state, id, stream_id, type, data, metadata)
  values (
    v_base + 1, abs(v_head) + 1, eventspine.now_ms(), p_partition, p_schema_version, p_codec, 0,
    p_id, p_stream, p_type, p_data, p_metadata
  );
  return v_base || ';' || v_head;
end
$$;

-- A batch of commits, each written or refused alone. Of a stream that occurs twice the later commit sees the earlier.
create function eventspine.append(
  p_lock_timeout_ms integer,
  p_partitions integer[],         -- ascending; empty without appends
  -- One line or item for each append, which is the events of one stream within one commit:
  p_streams text,
  p_expected bigint[],
  p_slots integer[],              -- which of p_partitions; null when there is one
  p_earlier integer[],            -- the append before it of the same stream, or 0; null when no stream occurs twice
  p_counts integer[],             -- how many events; null when each has one
  -- For each commit:
  p_appends integer[],            -- how many appends; null when each has one
  p_writes integer[],             -- how many documents; null without any
  -- For each event:
  p_owners integer[],             -- its append; null when each has one event
  p_ranks integer[],              -- its place among those of its partition; null when there is one partition
  p_ids text, p_types text, p_schema_versions integer[], p_codecs integer[], p_data text, p_metadata text,
  -- For each address of documents, and for each write to one of them:
  p_collections text, p_document_partitions integer[], p_keys text,
  p_addresses integer[], p_revisions bigint[], p_values text, p_expires_in_ms bigint[]
) returns text language plpgsql
set lock_timeout = 2000
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_streams text[] := string_to_array(p_streams, E'\n');
  v_values text[];
  v_sealed boolean[];
  v_bases bigint[] := '{}';
  v_next bigint[];                -- for each partition: the last position so far
  v_heads bigint[] := '{}';
  v_after bigint[];               -- for each append: the head behind it
  v_places bigint[];              -- for each append: the position before its first event, null when refused
  v_starts integer[];             -- for each append: the number of the event before its first
  v_current bigint[];             -- for each address: the revision there, 0 for none
  v_last integer[];               -- for each address: the write that stands
  v_new bigint[];                 -- for each write: its revision, 0 for a delete
  v_now bigint;
  v_good boolean := true;
  v_verdict text;
  v_verdicts text[] := '{}';
  v_append integer := 0;
  v_write integer := 0;
  v_event integer := 0;
  v_slot integer;
begin
  if p_streams is not null and current_setting('transaction_isolation') <> 'read committed' then
    return 'isolation';
  end if;
  perform set_config('lock_timeout', p_lock_timeout_ms::text, true);
  if p_streams is not null then
    select array_agg(p.sealed) into v_sealed from (
      select l.sealed from eventspine.partitions l where l.partition = any (p_partitions) order by l.partition for no key update
    ) p;
    select array_agg(coalesce((
      select e.position from eventspine.events e where e.partition = p.partition order by e.position desc limit 1
    ), 0) order by p.n)
    into v_bases
    from unnest(p_partitions) with ordinality p (partition, n);
    select array_agg(coalesce(h.head, 0) order by a.n), bool_and(eventspine.fits(a.expected, coalesce(h.head, 0)))
    into v_heads, v_good
    from unnest(v_streams, p_expected) with ordinality a (stream_id, expected, n)
    left join lateral (
      select case when e.state = 2 then -e.version else e.version end as head
      from eventspine.events e where e.stream_id = a.stream_id order by e.version desc limit 1
    ) h on true;
  end if;
  v_now := eventspine.now_ms();

  -- By far the most batches: one event an append, all expectations met, no stream twice, no documents.
  if v_good and p_counts is null and p_earlier is null and p_writes is null and not true = any (v_sealed) then
    insert into eventspine.events
      (position, version, recorded_at, partition, schema_version, codec, state, id, stream_id, type, data, metadata)
    select
      v_bases[coalesce(e.slot, 1)] + coalesce(e.rank, e.n), abs(e.head) + 1, v_now, p_partitions[coalesce(e.slot, 1)],
      coalesce(e.schema_version, 1), coalesce(e.codec, 0), 0, e.id::uuid, e.stream_id, e.type, e.data::json, e.metadata::json
    from unnest(
      v_streams, v_heads, p_slots, p_ranks, string_to_array(p_ids, E'\n'), string_to_array(p_types, E'\n'),
      p_schema_versions, p_codecs, string_to_array(p_data, E'\n'), string_to_array(p_metadata, E'\n')
    ) with ordinality e (stream_id, head, slot, rank, id, type, schema_version, codec, data, metadata, n);
    return array_to_string(v_bases, ',') || ';' || array_to_string(v_heads, ',');
  end if;

  if p_writes is not null then
    -- Holds every address, taken or free, in one order for all sessions, so that two batches cannot wait for each
    -- other. A conflicting row is locked even where the update is ruled out.
    insert into eventspine.documents as d (collection, partition, key, value, revision)
    select a.collection, a.partition, a.key, 'null', 0
    from unnest(string_to_array(p_collections, E'\n'), p_document_partitions, string_to_array(p_keys, E'\n'))
      a (collection, partition, key)
    order by a.collection collate "C", a.partition, a.key collate "C"
    on conflict (collection, partition, key) do update set revision = d.revision where false;
    select array_agg(case when d.expires_at <= v_now then 0 else d.revision end order by a.n) into v_current
    from unnest(string_to_array(p_collections, E'\n'), p_document_partitions, string_to_array(p_keys, E'\n'))
      with ordinality a (collection, partition, key, n)
    join eventspine.documents d on d.collection = a.collection and d.partition = a.partition and d.key = a.key;
    v_values := string_to_array(p_values, E'\n');
    v_last := array_fill(0, array[cardinality(v_current)]);
    v_new := array_fill(0::bigint, array[cardinality(p_addresses)]);
  end if;

  v_next := v_bases;
  for v_commit in 1 .. coalesce(cardinality(p_appends), cardinality(p_expected)) loop
    v_verdict := '';
    for i in v_append + 1 .. v_append + coalesce(p_appends[v_commit], 1) loop
      if p_earlier[i] > 0 then
        v_heads[i] := v_after[p_earlier[i]];
      end if;
      v_after[i] := v_heads[i];
      continue when v_verdict <> '';
      if v_sealed[coalesce(p_slots[i], 1)] then
        v_verdict := 's' || i;
      elsif not eventspine.fits(p_expected[i], v_heads[i]) then
        v_verdict := 'c' || i;
      end if;
    end loop;
    for j in v_write + 1 .. v_write + coalesce(p_writes[v_commit], 0) loop
      exit when v_verdict <> '';
      if p_revisions[j] = -2 and v_current[p_addresses[j]] > 0
        or p_revisions[j] >= 0 and v_current[p_addresses[j]] <> p_revisions[j]
        or p_revisions[j] = 0 then
        v_verdict := 'd' || j;
      end if;
    end loop;
    for i in v_append + 1 .. v_append + coalesce(p_appends[v_commit], 1) loop
      v_starts[i] := v_event;
      v_event := v_event + coalesce(p_counts[i], 1);
      if v_verdict = '' then
        v_slot := coalesce(p_slots[i], 1);
        v_places[i] := v_next[v_slot];
        v_next[v_slot] := v_next[v_slot] + coalesce(p_counts[i], 1);
        v_after[i] := abs(v_heads[i]) + coalesce(p_counts[i], 1);
      else
        v_places[i] := -1;
      end if;
    end loop;
    v_append := v_append + coalesce(p_appends[v_commit], 1);
    for j in v_write + 1 .. v_write + coalesce(p_writes[v_commit], 0) loop
      exit when v_verdict <> '';
      if coalesce(v_values[j], '') <> '' then
        v_new[j] := nextval('eventspine.document_revision');
      end if;
      v_current[p_addresses[j]] := v_new[j];
      v_last[p_addresses[j]] := j;
    end loop;
    v_write := v_write + coalesce(p_writes[v_commit], 0);
    v_verdicts := array_append(v_verdicts, v_verdict);
  end loop;

  if v_append > 0 then
    insert into eventspine.events
      (position, version, recorded_at, partition, schema_version, codec, state, id, stream_id, type, data, metadata)
    select
      v_places[a.n] + e.n - v_starts[a.n], abs(v_heads[a.n]) + e.n - v_starts[a.n], v_now, p_partitions[coalesce(p_slots[a.n], 1)],
      coalesce(e.schema_version, 1), coalesce(e.codec, 0), 0, e.id::uuid, a.stream_id, e.type, e.data::json, e.metadata::json
    from unnest(
      p_owners, string_to_array(p_ids, E'\n'), string_to_array(p_types, E'\n'), p_schema_versions, p_codecs,
      string_to_array(p_data, E'\n'), string_to_array(p_metadata, E'\n')
    ) with ordinality e (owner, id, type, schema_version, codec, data, metadata, n)
    join unnest(v_streams) with ordinality a (stream_id, n) on a.n = coalesce(e.owner, e.n)
    where v_places[a.n] >= 0;
  end if;
  if p_writes is not null then
    update eventspine.documents d
    set value = v_values[l.write]::json, revision = v_new[l.write], expires_at = v_now + p_expires_in_ms[l.write]
    from unnest(v_last, string_to_array(p_collections, E'\n'), p_document_partitions, string_to_array(p_keys, E'\n'))
      l (write, collection, partition, key)
    where l.write > 0 and v_new[l.write] > 0 and d.collection = l.collection and d.partition = l.partition and d.key = l.key;
    delete from eventspine.documents d
    using unnest(v_last, string_to_array(p_collections, E'\n'), p_document_partitions, string_to_array(p_keys, E'\n'))
      l (write, collection, partition, key)
    where (d.revision = 0 or l.write > 0 and v_new[l.write] = 0)
      and d.collection = l.collection and d.partition = l.partition and d.key = l.key;
  end if;
  return array_to_string(v_bases, ',') || ';' || array_to_string(v_heads, ',') || ';'
    || array_to_string(v_verdicts, ',') || ';' || coalesce(array_to_string(v_new, ','), '');
end
$$;

-- The same within a transaction of the caller, which stays usable when the wait for a lock fails.
create function eventspine.append_nested(
  p_lock_timeout_ms integer, p_partitions integer[], p_streams text, p_expected bigint[], p_slots integer[],
  p_earlier integer[], p_counts integer[], p_appends integer[], p_writes integer[], p_owners integer[],
  p_ranks integer[], p_ids text, p_types text, p_schema_versions integer[], p_codecs integer[], p_data text,
  p_metadata text, p_collections text, p_document_partitions integer[], p_keys text, p_addresses integer[],
  p_revisions bigint[], p_values text, p_expires_in_ms bigint[]
) returns text language plpgsql
as $$
begin
  return eventspine.append(
    p_lock_timeout_ms, p_partitions, p_streams, p_expected, p_slots, p_earlier, p_counts, p_appends, p_writes, p_owners,
    p_ranks, p_ids, p_types, p_schema_versions, p_codecs, p_data, p_metadata, p_collections, p_document_partitions,
    p_keys, p_addresses, p_revisions, p_values, p_expires_in_ms
  );
exception
  when lock_not_available then
    return 'busy';
  when deadlock_detected then
    return 'deadlock';
end
$$;
