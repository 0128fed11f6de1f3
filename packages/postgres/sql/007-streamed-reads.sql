-- Pages of events in chunks. A function hands its rows over when it has all of them, so a client that asked for a
-- thousand used to have nothing to do until the last was read; chunk by chunk it takes the first apart meanwhile. They
-- are joined by `lateral`, which leaves the planner no choice of plan or order, and all belong to one statement, so that
-- all is seen at one moment.
drop function if exists eventspine.read_forward(text, bigint, bigint, integer);
drop function if exists eventspine.read_backward(text, bigint, bigint, integer);
drop function if exists eventspine.read_feed(integer, bigint, integer);

-- The versions to read of a stream, at most p_limit of them, in chunks.
create function eventspine.stream_chunks(p_stream text, p_from bigint, p_to bigint, p_limit integer)
returns table (r_low bigint, r_high bigint) language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_chunk constant integer := 200;
  v_from bigint;
  v_state smallint;
  v_head bigint;
  v_head_state smallint;
  v_to bigint;
begin
  select e.version, e.state into v_from, v_state
  from eventspine.events e where e.stream_id = p_stream and e.version >= p_from order by e.version limit 1;
  select e.version, e.state into v_head, v_head_state
  from eventspine.events e where e.stream_id = p_stream order by e.version desc limit 1;
  if v_state <> 0 then
    -- A truncated stream: one step over the tombstones, which may be any number.
    v_from := case when v_head_state = 0 then eventspine.first_kept(p_stream, v_from, v_head) else v_head + 1 end;
  end if;
  v_to := least(p_to, v_head, v_from + p_limit - 1);
  while v_from <= v_to loop
    r_low := v_from;
    r_high := least(v_to, v_from + v_chunk - 1);
    return next;
    v_from := r_high + 1;
  end loop;
end
$$;

-- Events come as three columns: what is short in one line, the fewest values that a driver has to take apart, and the
-- bodies as they are stored, since a cast to text would copy them twice. The line is
-- `position version recorded_at schema_version codec state id type`, in the feed with the stream id in a line below.
create function eventspine.read_forward(p_stream text, p_low bigint, p_high bigint)
returns table (r_line text, r_data json, r_metadata json) language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return query
  select
    concat_ws(' ', e.position, e.version, e.recorded_at, e.schema_version, e.codec, e.state, e.id, e.type), e.data, e.metadata
  from eventspine.events e
  where e.stream_id = p_stream and e.version >= p_low and e.version <= p_high
  order by e.version;
end
$$;

create function eventspine.read_backward(p_stream text, p_from bigint, p_to bigint, p_limit integer)
returns table (r_line text, r_data json, r_metadata json) language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  -- What lies below a tombstone is tombstones too: the client stops at the first.
  return query
  select
    concat_ws(' ', e.position, e.version, e.recorded_at, e.schema_version, e.codec, e.state, e.id, e.type), e.data, e.metadata
  from eventspine.events e
  where e.stream_id = p_stream and e.version >= p_from and e.version <= p_to
  order by e.version desc limit p_limit;
end
$$;

-- The positions to read of a partition, in chunks. The first is there even where nothing follows p_after, and holds the
-- last position of the partition and the id of what stands at p_after.
create function eventspine.feed_chunks(p_partition integer, p_after bigint, p_limit integer)
returns table (r_low bigint, r_high bigint, r_line text) language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_chunk constant integer := 200;
  v_last bigint := coalesce((
    select e.position from eventspine.events e where e.partition = p_partition order by e.position desc limit 1
  ), 0);
  v_to bigint := least(v_last, p_after + p_limit);
begin
  r_line := concat_ws(' ', v_last,
    (select e.id from eventspine.events e where e.partition = p_partition and e.position = p_after));
  r_high := p_after;
  loop
    r_low := r_high + 1;
    r_high := least(v_to, r_high + v_chunk);
    return next;
    exit when r_high >= v_to;
    r_line := null;
  end loop;
end
$$;

-- p_line, where it is not null, comes first as a row that is no event.
create function eventspine.read_feed(p_partition integer, p_low bigint, p_high bigint, p_line text)
returns table (r_line text, r_data json, r_metadata json) language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  if p_line is not null then
    r_line := p_line;
    return next;
  end if;
  return query
  select
    concat_ws(' ', e.position, e.version, e.recorded_at, e.schema_version, e.codec, e.state, e.id, e.type) || E'\n' || e.stream_id,
    e.data, e.metadata
  from eventspine.events e
  where e.partition = p_partition and e.position >= p_low and e.position <= p_high
  order by e.position;
end
$$;
