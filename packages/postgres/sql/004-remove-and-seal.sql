-- Blanks the events of a stream below p_before, or all of them and the stream with them when that is null. The
-- partition is held meanwhile: no append can come in between. Returns `head` when done (or nothing was to be
-- done), else `head;c` (another version) or `head;b` (p_before lies past the next version).
create function eventspine.remove_events(
  p_lock_timeout_ms integer, p_partition integer, p_stream text, p_expected bigint, p_before bigint
) returns text language plpgsql
set lock_timeout = 2000
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_head bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    return 'isolation';
  end if;
  perform set_config('lock_timeout', p_lock_timeout_ms::text, true);
  perform from eventspine.partitions p where p.partition = p_partition for no key update;
  v_head := coalesce((
    select case when e.state = 2 then -e.version else e.version end
    from eventspine.events e where e.stream_id = p_stream order by e.version desc limit 1
  ), 0);
  if not eventspine.fits(p_expected, abs(v_head)) then
    return abs(v_head) || ';c';
  elsif v_head <= 0 then
    return abs(v_head)::text;
  elsif p_before > v_head + 1 then
    return v_head || ';b';
  end if;
  update eventspine.events e
  set state = 1, codec = 0, data = 'null', metadata = '{}'
  where e.stream_id = p_stream and e.version < coalesce(p_before, v_head + 1) and e.state = 0;
  if p_before is null then
    update eventspine.events e set state = 2 where e.stream_id = p_stream and e.version = v_head;
  end if;
  return v_head::text;
end
$$;

-- Closes a partition for appends, or opens it again. Waits for the appends that are under way.
create function eventspine.seal(p_lock_timeout_ms integer, p_partition integer, p_sealed boolean) returns void
language plpgsql
set lock_timeout = 2000
as $$
begin
  perform set_config('lock_timeout', p_lock_timeout_ms::text, true);
  update eventspine.partitions p set sealed = p_sealed where p.partition = p_partition;
end
$$;
