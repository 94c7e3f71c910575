-- How text is compared in searches, by whoever writes or asks. `src/search/fold.rs` says the same, letter for letter.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Without accents, vowel marks and tatweel, in lower case, ligatures written out, one letter for those that Arabic
-- writers use for each other (of `ه` and `ة` the second: the stemmer takes that off), Western digits, plain quotes.
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

-- The same with nothing but words: by it names are sorted, and completed as somebody types.
CREATE FUNCTION search_key(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    btrim(regexp_replace(
        translate(search_fold(value), '''"-.,:;!?()[]{}<>%&+*#@=|\~^$`', repeat(' ', 31)), '\s+', ' ', 'g'));

-- The same, letter for letter, with an apostrophe for whatever sign may keep Postgres from seeing the words beside it: it
-- takes `-19` for a number below zero, `décès.Le` for a host. What stays: a dot within a number, quotes, and the dash
-- that a word begins with, which leaves the word out where it is looked for. Words that such signs join are looked for
-- side by side.
CREATE FUNCTION search_plain(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    regexp_replace(
        translate(search_fold(value), '+&@:~#%=?!,;()[]{}|*^$`\', repeat('''', 40)),
        '(?<!\d)\.|\.(?!\d)|(?<=\S)-|-(?=[-\s]|$)', '''', 'g');

-- Of a text, in which no dash leaves anything out.
CREATE FUNCTION search_told(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN translate(search_plain(value), '-', '''');

-- Which of Postgres's dictionaries knows a language.
CREATE FUNCTION search_config(language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE split_part(language, '-', 1)
        WHEN 'fr' THEN 'pg_catalog.french'::regconfig
        WHEN 'ar' THEN 'pg_catalog.arabic'::regconfig
        WHEN 'en' THEN 'pg_catalog.english'::regconfig
        ELSE 'pg_catalog.simple'::regconfig
    END;

-- Arabic without its article, whether a conjunction or a preposition stands before it: the stemmer takes other endings
-- off a word with it than off one without, so both are kept.
CREATE FUNCTION search_bare(folded text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    regexp_replace(
        folded,
        '(^|[^\u0621-\u064a])(?:[\u0648\u0641\u0628\u0643]?\u0627\u0644|\u0644\u0644)(?=[\u0621-\u064a]{3})',
        '\1', 'g'
    );

CREATE FUNCTION search_text(language text, value text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE WHEN split_part(language, '-', 1) = 'ar'
        THEN to_tsvector('pg_catalog.arabic', search_told(value))
            || to_tsvector('pg_catalog.arabic', search_bare(search_told(value)))
        ELSE to_tsvector(search_config(language), search_told(value))
    END;

-- What is found of a text, and how much it counts: a title (A) more than a lede (B), a lede more than a body (D).
-- Of a body, the first 100,000 characters: a document for searches may hold 1 MB at most.
CREATE FUNCTION search_document(language text, title text, lede text, body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    setweight(search_text(language, title), 'A')
    || setweight(search_text(language, coalesce(lede, '')), 'B')
    || setweight(search_text(language, left(body, 100000)), 'D');

-- What is looked for in Arabic: with the article as well as without. Where something is to be left out, as it is written:
-- either form alone would let the other through.
CREATE FUNCTION search_arabic(folded text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE WHEN strpos(folded, '-') > 0 THEN websearch_to_tsquery('pg_catalog.arabic', folded)
        ELSE websearch_to_tsquery('pg_catalog.arabic', folded)
            || websearch_to_tsquery('pg_catalog.arabic', search_bare(folded))
    END;
