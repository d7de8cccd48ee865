INSERT INTO topics VALUES (1, 'http://pub.test/topic', NULL, NULL, 160000, 10, 20, '"1"', NULL, zeroblob(16), NULL);
INSERT INTO topics VALUES (2, 'http://postrider.test/acme/gears/events/push', 6, 'push', NULL, 10, NULL, NULL, NULL, NULL,
    NULL);
INSERT INTO hooks VALUES (9, x'000102030405060708090a0b0c0d0e0a', 'github', NULL, NULL, 1, NULL, 1, 1,
    'http://sub.test/cb', NULL, '["content"]', NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, 90, 10, 10);
INSERT INTO targets VALUES (9, 10, 'http://sub.test/cb', NULL);
INSERT INTO tasks VALUES (3, 2, NULL, NULL, NULL, 1, NULL, 20, 20, 1, 0, NULL, NULL);
INSERT INTO task_notes VALUES (4, 20, 'fetch_topic', 'http://pub.test/topic', NULL, NULL, NULL, 'retried', 503, 'away');
