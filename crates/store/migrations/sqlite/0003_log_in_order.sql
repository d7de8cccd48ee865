-- The log grows at its end only: every attempt has an id of its own, which rises with time, and names its delivery.
-- Rows of earlier releases whose delivery had the same id are completed.
UPDATE attempts SET delivery_id = id WHERE delivery_id IS NULL;
DROP INDEX attempts_of_delivery;
-- Neither recovered (flag 2) nor late (flag 4): at most one such row says how a delivery's first attempt ended.
CREATE UNIQUE INDEX first_attempts ON attempts (delivery_id) WHERE number = 1 AND (flags & 6) = 0;
CREATE INDEX other_attempts ON attempts (delivery_id) WHERE NOT (number = 1 AND (flags & 6) = 0);
