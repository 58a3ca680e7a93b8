<?php
// Where the forum's database is; its password comes from .env.
// Written by deploy from sites.yaml; a hand edit shows up in the next `deploy plan`.
$dbms = 'phpbb\\db\\driver\\mysqli';
$dbhost = 'db';
$dbport = '';
$dbname = 'phpbb';
$dbuser = 'phpbb';
$dbpasswd = getenv('DB_PASSWORD');
$table_prefix = 'phpbb_';
$phpbb_adm_relative_path = 'adm/';
$acm_type = 'phpbb\\cache\\driver\\file';
@define('PHPBB_INSTALLED', true);
@define('PHPBB_ENVIRONMENT', 'production');
