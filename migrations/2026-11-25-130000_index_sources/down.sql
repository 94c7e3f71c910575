DROP INDEX articles_source, articles_public_source, headlines_source, headlines_public_source;
