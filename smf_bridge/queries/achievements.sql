-- name: keep
INSERT INTO {prefix}mohaa_achievements (id, name, about, category, tier, kind, hidden, target, position, retired)
VALUES (%(id)s, %(name)s, %(about)s, %(category)s, %(tier)s, %(kind)s, %(hidden)s, %(target)s, %(position)s, FALSE)
ON DUPLICATE KEY UPDATE
    name = %(name)s, about = %(about)s, category = %(category)s, tier = %(tier)s, kind = %(kind)s, hidden = %(hidden)s,
    target = %(target)s, position = %(position)s, retired = FALSE;

-- name: retire
UPDATE {prefix}mohaa_achievements SET retired = TRUE WHERE id NOT IN %(ids)s;

-- name: digest
SELECT digest FROM {prefix}mohaa_achievement_judged WHERE member_id = %(member)s;

-- name: members
-- Who is linked to a player, or was when last judged; by which number, or 0.
SELECT m.member_id AS member, CAST(COALESCE(j.digest, 0) AS UNSIGNED) AS digest
FROM (
    SELECT member_id FROM {prefix}mohaa_player_links
    UNION
    SELECT member_id FROM {prefix}mohaa_achievement_judged WHERE member_id != 0
) AS m
LEFT JOIN {prefix}mohaa_achievement_judged AS j ON j.member_id = m.member_id
ORDER BY m.member_id;

-- name: begin
-- Whoever judges the same member waits here.
INSERT INTO {prefix}mohaa_achievement_judged (member_id, digest, judged_at)
VALUES (%(member)s, 0, %(at)s)
ON DUPLICATE KEY UPDATE judged_at = %(at)s;

-- name: judged
UPDATE {prefix}mohaa_achievement_judged SET digest = %(digest)s WHERE member_id = %(member)s;

-- name: held
SELECT achievement_id AS achievement, progress, unlocked_at, match_id AS `match`
FROM {prefix}mohaa_achievement_progress
WHERE member_id = %(member)s;

-- name: put
INSERT INTO {prefix}mohaa_achievement_progress
    (member_id, achievement_id, progress, unlocked_at, match_id, told_at)
VALUES (%(member)s, %(achievement)s, %(progress)s, %(unlocked_at)s, %(match)s, %(told_at)s)
ON DUPLICATE KEY UPDATE
    progress = %(progress)s, unlocked_at = %(unlocked_at)s, match_id = %(match)s, told_at = COALESCE(told_at, %(told_at)s);

-- name: rarity
-- Whoever is not linked any more has nothing, as soon as they are judged: to ask for each row who is takes three times
-- as long. The index alone answers this.
SELECT achievement_id AS achievement, COUNT(unlocked_at) AS members
FROM {prefix}mohaa_achievement_progress
GROUP BY achievement_id;

-- name: rarity_of_one
SELECT achievement_id AS achievement, COUNT(unlocked_at) AS members
FROM {prefix}mohaa_achievement_progress
WHERE achievement_id = %(achievement)s
GROUP BY achievement_id;

-- name: linked
SELECT COUNT(DISTINCT member_id) AS members FROM {prefix}mohaa_player_links;

-- name: holders
SELECT m.id_member AS id, m.real_name AS name, p.unlocked_at, p.match_id AS `match`
FROM {prefix}mohaa_achievement_progress AS p
INNER JOIN {prefix}members AS m ON m.id_member = p.member_id
WHERE p.achievement_id = %(achievement)s AND p.unlocked_at IS NOT NULL
ORDER BY p.unlocked_at, m.id_member
LIMIT %(limit)s;
