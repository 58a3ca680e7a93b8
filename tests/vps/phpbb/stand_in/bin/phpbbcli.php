#!/usr/bin/env php
<?php
// A stand-in of the tests for phpBB's command line.
if (php_sapi_name() != 'cli') exit(1);
define('IN_PHPBB', true);
$phpbb_root_path = __DIR__ . '/../';
require $phpbb_root_path . 'common.php';
$words = array_values(array_filter(array_slice($argv, 1), fn ($word) => $word[0] !== '-'));
switch ($words[0] ?? '') {
    case 'config:set':
        rows('REPLACE INTO phpbb_config VALUES (?, ?)', [$words[1], $words[2]]);
        @unlink($phpbb_root_path . 'cache/production/data_global.php');
        break;
    case 'cron:run':
        rows("REPLACE INTO phpbb_config VALUES ('cron_ran_as', ?)", [posix_getpwuid(posix_geteuid())['name']]);
        break;
    case 'db:migrate':
        rows("UPDATE phpbb_config SET config_value = ? WHERE config_name = 'version'", [PHPBB_VERSION]);
        break;
    default:
        fwrite(STDERR, 'Command "' . ($words[0] ?? '') . '" is not defined.');
        exit(1);
}
