#!/usr/bin/env php
<?php
// A stand-in of the tests for phpBB's installer: it takes the answers that docs/install-config.sample.yml has, as strictly, and
// ends with 0 whatever happens, as phpBB's does.
if (php_sapi_name() !== 'cli') exit(1);
define('IN_PHPBB', true);
$root = __DIR__ . '/../';
require $root . 'includes/constants.php';

function refuse(string $why): never
{
    echo "[ERROR] $why\n";
    exit(0);
}

const KEYS = [
    'admin' => ['name', 'password', 'email'],
    'board' => ['lang', 'name', 'description'],
    'database' => ['dbms', 'dbhost', 'dbport', 'dbuser', 'dbpasswd', 'dbname', 'table_prefix'],
    'email' => ['enabled', 'smtp_delivery', 'smtp_host', 'smtp_port', 'smtp_user', 'smtp_pass'],
    'server' => ['cookie_secure', 'server_protocol', 'force_server_vars', 'server_name', 'server_port', 'script_path'],
];

require $root . 'config.php';
if (defined('PHPBB_INSTALLED')) refuse('PHPBB_ALREADY_INSTALLED');
if (($argv[1] ?? '') !== 'install' || !is_file($argv[2] ?? '')) refuse('MISSING_FILE');
if (fileperms($argv[2]) & 077) refuse('everybody reads the answers');
$answers = json_decode(file_get_contents($argv[2]), true)['installer'] ?? refuse('INVALID_YAML_FILE');
foreach (KEYS as $section => $keys) {
    if (array_keys($answers[$section] ?? []) != $keys) refuse("INVALID_CONFIGURATION: $section");
}
foreach ([...$answers['admin'], ...$answers['board'], ...$answers['server']] as $key => $value) {
    if ($value === '' || $value === null) refuse("INVALID_CONFIGURATION: $key cannot contain an empty value");
}
['admin' => $admin, 'board' => $board, 'database' => $database, 'server' => $server] = $answers;
if (strlen($admin['name']) < 3 || strlen($admin['name']) > 20) refuse('INST_ERR_USER_TOO_LONG');
if (strlen($admin['password']) < 6) refuse('INST_ERR_PASSWORD_TOO_SHORT');
if (strlen($admin['password']) > 30) refuse('INST_ERR_PASSWORD_TOO_LONG');
if (!filter_var($admin['email'], FILTER_VALIDATE_EMAIL)) refuse('INST_ERR_EMAIL_INVALID');
foreach (['config.php', 'cache', 'files', 'store', 'images/avatars/upload'] as $path) {
    if (!is_writable($root . $path)) refuse("FILE_NOT_WRITABLE: $path");
}
if ($database['dbms'] !== 'mysqli' || !extension_loaded('mysqli')) refuse('INST_ERR_DB');
foreach (['gd', 'intl', 'mbstring', 'xml', 'zip', 'curl'] as $extension) {
    if (!extension_loaded($extension)) refuse("PHP_EXTENSION: $extension");
}
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli($database['dbhost'], $database['dbuser'], $database['dbpasswd'], $database['dbname']);
if ($db->query("SHOW TABLES LIKE 'phpbb\\_config'")->num_rows) refuse('INST_ERR_PREFIX: tables with this prefix are there already');

$db->query('CREATE TABLE phpbb_config (config_name varchar(255) PRIMARY KEY, config_value varchar(255))');
$values = ['version' => PHPBB_VERSION, 'sitename' => $board['name'], 'cookie_secure' => (int) $server['cookie_secure'],
    'server_name' => $server['server_name'], 'rand_seed' => bin2hex(random_bytes(16))];
foreach ($values as $name => $value) $db->execute_query('INSERT INTO phpbb_config VALUES (?, ?)', [$name, $value]);
$db->query('CREATE TABLE phpbb_users (user_id int PRIMARY KEY AUTO_INCREMENT, username varchar(255), user_password varchar(255))');
if (is_file($root . 'install/hangs')) sleep(600);
if (is_file($root . 'install/half')) refuse('it stops halfway');
$db->query('CREATE TABLE phpbb_sessions (session_id varchar(32) PRIMARY KEY, session_user_id int)');
$db->query('CREATE TABLE phpbb_topics (topic_id int PRIMARY KEY AUTO_INCREMENT, topic_title varchar(255))');
$db->query('CREATE TABLE phpbb_posts (post_id int PRIMARY KEY AUTO_INCREMENT, topic_id int, post_text text)');
$db->query('CREATE TABLE phpbb_attachments (attach_id int PRIMARY KEY AUTO_INCREMENT, post_msg_id int, physical_filename varchar(255))');
$db->query('CREATE TABLE phpbb_log (log_id int PRIMARY KEY AUTO_INCREMENT, log_operation varchar(255))');
$password = password_hash($admin['password'], PASSWORD_BCRYPT);
$db->execute_query("INSERT INTO phpbb_users VALUES (1, 'Anonymous', ''), (2, ?, ?)", [$admin['name'], $password]);
file_put_contents($root . 'config.php', "<?php @define('PHPBB_INSTALLED', true);");
$db->query("INSERT INTO phpbb_log (log_operation) VALUES ('LOG_INSTALL_INSTALLED')");
