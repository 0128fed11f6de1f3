-- Reads are functions for the sake of their plans: a statement prepared on a connection keeps its plan, and one made
-- while the tables were small or empty would scan them from end to end long after they have grown. All are stable,
-- so that everything in one call is seen at one moment. All results are text, so that no driver has an opinion on them.

-- The first version that a read can return of a stream whose rows p_low to p_high begin with a tombstone and end
-- without. Tombstones come first, so halving finds the border in a few probes however many there are.
create function eventspine.first_kept(p_stream text, p_low bigint, p_high bigint) returns bigint language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_low bigint := p_low;
  v_high bigint := p_high;
  v_middle bigint;
begin
  while v_high - v_low > 1 loop
    v_middle := (v_low + v_high) / 2;
    if (select e.state from eventspine.events e where e.stream_id = p_stream and e.version = v_middle) = 0 then
      v_high := v_middle;
    else
      v_low := v_middle;
    end if;
  end loop;
  return v_high;
end
$$;

-- `version deleted first position id`, or null for a stream to which nothing was ever appended.
create function eventspine.stream_head(p_stream text) returns text language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return (
    select concat_ws(' ', h.version, h.state = 2,
      case
        when f.state = 0 then f.version
        when h.state <> 0 then h.version + 1
        else eventspine.first_kept(p_stream, f.version, h.version)
      end,
      h.position, h.id)
    from (select * from eventspine.events e where e.stream_id = p_stream order by e.version desc limit 1) h,
      (select * from eventspine.events e where e.stream_id = p_stream order by e.version limit 1) f
  );
end
$$;

-- `position id` of the last entry, or null for an empty partition.
create function eventspine.feed_head(p_partition integer) returns text language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return (
    select concat_ws(' ', e.position, e.id)
    from eventspine.events e where e.partition = p_partition order by e.position desc limit 1
  );
end
$$;

-- The last position of each partition, 0 for an empty one, separated by spaces.
create function eventspine.feed_heads(p_partitions integer[]) returns text language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return (
    select string_agg(coalesce((
      select e.position from eventspine.events e where e.partition = p.partition order by e.position desc limit 1
    ), 0)::text, ' ' order by p.n)
    from unnest(p_partitions) with ordinality p (partition, n)
  );
end
$$;

-- With the number of the address; no row where nothing is or it has expired.
create function eventspine.get_documents(p_collections text, p_partitions integer[], p_keys text)
returns table (r_address text, r_value text, r_revision text, r_expires_at text) language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return query
  select a.n::text, d.value::text, d.revision::text, d.expires_at::text
  from unnest(string_to_array(p_collections, E'\n'), p_partitions, string_to_array(p_keys, E'\n'))
    with ordinality a (collection, partition, key, n)
  join eventspine.documents d on d.collection = a.collection and d.partition = a.partition and d.key = a.key
  where d.expires_at is null or d.expires_at > eventspine.now_ms();
end
$$;

-- Keys from p_from, up to but without p_end where that is not null, by their bytes.
create function eventspine.list_documents(p_collection text, p_partition integer, p_from text, p_end text, p_limit integer)
returns table (r_key text, r_value text, r_revision text, r_expires_at text) language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  if p_end is null then
    return query
    select d.key, d.value::text, d.revision::text, d.expires_at::text
    from eventspine.documents d
    where d.collection = p_collection and d.partition = p_partition and d.key >= p_from
      and (d.expires_at is null or d.expires_at > eventspine.now_ms())
    order by d.key limit p_limit;
  else
    return query
    select d.key, d.value::text, d.revision::text, d.expires_at::text
    from eventspine.documents d
    where d.collection = p_collection and d.partition = p_partition and d.key >= p_from and d.key < p_end
      and (d.expires_at is null or d.expires_at > eventspine.now_ms())
    order by d.key limit p_limit;
  end if;
end
$$;
