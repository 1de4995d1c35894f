-- For how long weapons were in hand in a match, and what was killed with them there, beside its report.

-- A player's moments in a match, in any order: (unix milliseconds, seq, 1 from here on alive or 0 not, the weapon that
-- was taken in hand or ''). Returns each stretch of time with a weapon in hand: (weapon, milliseconds). Who is alive
-- again has what was in hand last; what nothing ends lasts until `last`.
CREATE FUNCTION IF NOT EXISTS in_hand AS (moments, last) -> arrayFilter(
    stretch -> stretch.1 != '' AND stretch.2 > 0,
    arrayMap(
        (moment, weapon, ends) -> (weapon, if(moment.3 = 1, ends - moment.1, 0)),
        arraySort(moments),
        arrayFill(weapon -> weapon != '', arrayMap(moment -> moment.4, arraySort(moments))),
        arrayPushBack(arrayPopFront(arrayMap(moment -> moment.1, arraySort(moments))), last)
    )
);

ALTER TABLE match_reports ADD COLUMN IF NOT EXISTS
    hands Array(Tuple(weapon String, held UInt64, kills UInt64))
    COMMENT 'milliseconds in hand and kills, by weapon; none where the server does not tell of weapons and spawns';
