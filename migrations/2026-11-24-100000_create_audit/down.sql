DROP TABLE audit;
DROP FUNCTION keep_audit();
