DROP TABLE events;
DROP FUNCTION limit_transaction_duration, max_transaction_duration;
