-- How names are looked for: by what is left of them without case, accents, colour codes, signs and leetspeak, and by
-- which pairs of letters stand in that. The pairs are bits of two numbers a name, so that a million names are sifted by
-- reading 16 bytes of each; only the few that share enough pairs are compared letter by letter (queries/search.sql).
-- rebuild: player_identities

-- Letters that are written for one another become the same: l, 1, ! and | are i. Where nothing is left of a name but
-- signs, the signs stay.
CREATE FUNCTION IF NOT EXISTS search_fold AS (name) -> if(
    replaceRegexpAll(name, '\\^[0-9]|[^\\p{L}\\p{N}]', '') = '',
    substringUTF8(replaceRegexpAll(lowerUTF8(toValidUTF8(name)), '\\^[0-9]|[\\s\\pC]', ''), 1, 64),
    substringUTF8(
        replaceRegexpAll(
            translateUTF8(
                lowerUTF8(replaceRegexpAll(
                    normalizeUTF8NFKD(replaceRegexpAll(toValidUTF8(name), '\\^[0-9]', '')), '\\p{M}', ''
                )),
                '0134578962@$!|+l',
                'oieastbggzasiiti'
            ),
            '[^\\p{L}\\p{N}]',
            ''
        ),
        1,
        64
    )
);

-- Each pair of letters, and the first letter, as a number below 128.
CREATE FUNCTION IF NOT EXISTS search_pairs AS (folded) ->
    arrayMap(pair -> cityHash64(pair) % 128, ngrams(concat('^', folded), 2));

CREATE FUNCTION IF NOT EXISTS low_bits AS (pairs) -> arrayReduce(
    'groupBitOr',
    arrayMap(bit -> toUInt64(bitShiftLeft(toUInt64(1), toUInt8(bit % 64)) * toUInt64(bit < 64)), pairs)
);

CREATE FUNCTION IF NOT EXISTS high_bits AS (pairs) -> arrayReduce(
    'groupBitOr',
    arrayMap(bit -> toUInt64(bitShiftLeft(toUInt64(1), toUInt8(bit % 64)) * toUInt64(bit >= 64)), pairs)
);

ALTER TABLE player_identities ADD COLUMN IF NOT EXISTS folded String MATERIALIZED search_fold(name);

ALTER TABLE player_identities ADD COLUMN IF NOT EXISTS pairs_low UInt64 MATERIALIZED low_bits(search_pairs(folded));

ALTER TABLE player_identities ADD COLUMN IF NOT EXISTS pairs_high UInt64 MATERIALIZED high_bits(search_pairs(folded));

-- How well a name fits what is looked for: 0 the very name, 1 the same when folded, 2 its beginning, 3 a part of it, 4 it,
-- its beginning or its end with a slip (two from 8 letters on; none below 5), 9 not at all.
CREATE FUNCTION IF NOT EXISTS search_fit AS (name, folded_name, asked, folded_asked) -> multiIf(
    folded_asked = '', 9,
    lowerUTF8(name) = lowerUTF8(asked), 0,
    folded_name = folded_asked, 1,
    startsWith(folded_name, folded_asked), 2,
    position(folded_name, folded_asked) > 0, 3,
    lengthUTF8(folded_asked) < 5, 9,
    least(
        damerauLevenshteinDistance(folded_name, folded_asked),
        damerauLevenshteinDistance(leftUTF8(folded_name, lengthUTF8(folded_asked)), folded_asked),
        damerauLevenshteinDistance(rightUTF8(folded_name, lengthUTF8(folded_asked)), folded_asked)
    ) <= if(lengthUTF8(folded_asked) < 8, 1, 2), 4,
    9
);

-- How many of the pairs that are looked for a name may lack: a slip costs up to three, and a part of a name the first.
CREATE FUNCTION IF NOT EXISTS search_slack AS (folded_asked) -> multiIf(
    lengthUTF8(folded_asked) < 3, 0,
    lengthUTF8(folded_asked) < 5, 1,
    lengthUTF8(folded_asked) < 7, 2,
    lengthUTF8(folded_asked) < 9, 3,
    4
);
