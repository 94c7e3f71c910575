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

-- A name in all its languages: {"ar": "اقتصاد"}.
CREATE FUNCTION search_names(name text, names jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN search_key(name || ' ' || jsonb_path_query_array(names, '$.*')::text);

-- What `search_fold` gives, letter for letter, with an apostrophe for whatever sign may keep Postgres from seeing the words beside it: it
-- takes `-19` for a number below zero, `décès.Le` for a host. What stays: a dot within a number, quotes, and the dash
-- that a word begins with, which leaves the word out where it is looked for. Words that such signs join are looked for
-- side by side. Apostrophes stand for `على`, too, which would be folded to the name `علي`.
CREATE FUNCTION search_plain(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    regexp_replace(
        translate(search_fold(CASE WHEN strpos(value, 'على') > 0
            THEN regexp_replace(value, '(^|[^\u0621-\u064a])(و?)على(?![\u0621-\u064a])', '\1\2''''''', 'g')
            ELSE value
        END), '+&@:~#%=?!,;()[]{}|*^$`\', repeat('''', 40)),
        '(?<!\d)\.|\.(?!\d)|(?<=\S)-|-(?=[-\s]|$)', '''', 'g');

-- Of a text, in which no dash leaves anything out.
CREATE FUNCTION search_told(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN translate(search_plain(value), '-', '''');

-- Small words: what only holds a sentence together is neither found nor looked for, but an apostrophe stands for it. Not
-- left to Postgres, which knows French ones by their accents, no Arabic ones, and takes some nouns for verbs (`avions`,
-- `été`, `est`, `sommes`; `mais` may be maïs, `as` a team).
CREATE FUNCTION search_large(language text, plain text) RETURNS text
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

-- French with all its words.
CREATE TEXT SEARCH DICTIONARY search_french (TEMPLATE = pg_catalog.snowball, Language = french);
CREATE TEXT SEARCH CONFIGURATION search_french (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION search_french ALTER MAPPING REPLACE pg_catalog.french_stem WITH search_french;

-- Which of Postgres's dictionaries knows a language.
CREATE FUNCTION search_config(language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE split_part(language, '-', 1)
        WHEN 'fr' THEN 'search_french'::regconfig
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
        THEN to_tsvector('pg_catalog.arabic', search_large(language, search_told(value)))
            || to_tsvector('pg_catalog.arabic', search_bare(search_large(language, search_told(value))))
        ELSE to_tsvector(search_config(language), search_large(language, search_told(value)))
    END;

-- What is found of a text, and how much it counts: a title (A) more than a lede (B), a lede more than a body (D).
-- Of a body, the first 100,000 characters: a document for searches may hold 1 MB at most. Beside that, which dictionary it
-- was read with, as a word that nobody can look for: what leaves a word out has to say in which language.
CREATE FUNCTION search_document(language text, title text, lede text, body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    setweight(search_text(language, title), 'A')
    || setweight(search_text(language, coalesce(lede, '')), 'B')
    || setweight(search_text(language, left(body, 100000)), 'D')
    || array_to_tsvector(ARRAY['=' || CASE WHEN split_part(language, '-', 1) IN ('fr', 'ar', 'en')
        THEN split_part(language, '-', 1) ELSE '' END]);

-- A query, for what was read with one dictionary.
CREATE FUNCTION search_within(dictionary text, query tsquery) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE WHEN numnode(query) = 0 THEN query ELSE quote_literal('=' || dictionary)::tsquery && query END;

-- What is looked for in Arabic: with the article as well as without. Where something is to be left out, as it is written:
-- either form alone would let the other through.
CREATE FUNCTION search_arabic(large text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE WHEN strpos(large, '-') > 0 THEN websearch_to_tsquery('pg_catalog.arabic', large)
        ELSE websearch_to_tsquery('pg_catalog.arabic', large)
            || websearch_to_tsquery('pg_catalog.arabic', search_bare(large))
    END;
