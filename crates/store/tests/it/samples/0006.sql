INSERT INTO builds VALUES (1, x'000102030405060708090a0b0c0d0e11', 1, 1, 0, 0, 'primary', NULL,
    '{"diff_url":"","commit_paths":null}', NULL, 0, 0, 'main', '', '', 0, NULL, NULL, NULL, NULL, NULL, 20, NULL, NULL, 20, 1,
    0, 3, 1);
INSERT INTO build_logs VALUES (1, 0, 'hi!');
INSERT INTO build_requests VALUES (1, x'000102030405060708090a0b0c0d0e12', 1, '{"diff_url":"","commit_paths":null}', NULL,
    '[{"workflow":"primary"}]', 'webhook-github/alice', 20);
INSERT INTO incoming VALUES (1, x'000102030405060708090a0b0c0d0e13', 1, 'github', 'd-1', 'push', 3, '[["A","b"]]', x'7b7d', NULL,
    20, 201, '{}', 0);
INSERT INTO incoming_seen VALUES (1, zeroblob(16), 1, 20, 201, '{}');
