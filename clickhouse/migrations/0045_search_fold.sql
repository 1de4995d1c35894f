-- Names are folded to the same, sooner: to make a pattern of all letters ready takes ClickHouse some milliseconds, with
-- every block of events and every search, unless it only has to match.

DROP FUNCTION IF EXISTS search_fold;

-- Letters that are written for one another become the same: l, 1, ! and | are i. Where nothing is left of a name but
-- signs, the signs stay.
CREATE FUNCTION IF NOT EXISTS search_fold AS (name) -> if(
    match(replaceRegexpAll(toValidUTF8(name), '\\^[0-9]', ''), '[\\p{L}\\p{N}]'),
    substringUTF8(
        arrayStringConcat(arrayFilter(
            letter -> match(letter, '[\\p{L}\\p{N}]'),
            ngrams(
                translateUTF8(
                    lowerUTF8(normalizeUTF8NFKD(replaceRegexpAll(toValidUTF8(name), '\\^[0-9]', ''))),
                    '0134578962@$!|+l',
                    'oieastbggzasiiti'
                ),
                1
            )
        )),
        1,
        64
    ),
    substringUTF8(
        arrayStringConcat(arrayFilter(
            sign -> match(sign, '[^\\s\\pC]'),
            ngrams(replaceRegexpAll(lowerUTF8(toValidUTF8(name)), '\\^[0-9]', ''), 1)
        )),
        1,
        64
    )
);

ALTER TABLE player_names MODIFY COLUMN folded String MATERIALIZED search_fold(name);
