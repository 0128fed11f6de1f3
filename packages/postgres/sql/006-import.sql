-- Stores events of one partition as they were recorded elsewhere: all or none. What stands already with the same id
-- is passed over; a stream that is new here may begin at any version. Returns `position;version` of the last event,
-- written or passed over, else `;verdict`: s (sealed), c (another version, with the event's number and the head),
-- r (another id stands there, with the event's number).
create function eventspine.import_events(
  p_lock_timeout_ms integer, p_partition integer, p_streams text, p_versions bigint[],
  p_earlier integer[],            -- an event: the event before it of the same stream, or 0
  p_recorded_at bigint[], p_ids text, p_types text, p_schema_versions integer[], p_codecs integer[], p_data text, p_metadata text
) returns text language plpgsql
set lock_timeout = 2000
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_ids uuid[] := string_to_array(p_ids, E'\n')::uuid[];
  v_sealed boolean;
  v_next bigint;
  v_heads bigint[];
  v_standing_ids uuid[];
  v_standing bigint[];            -- for each event: the position of what stands there, else where it will stand
  v_places bigint[];              -- for each event: its position, 0 when passed over
  v_same integer;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    return 'isolation';
  end if;
  perform set_config('lock_timeout', p_lock_timeout_ms::text, true);
  select p.sealed into v_sealed from eventspine.partitions p where p.partition = p_partition for no key update;
  if v_sealed then
    return ';s';
  end if;
  v_next := coalesce((
    select e.position from eventspine.events e where e.partition = p_partition order by e.position desc limit 1
  ), 0);
  select
    array_agg(coalesce(h.version, 0) order by i.n), array_agg(s.id order by i.n), array_agg(coalesce(s.position, 0) order by i.n)
  into v_heads, v_standing_ids, v_standing
  from unnest(string_to_array(p_streams, E'\n'), p_versions) with ordinality i (stream_id, version, n)
  left join lateral (
    select e.version from eventspine.events e where e.stream_id = i.stream_id order by e.version desc limit 1
  ) h on true
  left join eventspine.events s on s.stream_id = i.stream_id and s.version = i.version;

  for i in 1 .. cardinality(p_versions) loop
    if p_earlier[i] > 0 then
      v_heads[i] := v_heads[p_earlier[i]];
    end if;
    if v_heads[i] = 0 or p_versions[i] = v_heads[i] + 1 then
      v_next := v_next + 1;
      v_places[i] := v_next;
      v_standing[i] := v_next;
      v_heads[i] := p_versions[i];
    else
      v_places[i] := 0;
      v_same := p_earlier[i];
      while v_standing[i] = 0 and v_same > 0 loop
        if p_versions[v_same] = p_versions[i] then
          v_standing[i] := v_standing[v_same];
          v_standing_ids[i] := v_ids[v_same];
        end if;
        v_same := p_earlier[v_same];
      end loop;
      if v_standing[i] = 0 then
        return ';c;' || i || ';' || v_heads[i];
      elsif v_standing_ids[i] <> v_ids[i] then
        return ';r;' || i;
      end if;
    end if;
  end loop;

  insert into eventspine.events
    (position, version, recorded_at, partition, schema_version, codec, state, id, stream_id, type, data, metadata)
  select
    e.position, e.version, e.recorded_at, p_partition, coalesce(e.schema_version, 1), coalesce(e.codec, 0), 0,
    e.id, e.stream_id, e.type, e.data::json, e.metadata::json
  from unnest(
    v_places, p_versions, p_recorded_at, p_schema_versions, p_codecs, v_ids, string_to_array(p_streams, E'\n'),
    string_to_array(p_types, E'\n'), string_to_array(p_data, E'\n'), string_to_array(p_metadata, E'\n')
  ) e (position, version, recorded_at, schema_version, codec, id, stream_id, type, data, metadata)
  where e.position > 0;
  return v_standing[cardinality(p_versions)] || ';' || p_versions[cardinality(p_versions)];
end
$$;
