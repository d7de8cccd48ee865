INSERT INTO accounts VALUES (1, x'000102030405060708090a0b0c0d0e0e', 0, 'octo', NULL, NULL, NULL, 0, 10, 10);
INSERT INTO accounts VALUES (5, x'000102030405060708090a0b0c0d0e0f', 1, 'acme', NULL, NULL, NULL, 0, 10, 10);
INSERT INTO memberships VALUES (5, 1, 1);
INSERT INTO repositories VALUES
    (6, x'000102030405060708090a0b0c0d0e0f', 5, 'gears', NULL, NULL, 'main', 0, 0, NULL, 10, 10, NULL);
INSERT INTO collaborators VALUES (6, 1, 2);
INSERT INTO tokens VALUES (4, zeroblob(32), 1, 'repo, events:write', 'ci', 10, NULL, NULL);
INSERT INTO hooks VALUES (7, x'000102030405060708090a0b0c0d0e0f', 'github', NULL, 6, 1, 1, 'http://receiver.test/', NULL,
    '["push"]', NULL, 0, 0, NULL, '"standard"', '{"a":1}', 1, 10, 10);
INSERT INTO targets VALUES (7, 10, 'http://receiver.test/', NULL);
INSERT INTO events VALUES (160000, x'000102030405060708090a0b0c0d0e0f', zeroblob(16), zeroblob(16), 2, 20, 5, 6,
    'github.push', '/repos/acme/gears', 'one', NULL, NULL, 'application/json',
    x'01010667697468756210000102030405060708090a0b0c0d0e0f0470757368000000020e000e00', CAST('{}' AS BLOB), NULL);
INSERT INTO redeliveries VALUES (160160, 160000);
INSERT INTO attempts VALUES
    (160016, NULL, 160000, 7, 0, 1, 0, 1, NULL, 0, 200, 30, 1500, NULL, NULL, NULL, NULL, NULL, NULL),
    (160176, 160160, 160000, 7, 0, 1, 1, 5, 4, NULL, NULL, 30, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO queue VALUES (160032, 160000, 7, 0, 1, 0, 0, 40, NULL, NULL);
