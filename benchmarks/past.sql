-- The past of a shop that has had bad days: 200,000 orders, a million messages done, 100,000 failed jobs.
-- n counts back in time, from the oldest row to the newest.

INSERT INTO orders_order (token, checkout_key, name, email, address, note, total, created_at, confirmed_at)
SELECT md5(n::text), md5(n::text)::uuid,
       (ARRAY['Alice','Bob','Carol','Dave','Erin','Frank'])[1 + n % 6] || ' ' ||
       (ARRAY['Larsen','Miller','Novak','Okafor','Petrov','Quist','Rossi'])[1 + n % 7] || '-' || substr(md5(n::text), 1, 5),
       substr(md5(n::text), 1, 8) || '@' || (ARRAY['example.org','example.net','example.com'])[1 + n % 3],
       n || ' Harbour Street' || chr(10) || '12345 Bay', '', 37.50,
       now() - n * interval '2 minutes', CASE WHEN n > 2 THEN now() - n * interval '2 minutes' END
FROM generate_series(200000, 1, -1) n;

INSERT INTO orders_orderline (order_id, product_id, name, unit_price, quantity)
SELECT o.id, p.id, p.name, 12.50, 1 FROM orders_order o CROSS JOIN (SELECT id, name FROM catalog_product LIMIT 2) p;

INSERT INTO messaging_processedmessage (message_id, queue, processed_at)
SELECT md5('done' || n)::uuid, (ARRAY['orders.send_confirmation','catalog.make_renditions'])[1 + n % 2],
       now() - n * interval '0.5 seconds'
FROM generate_series(1000000, 1, -1) n;

INSERT INTO messaging_batch (action, chosen, reason, made_by, made_at, taken, skipped, done_already, without_job)
VALUES ('retry', 'needs attention', '', 'alice', now() - interval '1 hour', 10000, 0, '{}', '{}');

INSERT INTO messaging_failedjob
    (message_id, queue, type, subject, state, kind, error_class, error, fingerprint, body, headers, attempts,
     attempts_forgiven, next_attempt_at, first_failed_at, last_failed_at, batch_id)
SELECT md5('failed' || n)::uuid, 'orders.send_confirmation', 'orders.order_placed',
       'orders.order/' || (SELECT min(id) FROM orders_order) + n * 2 - 1,
       (ARRAY['needs_attention','needs_attention','needs_attention','needs_attention','needs_attention',
              'needs_attention','needs_attention','resolved','discarded','retried'])[1 + n % 10],
       (ARRAY['used_up','permanent','permanent','crash_loop'])[1 + n % 4],
       (ARRAY['smtplib.SMTPServerDisconnected','smtplib.SMTPRecipientsRefused','smtplib.SMTPRecipientsRefused',
              'messaging.quarantine.CrashLoop'])[1 + n % 4],
       'SMTPRecipientsRefused: ' || repeat('no such user here, ', 20) || n || '@example.org',
       substr(md5((n % 12)::text), 1, 16),
       convert_to('{"specversion": "1.0", "data": {"order_id": ' || n || '}}', 'UTF8'), '{}', 3, 0, NULL,
       now() - n * interval '4 minutes', now() - n * interval '4 minutes',
       CASE WHEN n % 10 = 9 THEN (SELECT min(id) FROM messaging_batch) END
FROM generate_series(100000, 1, -1) n;

UPDATE orders_order SET confirmed_at = NULL FROM messaging_failedjob f
WHERE f.subject = 'orders.order/' || orders_order.id AND f.state = 'needs_attention';

INSERT INTO orders_orderemail (order_id, kind, "to", message_id, sent_at)
SELECT id, 'confirmation', email, '<order-' || id || '@shop.example>', confirmed_at
FROM orders_order WHERE confirmed_at IS NOT NULL;

INSERT INTO messaging_jobattempt
    (failed_job_id, number, started_at, duration, worker, release, error_class, error_text, traceback)
SELECT f.id, a, f.last_failed_at - (3 - a) * interval '1 minute', interval '120 milliseconds', 'worker-1:4711', '2026.11',
       f.error_class, f.error, repeat('  File "orders/jobs.py", line 20, in send_confirmation' || chr(10), 30)
FROM messaging_failedjob f CROSS JOIN generate_series(1, 3) a;

INSERT INTO messaging_outboxmessage
    (message_id, type, subject, body, queue, attempt, available_at, parked_reason, parked_at)
SELECT md5('waiting' || n)::uuid, 'orders.order_placed', 'orders.order/' || n, 'x', '', 1, now() - n * interval '1 second',
       CASE WHEN n % 10 = 0 THEN '312 NO_ROUTE' ELSE '' END, CASE WHEN n % 10 = 0 THEN now() END
FROM generate_series(1, 10000) n;

INSERT INTO messaging_publishedmessage
    (message_id, type, subject, body, queue, attempt, published_at, look_at)
SELECT md5('published' || n)::uuid, 'orders.order_placed', 'orders.order/' || n, 'x', 'orders.send_confirmation', 1,
       now() - n * interval '1 second', now()
FROM generate_series(1, 10000) n;

INSERT INTO messaging_worker
    (host, pid, release, queues, concurrency, started_at, last_seen, in_hand, paused, depths)
SELECT 'worker-' || n, 4711, '2026.11', '["orders.send_confirmation"]', 8, now(), now(), '{}', '{}',
       '{"orders.send_confirmation": {"ready": 10000, "consumers": 8}}'
FROM generate_series(1, 8) n;

INSERT INTO django_admin_log
    (action_time, user_id, content_type_id, object_id, object_repr, action_flag, change_message)
SELECT f.last_failed_at, (SELECT min(id) FROM auth_user),
       (SELECT id FROM django_content_type WHERE model = 'failedjob'), f.id::text, 'a failed job', 2, 'Queued again, in batch 1.'
FROM messaging_failedjob f
UNION ALL
SELECT o.created_at, (SELECT min(id) FROM auth_user),
       (SELECT id FROM django_content_type WHERE model = 'order'), o.id::text, 'an order', 2, 'Corrected the e-mail address.'
FROM orders_order o;
