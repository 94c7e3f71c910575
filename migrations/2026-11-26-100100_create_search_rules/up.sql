-- Text normalisation and query building for full-text search, the same for stored text and for queries.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Folds text for comparison: without accents, vowel marks and tatweel; lower case; ligatures expanded; Arabic letters that
-- are used interchangeably unified (`ه` becomes `ة`, which the stemmer removes); Western digits; ASCII quotes and dashes.
-- The program highlights matches with a function that must give the same result (`search/fold.rs`).
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

-- Folded text in which an apostrophe replaces each sign that would make Postgres parse the words beside it differently: it
-- reads `-19` as a negative number and `décès.Le` as a host name. Decimal points, quotes and the dash before a word stay;
-- in a query, that dash excludes the word. Words joined by a replaced sign are searched as a phrase. The preposition `على`
-- becomes apostrophes too, because folding would turn it into the name `علي`.
CREATE FUNCTION search_normalize_query(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    regexp_replace(
        translate(search_fold(CASE WHEN strpos(value, 'على') > 0
            THEN regexp_replace(value, '(^|[^\u0621-\u064a])(و?)على(?![\u0621-\u064a])', '\1\2''''''', 'g')
            ELSE value
        END), '+&@:~#%=?!,;()[]{}|*^$`\', repeat('''', 40)),
        '(?<!\d)\.|\.(?!\d)|(?<=\S)-|-(?=[-\s]|$)', '''', 'g');

-- The same for stored text, in which a dash excludes nothing.
CREATE FUNCTION search_normalize_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN translate(search_normalize_query(value), '-', '''');

-- Replaces each stop word by an apostrophe. The lists of Postgres are not used: its French one expects accents, which are
-- folded away here, and contains nouns (`avions`, `été`, `est`, `sommes`; `mais` may be maïs, `as` may be an ace), and it
-- has none for Arabic.
CREATE FUNCTION search_remove_stop_words(language text, plain text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE split_part(language, '-', 1)
        WHEN 'fr' THEN regexp_replace(plain, '\m(?:'
            'au|aux|avec|ce|ces|cet|cette|ceci|cela|celui|celle|ceux|celles|ca|dans|de|des|dont|du|elle'
            '|elles|en|et|eux|il|ils|je|la|le|les|leur|leurs|lui|ma|me|meme|memes|mes|moi|mon|ne|ni|nos'
            '|notre|nous|on|ou|par|pas|pour|qu|que|qui|quoi|sa|se|ses|si|son|sur|ta|te|tes|toi|ton|tu|un'
            '|une|vos|votre|vous|a|c|d|j|l|m|n|s|t|y|etant|suis|serai|seras|sera|serons|serez|seront'
            '|serais|serait|serions|seriez|seraient|etais|etait|etions|etiez|etaient|fus|fut|fumes|furent'
            '|sois|soit|soyons|soyez|soient|ayant|eu|eue|eues|eus|ai|avons|avez|ont|aurai|auras|aura'
            '|aurons|aurez|auront|aurais|aurait|aurions|auriez|auraient|avais|avait|aviez|avaient|eut'
            '|eurent|aie|aies|ait|ayons|ayez|aient|lorsqu|lorsque|puisqu|puisque|jusqu|jusque'
            ')\M', '''', 'g')
        WHEN 'ar' THEN regexp_replace(plain, '(^|[^\u0621-\u064a])(?:'
            'من|في|عن|مع|الي|ومن|وفي|وعن|ومع|والي|ان|وان|او|ما|وما|لا|ولا|لم|ولم|لن|ولن|قد|وقد|لقد|هو|وهو'
            '|هي|وهي|هذا|هذة|وهذا|وهذة|ذلك|تلك|الذي|التي|الذين|كان|كانت|وكان|وكانت|كما|لكن|ولكن|ثم|حتي'
            '|اذا|منذ|عند|لدي|بين|و|يا|فية|فيها|منة|منها|عنة|عنها|بة|بها|لة|لها|لهم|علية|عليها|عليهم|الية'
            '|اليها'
            ')(?![\u0621-\u064a])', '\1''', 'g')
        ELSE plain
    END;

-- French stemming without a stop word list.
CREATE TEXT SEARCH DICTIONARY search_french (TEMPLATE = pg_catalog.snowball, Language = french);
CREATE TEXT SEARCH CONFIGURATION search_french (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION search_french ALTER MAPPING REPLACE pg_catalog.french_stem WITH search_french;

-- The text search configuration for a language.
CREATE FUNCTION search_config(language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE split_part(language, '-', 1)
        WHEN 'fr' THEN 'search_french'::regconfig
        WHEN 'ar' THEN 'pg_catalog.arabic'::regconfig
        WHEN 'en' THEN 'pg_catalog.english'::regconfig
        ELSE 'pg_catalog.simple'::regconfig
    END;

-- Removes the definite article from Arabic words, with a conjunction or preposition attached to it. The stemmer removes
-- different suffixes from a word with the article than from one without, so both forms are indexed.
CREATE FUNCTION search_strip_article(folded text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    regexp_replace(
        folded,
        '(^|[^\u0621-\u064a])(?:[\u0648\u0641\u0628\u0643]?\u0627\u0644|\u0644\u0644)(?=[\u0621-\u064a]{3})',
        '\1', 'g'
    );

-- In PL/pgSQL, which plans its expressions once a session: as a single expression, all of the rules above would be planned for
-- every row that is written.
CREATE FUNCTION search_vector(language text, value text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    plain text := search_remove_stop_words(language, search_normalize_text(value));
BEGIN
    IF split_part(language, '-', 1) = 'ar' THEN
        RETURN to_tsvector('pg_catalog.arabic', plain) || to_tsvector('pg_catalog.arabic', search_strip_article(plain));
    END IF;
    RETURN to_tsvector(search_config(language), plain);
END $$;

-- The indexed document, weighted: title A, lede B, body D. Only the first 100,000 characters of the body are indexed, because
-- a tsvector holds at most 1 MB. The lexeme `=fr`, `=ar`, `=en` or `=` names the dictionary that the text was read with, so
-- that a query can be restricted to it: an excluded word must be stemmed like the text.
CREATE FUNCTION search_document(language text, title text, lede text, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    dictionary text := split_part(language, '-', 1);
    document tsvector := setweight(search_vector(language, title), 'A');
BEGIN
    IF lede <> '' THEN
        document := document || setweight(search_vector(language, lede), 'B');
    END IF;
    IF body <> '' THEN
        document := document || setweight(search_vector(language, left(body, 100000)), 'D');
    END IF;
    RETURN document || array_to_tsvector(ARRAY['=' || CASE WHEN dictionary IN ('fr', 'ar', 'en') THEN dictionary ELSE '' END]);
END $$;

-- Restricts a query to documents that were read with one dictionary.
CREATE FUNCTION search_in_dictionary(dictionary text, query tsquery) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE WHEN numnode(query) = 0 THEN query ELSE quote_literal('=' || dictionary)::tsquery && query END;

-- An Arabic query matches words with and without the definite article. With an excluded word it is used as written, because
-- the union of both forms would find again what either form excludes.
CREATE FUNCTION search_arabic_query(query text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE WHEN strpos(query, '-') > 0 THEN websearch_to_tsquery('pg_catalog.arabic', query)
        ELSE websearch_to_tsquery('pg_catalog.arabic', query)
            || websearch_to_tsquery('pg_catalog.arabic', search_strip_article(query))
    END;

-- An estimate of the number of rows that a search finds, from the planner's statistics: cheap for any query. It decides how a
-- search is executed, never what it returns.
CREATE FUNCTION search_estimate_rows(of regclass, query tsquery) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM %s WHERE deleted_at IS NULL AND search @@ %L::tsquery', of, query)
    INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::double precision;
END $$;

-- Every word that was ever published, folded and as first written, to suggest corrections of misspelled queries. A suggestion
-- is searched for before it is offered, because the content that had the word may be gone.
CREATE TABLE search_words (
    word text PRIMARY KEY,
    spelling text NOT NULL
);
CREATE INDEX search_words_trigrams ON search_words USING gin (word gin_trgm_ops);

CREATE INDEX search_words_spelling ON search_words (spelling);

-- Most words of a text are known, as they are spelt: only the others are folded. Those of fewer than four letters are not kept,
-- unless folding makes two letters of one.
CREATE FUNCTION add_search_words(value text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_words (word, spelling)
    SELECT DISTINCT ON (word) word, spelling
    FROM (
        SELECT search_fold(spelling) AS word, spelling
        FROM (
            SELECT DISTINCT lower(token) AS spelling
            FROM ts_parse('default', translate(value, U&'\2019\00A0\202F/_', ''' ''  '))
            WHERE tokid IN (1, 2, 10, 11)
        ) AS spelt
        WHERE char_length(spelling) <= 40 AND (char_length(spelling) >= 4 OR spelling ~ U&'[\0153\00E6\00DF]')
            -- A subquery for each word: a join may read all words that are known.
            AND (SELECT true FROM search_words AS known WHERE known.spelling = spelt.spelling LIMIT 1) IS NULL
    ) AS new
    WHERE char_length(word) BETWEEN 4 AND 40
    ORDER BY word, spelling
    ON CONFLICT (word) DO NOTHING;
END $$;
