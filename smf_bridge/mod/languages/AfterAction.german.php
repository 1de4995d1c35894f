<?php

$txt['afteraction'] = 'Spielstatistik';
$txt['afteraction_teams'] = 'Teams';
$txt['afteraction_tournaments'] = 'Turniere';
$txt['afteraction_achievements'] = 'Erfolge';
$txt['afteraction_record'] = 'Kampfbilanz';
$txt['afteraction_identity'] = 'Spielidentität';
$txt['afteraction_login'] = 'Bei der Statistik anmelden';
$txt['afteraction_export'] = 'Alles herunterladen';
$txt['afteraction_all'] = 'Alle Statistiken';
$txt['afteraction_live'] = 'Jetzt live';
$txt['afteraction_playing_on'] = 'Spielt auf %1$s, %2$s';
$txt['afteraction_card_player'] = 'Spieler';
$txt['afteraction_card_match'] = 'Match';
$txt['afteraction_card_leaderboard'] = 'Rangliste';

$txt['afteraction_copy'] = 'Die Statistik ruht einen Augenblick. So sah es am %1$s aus.';
$txt['afteraction_problem_away'] = 'Die Statistik ruht einen Augenblick. Bitte komm in einer Minute wieder; der Rest des Forums läuft wie immer.';
$txt['afteraction_problem_busy'] = 'Das war viel auf einmal. Bitte komm in einer Minute wieder.';
$txt['afteraction_problem_garbage'] = 'Die Statistik kann gerade nicht gezeigt werden: Die Antwort war nicht zu verstehen.';
$txt['afteraction_problem_setup'] = 'Die Statistik ist noch nicht eingerichtet.';
$txt['afteraction_problem_forbidden'] = 'Das ist leider nicht für dich.';
$txt['afteraction_problem_missing'] = 'Hier ist nichts.';
$txt['afteraction_problem_wrong'] = 'Das hat nicht geklappt.';
$txt['afteraction_elsewhere'] = 'Die Statistik wollte dich an einen fremden Ort schicken. Bitte sag einem Administrator Bescheid: Die Adresse der Seite in den Einstellungen und AFTERACTION_PUBLIC_URL müssen gleich sein.';
$txt['afteraction_to_settings'] = 'Einstellungen';

$txt['afteraction_url'] = 'Adresse von After Action, für das Forum';
$txt['afteraction_url_help'] = 'Wie dieser Webserver sie erreicht: http://127.0.0.1:8080 oder https://stats.example.org';
$txt['afteraction_key'] = 'Schlüssel des Forums';
$txt['afteraction_key_none'] = 'afteraction key add forum &quot;unser Forum&quot; gibt einen aus';
$txt['afteraction_key_set'] = 'Ein Schlüssel ist gesetzt. Lass beide Felder leer, um ihn zu behalten.';
$txt['afteraction_site'] = 'Adresse der Seite, für Browser';
$txt['afteraction_site_help'] = 'Wie Browser sie erreichen. Leer, wenn beide gleich sind.';
$txt['afteraction_live_block'] = 'Im Infocenter zeigen, was gerade läuft';
$txt['afteraction_cards'] = '[player=&hellip;], [match=&hellip;] und [leaderboard=&hellip;] als Karten zeigen';
$txt['afteraction_cards_help'] = 'Sonst sind es Links. Wer seine Statistik nicht öffentlich zeigt, will Links.';
$txt['afteraction_bad_address'] = 'Eine Adresse beginnt mit http:// oder https:// und hat keinen Benutzer, kein Fragezeichen und kein #.';
$txt['afteraction_test'] = 'Ausprobieren';
$txt['afteraction_test_help'] = 'Fragt After Action mit den gespeicherten Einstellungen und sagt, was nicht stimmt.';
$txt['afteraction_test_good'] = 'After Action antwortet, kennt den Schlüssel und dieses Forum und zeigt deine Kampfbilanz.';
$txt['afteraction_advice_setup'] = 'Trage Adresse und Schlüssel ein und speichere. PHP braucht die Erweiterung curl.';
$txt['afteraction_advice_key'] = 'Einen Schlüssel macht: afteraction key add forum &quot;unser Forum&quot;';
$txt['afteraction_advice_clock'] = 'Stelle die Uhren beider Rechner; sie dürfen eine Minute auseinandergehen.';
$txt['afteraction_advice_proxy'] = 'Etwas zwischen dem Forum und After Action ändert die Adresse der Anfragen.';
$txt['afteraction_advice_forum'] = 'Stimmt die Adresse, und steht nichts dahinter? Ist AFTERACTION_FORUM_URL gesetzt, und nennt es Datenbank und Präfix dieses Forums?';
$txt['afteraction_advice_database'] = '&quot;afteraction doctor&quot; sagt, welche Datenbank fehlt.';
$txt['afteraction_advice_reach'] = 'Läuft After Action, und erreicht dieser Webserver die Adresse binnen einer Sekunde?';

$txt['permissiongroup_afteraction'] = 'Spielstatistik';
$txt['permissionname_mohaa_view'] = 'Spielstatistik, Teams und Turniere sehen';
$txt['permissionhelp_mohaa_view'] = 'Kampfbilanzen in Profilen, Teams, Turniere, Erfolge und wer gerade spielt.';
$txt['permissionname_mohaa_play'] = 'Eine Spielidentität haben';
$txt['permissionhelp_mohaa_play'] = 'Codes zum Anmelden im Spiel holen, Teams beitreten, sich für Turniere melden.';
$txt['permissionname_mohaa_team_create'] = 'Teams gründen';
$txt['permissionhelp_mohaa_team_create'] = 'Ein Team gründen und andere einladen.';
$txt['permissionname_mohaa_tournament_create'] = 'Turniere anlegen';
$txt['permissionhelp_mohaa_tournament_create'] = 'Turniere anlegen und die eigenen leiten.';
$txt['permissionname_mohaa_manage'] = 'Alle Teams und Turniere leiten';
$txt['permissionhelp_mohaa_manage'] = 'Überall tun, was Kapitäne und Turnierleiter können.';

$txt['alert_group_afteraction'] = 'Spielstatistik';
$txt['alert_afteraction_unlock'] = 'Wenn ich einen Erfolg erringe';
$txt['alert_afteraction_invite'] = 'Wenn mich ein Team einlädt oder meines Neues hat';
$txt['alert_afteraction_match'] = 'Wenn mein Match das nächste ist oder mein Turnier Neues hat';
$txt['alert_afteraction_address'] = 'Wenn jemand von einer neuen Adresse als ich spielen will';

$txt['whoallow_afteraction'] = 'Sieht sich die <a href="%1$s?action=afteraction">Spielstatistik</a> an.';
$txt['scheduled_task_afteraction'] = 'Spielstatistik';
$txt['scheduled_task_desc_afteraction'] = 'Holt von After Action, worauf hinzuweisen ist und wer gerade spielt.';
