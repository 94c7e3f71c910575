-- Text normalisation for sorting and completing names, and the words of the content. The program makes the terms that content
-- is searched by (`src/news/search_index`).

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Folds text for comparison: without accents, vowel marks and tatweel; lower case; ligatures expanded; Arabic letters that
-- are used interchangeably unified (`ه` becomes `ة`, which the stemmer removes); Western digits; ASCII quotes and dashes.
-- The program has a function that must give the same result (`search_index/fold.rs`).
CREATE FUNCTION search_fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    replace(replace(replace(replace(replace(
        translate(
            lower(regexp_replace(
                normalize(value, NFKD),
                '[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]',
                '', 'g'
            )),
            U&'\2019\2018\02BC\201B\2032\201C\201D\201E\00AB\00BB\2039\203A\2010\2013\2014\2212/_<>\00F8\0111\0142\0131\0127\0167\00D8\0110\0141\0649\0647\0671\06A9\06CC\06C1\0660\0661\0662\0663\0664\0665\0666\0667\0668\0669\06F0\06F1\06F2\06F3\06F4\06F5\06F6\06F7\06F8\06F9\060C\061B\061F\2022\00B7',
            U&'''''''''''"""""""----    odlihtodl\064A\0629\0627\0643\064A\062901234567890123456789     '
        ),
        U&'\0153', 'oe'), U&'\0152', 'oe'), U&'\00E6', 'ae'), U&'\00C6', 'ae'), U&'\00DF', 'ss');

-- Folded text with punctuation removed: the sort key of names, and what autocompletion matches.
CREATE FUNCTION search_key(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    btrim(regexp_replace(
        translate(search_fold(value), '''"-.,:;!?()[]{}<>%&+*#@=|\~^$`', repeat(' ', 31)), '\s+', ' ', 'g'));

-- The search key of a name in all its languages.
CREATE FUNCTION search_names(name text, names jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN search_key(name || ' ' || jsonb_path_query_array(names, '$.*')::text);

-- The periods of 1, 16 and 256 days that a time lies in, as numbers that the program makes in the same way
-- (`search/periods.rs`): so that the index finds the newest of many matches without reading the others. 0 stands for no time.
CREATE FUNCTION search_periods(listed_at timestamptz) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    day integer;
BEGIN
    IF NOT isfinite(listed_at) THEN
        RETURN ARRAY[0];
    END IF;
    day := date_part('day', listed_at - timestamptz '0001-01-01 00:00:00+00');
    RETURN ARRAY[1 + day, (1 << 24) + 1 + (day >> 4), (2 << 24) + 1 + (day >> 8)];
END $$;

-- Every word that was ever published, folded and as first written: to complete the beginning of a word, and to suggest
-- corrections of misspelt queries. A suggestion is searched for before it is offered, because the content that had the word may
-- be gone.
CREATE TABLE search_words (
    word text COLLATE "C" PRIMARY KEY,
    spelling text NOT NULL
);
CREATE INDEX search_words_trigrams ON search_words USING gin (word gin_trgm_ops);

-- The version of the program's rules by which all content is indexed.
CREATE TABLE search_index (
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
    version smallint NOT NULL CHECK (version > 0)
);
INSERT INTO search_index (version) VALUES (1);
