UPDATE accounts SET project_key = 'AIR' WHERE id = 5;
INSERT INTO tallies VALUES (7, 'push', 0, 1, 0, 0, 160016, NULL, NULL);
INSERT INTO breakers VALUES (7, 1, 1, 3, 6, 50, NULL);
