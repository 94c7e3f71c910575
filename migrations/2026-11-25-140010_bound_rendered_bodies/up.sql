-- What is made of a body has a bound too: so that whatever is read can be sent back, and pages of bodies end somewhere.
-- What was written before is left as it is.
ALTER TABLE articles ADD CONSTRAINT articles_rendered_size
    CHECK (octet_length(body_html) <= 4194304 AND octet_length(body_text) <= 4194304) NOT VALID;
