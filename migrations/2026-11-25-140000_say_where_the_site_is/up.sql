-- Where the site is on the web: what relative addresses in bodies are relative to when those are written.
ALTER TABLE site ADD url text
    CONSTRAINT site_url_check CHECK (char_length(url) <= 500 AND is_http_url(url) AND url !~ '[?#]');
