-- Addresses of players in originals that were kept before they were masked at the door. It goes on in the background.

ALTER TABLE raw_events UPDATE raw = replaceRegexpAll(
    replaceRegexpAll(
        raw,
        '(?i)("(?:\\w*_)?(?:ip|ip_?addr|ip_?address|addr|address|host)"\\s*:\\s*")[^"]+',
        '\\1***'
    ),
    concat(
        '(?i)((?:^|[&\\n])(?:\\w*_)?(?:ip|ip_?addr|ip_?address|addr|address|host)=',
        '|(?:\\\\{1,2}|%5c)ip(?:\\\\{1,2}|%5c))[^&\\r\\n\\\\"%\\s]+'
    ),
    '\\1***'
)
WHERE match(raw, '(?i)(?:ip|addr|address|host)(?:"|=|\\\\|%5c)');
