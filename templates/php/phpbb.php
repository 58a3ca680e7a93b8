<?php
// Where the forum of {{ domain }} has its database. No password: the database asks the socket who comes.
// Written by deploy from sites.yaml; a hand edit shows up in the next `deploy plan`.
$dbms = 'phpbb\\db\\driver\\mysqli';
$dbhost = 'localhost';
$dbport = '';
$dbname = '{{ user }}';
$dbuser = '{{ user }}';
$dbpasswd = '';
$table_prefix = 'phpbb_';
$phpbb_adm_relative_path = 'adm/';
$acm_type = 'phpbb\\cache\\driver\\file';
@define('PHPBB_INSTALLED', true);
@define('PHPBB_ENVIRONMENT', 'production');
