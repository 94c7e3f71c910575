-- A name of the IANA time zone database. Postgres knows the zones, but on some systems not the deprecated names of them,
-- which are listed here. Names without a region are taken from this list only, because Postgres also accepts abbreviations,
-- which are fixed offsets.
CREATE FUNCTION is_time_zone(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF value = ANY (ARRAY[
        'Africa/Asmera', 'Africa/Timbuktu', 'America/Argentina/ComodRivadavia', 'America/Atka',
        'America/Buenos_Aires', 'America/Catamarca', 'America/Coral_Harbour', 'America/Cordoba', 'America/Ensenada',
        'America/Fort_Wayne', 'America/Godthab', 'America/Indianapolis', 'America/Jujuy', 'America/Knox_IN',
        'America/Kralendijk', 'America/Louisville', 'America/Lower_Princes', 'America/Marigot', 'America/Mendoza',
        'America/Montreal', 'America/Nipigon', 'America/Pangnirtung', 'America/Porto_Acre', 'America/Rainy_River',
        'America/Rosario', 'America/Santa_Isabel', 'America/Shiprock', 'America/St_Barthelemy',
        'America/Thunder_Bay', 'America/Virgin', 'America/Yellowknife', 'Antarctica/South_Pole',
        'Arctic/Longyearbyen', 'Asia/Ashkhabad', 'Asia/Calcutta', 'Asia/Choibalsan', 'Asia/Chongqing',
        'Asia/Chungking', 'Asia/Dacca', 'Asia/Harbin', 'Asia/Istanbul', 'Asia/Kashgar', 'Asia/Katmandu',
        'Asia/Macao', 'Asia/Rangoon', 'Asia/Saigon', 'Asia/Tel_Aviv', 'Asia/Thimbu', 'Asia/Ujung_Pandang',
        'Asia/Ulan_Bator', 'Atlantic/Faeroe', 'Atlantic/Jan_Mayen', 'Australia/ACT', 'Australia/Canberra',
        'Australia/Currie', 'Australia/LHI', 'Australia/NSW', 'Australia/North', 'Australia/Queensland',
        'Australia/South', 'Australia/Tasmania', 'Australia/Victoria', 'Australia/West', 'Australia/Yancowinna',
        'Brazil/Acre', 'Brazil/DeNoronha', 'Brazil/East', 'Brazil/West', 'CET', 'CST6CDT', 'Canada/Atlantic',
        'Canada/Central', 'Canada/Eastern', 'Canada/Mountain', 'Canada/Newfoundland', 'Canada/Pacific',
        'Canada/Saskatchewan', 'Canada/Yukon', 'Chile/Continental', 'Chile/EasterIsland', 'Cuba', 'EET', 'EST',
        'EST5EDT', 'Egypt', 'Eire', 'Etc/GMT+0', 'Etc/GMT-0', 'Etc/GMT0', 'Etc/Greenwich', 'Etc/UCT',
        'Etc/Universal', 'Etc/Zulu', 'Europe/Belfast', 'Europe/Bratislava', 'Europe/Busingen', 'Europe/Kiev',
        'Europe/Mariehamn', 'Europe/Nicosia', 'Europe/Podgorica', 'Europe/San_Marino', 'Europe/Tiraspol',
        'Europe/Uzhgorod', 'Europe/Vatican', 'Europe/Zaporozhye', 'GB', 'GB-Eire', 'GMT', 'GMT+0', 'GMT-0', 'GMT0',
        'Greenwich', 'HST', 'Hongkong', 'Iceland', 'Iran', 'Israel', 'Jamaica', 'Japan', 'Kwajalein', 'Libya', 'MET',
        'MST', 'MST7MDT', 'Mexico/BajaNorte', 'Mexico/BajaSur', 'Mexico/General', 'NZ', 'NZ-CHAT', 'Navajo', 'PRC',
        'PST8PDT', 'Pacific/Enderbury', 'Pacific/Johnston', 'Pacific/Ponape', 'Pacific/Samoa', 'Pacific/Truk',
        'Pacific/Yap', 'Poland', 'Portugal', 'ROC', 'ROK', 'Singapore', 'Turkey', 'UCT', 'US/Alaska', 'US/Aleutian',
        'US/Arizona', 'US/Central', 'US/East-Indiana', 'US/Eastern', 'US/Hawaii', 'US/Indiana-Starke', 'US/Michigan',
        'US/Mountain', 'US/Pacific', 'US/Samoa', 'UTC', 'Universal', 'W-SU', 'WET', 'Zulu'
    ]) THEN
        RETURN true;
    END IF;
    PERFORM 'epoch'::timestamptz AT TIME ZONE value;
    RETURN char_length(value) <= 64 AND value ~ '^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)+$';
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END $$;

-- The settings of the site: exactly one row.
CREATE TABLE site (
    id uuid PRIMARY KEY CHECK (id = '00000000-0000-7000-8000-000000000001'),
    name text NOT NULL CHECK (is_line(name, 100)),
    -- The base of relative URLs in article bodies.
    url text CHECK (char_length(url) <= 500 AND is_http_url(url) AND url !~ '[?#]'),
    -- The first one is the language of category names.
    languages text[] NOT NULL CHECK (are_language_tags(languages)),
    time_zone text NOT NULL CHECK (is_time_zone(time_zone)),
    links jsonb NOT NULL DEFAULT '[]' CHECK (are_links(links)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    -- Always null: the site has the columns of every resource, and is never deleted.
    deleted_at timestamptz CHECK (deleted_at IS NULL)
);
INSERT INTO site (id, name, languages, time_zone)
VALUES ('00000000-0000-7000-8000-000000000001', 'Manchette', '{fr}', 'UTC');

CREATE TRIGGER advance_updated_at BEFORE UPDATE ON site
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION advance_updated_at();
