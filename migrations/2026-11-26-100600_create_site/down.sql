DROP TABLE site;
DROP FUNCTION is_time_zone;
