"""Generated content, and loading it.

Two databases: `manchette` is large, `small` is small. Both end at the same time with the same density, so that a request
returns as many rows from either. Common values have the same frequency in both; rare values have the same number of rows.
"""

import concurrent.futures
import datetime
import math
import random
import subprocess
import time
import urllib.parse

from programs import BenchmarkError, environment, progress

DAY = datetime.timedelta(days=1)
SPAN = 7 * 365 * DAY
END = datetime.datetime(2025, 12, 30, tzinfo=datetime.timezone.utc)

# The number of articles with the slugs `bench-1`, `bench-2` …
SLUGS = 1_000

STEMS = """
abelor adrinet alcovine amaron ambrel andoux aravel arduine astorel avenor balcorre bandrel barouse belmire bostane
brandille brovan cadrelle calvore candrin carmoz castelune cendrel chamarque clavion corbane coralis cortegne dalmar
darvinet delcroze domarque dravel dunoise elbarine embrune escarde estaval fablor falmine fandrel farouelle felcarin
fontarde fravel galmore gandrine garouste gelvane gondrel gravoine halbrun harmelle hauvert helcane iscarel istrane
jalvert jandrel joubrine kalmere kervane lacombrine landrove larquel lavandre lombrise lucarne madrille malvoire mandrel
marcoule melvane mirandol montvare morlaque nalbert narvoise noirval norvane odrel olmane orlavie ormesque palvert
pandrille parmoise pelvane pontarque quarvel quelmire radrine ralvane rocambre romarquel salvoise sandrel sarmelle
selvane solmire talvert tandrille tarmoise tolvane tremarque ulmane valcorre vandrel varmoise velcane verlune voltane
yandrel zalmore zelvane
""".split()
# The commonest first, distributed as in natural language: the n-th is about 1/n as common.
WORDS = list(dict.fromkeys(STEMS + [begin[:4] + end[-4:] for end in STEMS for begin in STEMS]))
WEIGHTS = [0]
for place in range(len(WORDS)):
    WEIGHTS.append(WEIGHTS[-1] + 1 / (place + 10))
del WEIGHTS[0]

# Nearly everything has the first of these; one in fifty has the next ones, which meet by chance; the last stands in the
# titles of as many rows in both databases.
COMMONEST, SOME, OTHERS, RARE = "brumak", "fluzor", "kipram", "zorvikul"
RARELY = 50

# The last is rare.
LANGUAGES = ["fr", "en", "es", "pt"]
# The first has the next three below it. The last is the one that is measured.
CATEGORIES = """
estuaire estuaire-nord estuaire-sud estuaire-ouest arsenal belvedere carrefour dune echiquier forge grange horloge ilot
jardin lisiere moulin octroi passerelle quai rempart
""".split()
MEASURED = CATEGORIES[-1]
AUTHORS = 50
# Each on one article in twenty.
COMMON_TAGS = 4
# On how many articles each rare tag is.
TAGGED = 40


def moment(at):
    return at.isoformat()


def new_id(at, chance):
    """Like the server's ids (UUIDv7): a timestamp, then random bits."""
    bits = chance.getrandbits(74)
    milliseconds = int(at.timestamp() * 1000)
    return f"{milliseconds >> 16:08x}-{milliseconds & 0xffff:04x}-7{bits & 0xfff:03x}-{0x8000 | bits >> 12 & 0x3fff:04x}-{bits >> 26:012x}"


def quoted(values):
    return ", ".join(f"'{value}'" for value in values)


def one_of(n, total, count):
    """Whether the n-th row is one of `count` rows that are evenly distributed."""
    every = total // count
    return n % every == every // 2 and n // every < count


class Content:
    """A number of articles and headlines, the same in every run, each `step` apart."""

    def __init__(self, articles, headlines, article_step, headline_step):
        self.chance = random.Random(20_190_101)
        self.total = {"articles": articles, "headlines": headlines}
        self.step = {"articles": article_step, "headlines": headline_step}
        self.categories = [new_id(END - SPAN, self.chance) for _ in CATEGORIES]
        self.articles = [new_id(self.at("articles", n), self.chance) for n in range(articles)]
        self.languages = self.chance.choices(LANGUAGES[:-1], k=articles)
        for n in range(articles):
            if one_of(n, articles, TAGGED):
                self.languages[n] = LANGUAGES[-1]
            elif translates(n):
                # Never the original's.
                other = LANGUAGES.index(self.languages[n - 1]) + 1
                self.languages[n] = LANGUAGES[other % (len(LANGUAGES) - 1)]
        self.phrases = [self.words(2, 5) for _ in range(20_000)]
        self.paragraphs = [self.words(20, 40) for _ in range(20_000)]

    def at(self, table, n):
        return END - (self.total[table] - n) * self.step[table]

    def words(self, least, most):
        return " ".join(self.chance.choices(WORDS, cum_weights=WEIGHTS, k=self.chance.randint(least, most)))

    def special(self, n):
        """The additional words of the n-th row."""
        found = []
        if n % 50 != 7:
            found.append(COMMONEST)
        if n % 50 == 13:
            found.append(SOME)
        if n % 49 == 11:
            found.append(OTHERS)
        return found

    def title(self, chance, n, total):
        rare = f"{RARE} " if one_of(n, total, RARELY) else ""
        return rare + " ".join(chance.choices(self.phrases, k=3))

    def tree(self):
        """Inserts the categories, with their triggers."""
        rows = []
        for n, (name, slug) in enumerate(zip(self.categories, CATEGORIES)):
            parent = f"'{self.categories[0]}'" if 1 <= n <= 3 else "NULL"
            rows.append(f"('{name}', '{slug}', '{slug.capitalize()}', {parent}, {n}, '')")
        return f"INSERT INTO categories (id, slug, name, parent_id, position, tree_key) VALUES {', '.join(rows)};"

    def rare_tags(self):
        return [f"rare-{n}" for n in range(self.total["articles"] // 5 // TAGGED)]

    def names(self):
        """The authors and the tags, with ids that are known from their numbers."""
        rare = len(self.rare_tags())
        return f"""
            CREATE TEMP TABLE known AS SELECT ARRAY[{quoted(WORDS)}] AS words;
            INSERT INTO authors (id, slug, name) SELECT md5('author-' || n)::uuid, 'author-' || n,
                initcap(words[1 + n * 7 % 100] || ' ' || words[1 + n * 89 % 1000])
                FROM generate_series(0, {AUTHORS - 1}) AS n, known;
            INSERT INTO tags (id, slug, name, kind) SELECT md5(slug)::uuid, slug, initcap(words[1 + n * 97 % {len(WORDS)}]) || ' ' || n, kind
                FROM known CROSS JOIN LATERAL (
                    SELECT 'common-' || n AS slug, n, 'subject' AS kind FROM generate_series(0, {COMMON_TAGS - 1}) AS n
                    UNION ALL SELECT 'rare-' || n, n, 'person' FROM generate_series(0, {rare - 1}) AS n
                    UNION ALL SELECT 'old', 0, 'place'
                ) AS made;
        """

    def bylines(self):
        """The authors and tags of articles, with the columns that triggers would copy."""
        articles, rare = self.total["articles"], len(self.rare_tags())
        copied = "status, language, category_id, listed_at, updated_at, deleted_at"
        chance = "(hashint8(n * 16 + k) & 65535)"
        return f"""
            SET session_replication_role = replica;
            SET work_mem = '512MB';
            CREATE TEMP TABLE numbered AS
                SELECT row_number() OVER (ORDER BY listed_at, id) - 1 AS n, id, {copied} FROM articles;
            -- One, and one in three has a second.
            INSERT INTO article_authors (id, author_id, place, {copied})
                SELECT id, md5('author-' || (author + k * 7) % {AUTHORS})::uuid, k, {copied} FROM (
                    SELECT *, hashint8(n) & 65535 AS author FROM numbered CROSS JOIN generate_series(0, 1) AS k
                    WHERE k = 0 OR n % 3 = 1
                ) AS signed ORDER BY n, k;
            -- The old tag is on a third of what was written in the first two years of seven.
            INSERT INTO article_tags (id, tag_id, place, {copied})
                SELECT id, md5(slug)::uuid, k, {copied} FROM (
                    SELECT *, 'common-' || k AS slug FROM numbered CROSS JOIN generate_series(0, {COMMON_TAGS - 1}) AS k
                        WHERE {chance} % 20 = 0
                    UNION ALL
                    SELECT *, {COMMON_TAGS}, 'rare-' || n / 5 % {rare} FROM numbered WHERE n % 5 = 2
                    UNION ALL
                    SELECT *, {COMMON_TAGS + 1}, 'old' FROM numbered WHERE n < {articles * 2 // 7} AND n % 3 = 1
                ) AS tagged ORDER BY n, k;
            INSERT INTO headline_tags (id, tag_id, article_id, status, language, priority, pinned, category_id, listed_at,
                    expires_at, updated_at, deleted_at)
                SELECT line.id, tag_id, article_id, line.status, line.language, priority, pinned, line.category_id,
                    line.listed_at, line.expires_at, line.updated_at, line.deleted_at
                FROM headlines AS line JOIN article_tags ON article_tags.id = article_id ORDER BY line.listed_at, line.id;
            DO $$ BEGIN
                IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'headlines'::regclass AND attname = 'release') THEN
                    UPDATE headlines SET release = 'expired' WHERE expires_at <= now();
                END IF;
                IF to_regclass('article_counts') IS NOT NULL THEN
                    INSERT INTO article_counts SELECT category_id, count(*) FROM articles GROUP BY category_id;
                END IF;
            END $$;
        """

    ARTICLE = """
        id slug title kicker lede body body_html body_text language dir status published_at first_published_at
        category_id dateline word_count reading_minutes source created_at updated_at translation_of
    """.split()

    def article_rows(self, begin, end):
        total, chance = self.total["articles"], random.Random(begin)
        every = total // SLUGS
        for n in range(begin, end):
            at = self.at("articles", n)
            written = moment(at)
            # One in ten was changed within the next days.
            updated = moment(min(at + chance.random() * 3 * DAY, END)) if chance.randrange(10) == 0 else written
            measured = n % every == 0 and n // every < SLUGS
            title = self.title(chance, n, total)
            slug = f"bench-{n // every + 1}" if measured else f"{title.replace(' ', '-')[:80].rstrip('-')}-{n}"
            body = " ".join([chance.choice(self.paragraphs), *self.special(n)]).capitalize() + "."
            yield (
                self.articles[n],
                slug,
                title.capitalize(),
                chance.choice(self.phrases).capitalize(),
                " ".join(chance.choices(self.phrases, k=2)).capitalize(),
                body,
                f"<p>{body}</p>\\n",
                body,
                self.languages[n],
                "ltr",
                "published",
                written,
                written,
                chance.choice(self.categories),
                chance.choice(STEMS).capitalize(),
                str(body.count(" ") + 1),
                "1",
                f"Agence {STEMS[n // 4 % len(STEMS)].capitalize()}" if n % 4 == 0 else "\\N",
                written,
                updated,
                self.articles[n - 1] if translates(n) else "\\N",
            )

    HEADLINE = """
        id title language dir status published_at first_published_at priority pinned expires_at category_id article_id
        source created_at updated_at
    """.split()

    def headline_rows(self, begin, end):
        total, chance = self.total["headlines"], random.Random(begin)
        for n in range(begin, end):
            at = self.at("headlines", n)
            written = moment(at)
            dice = chance.randrange(1_000)
            # One in a hundred left the ticker a day later. Of the newest, a hundred are still to leave.
            expires = moment(at + DAY) if dice < 10 else "\\N"
            if n >= total - 1_000 and n % 10 == 7:
                expires = "2099-12-31T00:00:00+00:00"
            # Every second one refers to an article of its time.
            points = self.articles[n * len(self.articles) // total] if dice % 2 == 0 else "\\N"
            yield (
                new_id(at, chance),
                " ".join([self.title(chance, n, total), *self.special(n)]).capitalize(),
                chance.choice(LANGUAGES[:-1]),
                "ltr",
                "published",
                written,
                written,
                "flash" if dice >= 990 else "breaking" if dice >= 940 else "normal",
                "t" if one_of(n, total, RARELY) else "f",
                expires,
                chance.choice(self.categories),
                points,
                "Agence " + chance.choice(STEMS).capitalize() if dice % 4 < 2 else "\\N",
                written,
                written,
            )


def translates(n):
    """Whether the n-th article is a translation of the one before it."""
    return n % 50 == 1


# --- loading ----------------------------------------------------------------------------------------------------------

INDEXES = """
    SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
        AND indrelid IN ('articles'::regclass, 'headlines'::regclass, 'article_authors'::regclass, 'article_tags'::regclass,
            'headline_tags'::regclass)
    ORDER BY pg_get_indexdef(indexrelid) NOT LIKE '%gin%', 1;
"""


def at_once(work):
    """Runs the tasks in parallel, on a useful number of connections."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(*one) for one in work]:
            done.result()


def index_texts(database, name, program):
    """Makes the terms that content is searched by. Older versions make them as they insert, and don't have the command."""
    if subprocess.run([program, "reindex", "--help"], capture_output=True).returncode != 0:
        return
    host = urllib.parse.quote(str(database.folder), safe="")
    url = f"postgres:///{name}?user=manchette&host={host}"
    if subprocess.run([program, "reindex"], env=environment(DATABASE_URL=url)).returncode != 0:
        raise BenchmarkError("the content can't be indexed")
    # Without the rows as they were before.
    at_once((database.ask, f"VACUUM FULL {table};", name) for table in ("articles", "headlines"))


def load_all(database, name, content, program):
    """Fills one database. Indexes are created at the end, which is much faster."""
    found = [line.split("|", 1) for line in database.ask(INDEXES, name).splitlines()]
    database.ask("".join(f"DROP INDEX {index};" for index, _ in found), name)
    database.ask(content.names(), name)

    def copy(table, columns, rows):
        total = content.total[table]
        for begin in range(0, total, part := math.ceil(total / 4)):
            yield database.copy, table, columns, rows(begin, min(begin + part, total)), name

    at_once(copy("articles", content.ARTICLE, content.article_rows))
    at_once(copy("headlines", content.HEADLINE, content.headline_rows))
    database.ask(content.bylines(), name)
    index_texts(database, name, program)
    memory = "SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 0;"
    at_once((database.ask, f"{memory} {definition};", name) for _, definition in found)
    database.ask("VACUUM ANALYZE;", name)


def copy_empty(database):
    """Copies the database, which nothing else may use meanwhile: the connections of the server are ended until that is so."""
    database.ask("ALTER DATABASE manchette ALLOW_CONNECTIONS false;", "postgres")
    try:
        for _ in range(100):
            others = "FROM pg_stat_activity WHERE datname = 'manchette'"
            database.ask(f"SELECT pg_terminate_backend(pid) {others};", "postgres")
            if database.ask(f"SELECT count(*) {others};", "postgres") == "0":
                break
            time.sleep(0.1)
        database.ask("CREATE DATABASE small TEMPLATE manchette;", "postgres")
    finally:
        database.ask("ALTER DATABASE manchette ALLOW_CONNECTIONS true;", "postgres")


def load(chosen, database, program, check):
    """Fills both databases, the small one first, and returns their content. `check` runs in between, so that errors show up
    before the long load."""
    steps = SPAN / chosen.articles, SPAN / chosen.headlines
    contents = {
        "small": Content(chosen.first, chosen.first, *steps),
        "manchette": Content(chosen.articles, chosen.headlines, *steps),
    }
    database.ask(contents["small"].tree())
    copy_empty(database)
    # No checkpoints and no autovacuum during the load.
    database.ask(
        "ALTER SYSTEM SET max_wal_size = '32GB'; ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf();", "postgres"
    )
    for name, content in contents.items():
        begun = time.monotonic()
        progress(f"loading {content.total['articles']:,} articles and {content.total['headlines']:,} headlines")
        load_all(database, name, content, program)
        progress(f"loaded in {time.monotonic() - begun:.0f} s")
        if name == "small":
            check()
    database.ask("CHECKPOINT; ALTER SYSTEM RESET ALL; SELECT pg_reload_conf();", "postgres")
    return contents["small"], contents["manchette"]
