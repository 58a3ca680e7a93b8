<?php
// A stand-in of the tests: what phpBB has in common. It refuses what phpBB would refuse.
if (!defined('IN_PHPBB')) exit;
require $phpbb_root_path . 'includes/constants.php';
require $phpbb_root_path . 'vendor/autoload.php';
require $phpbb_root_path . 'config.php';
if (!defined('PHPBB_INSTALLED')) {
    header('Location: install/app.php');
    exit;
}
if (is_dir($phpbb_root_path . 'install')) exit('Please delete, move or rename the install directory');
foreach (['cache', 'files', 'store', 'images/avatars/upload'] as $folder) {
    if (!is_writable($phpbb_root_path . $folder)) exit("$folder is not writable");
}
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli($dbhost, $dbuser, $dbpasswd, $dbname);

function rows(string $sql, array $values = []): array
{
    global $db;
    $done = $db->execute_query($sql, $values);
    return $done === true ? [] : $done->fetch_all(MYSQLI_ASSOC);
}

function setting(string $name): string
{
    global $phpbb_root_path;
    $cache = $phpbb_root_path . 'cache/production/data_global.php'; // until it is forgotten, it counts
    if (!is_file($cache)) {
        @mkdir(dirname($cache));
        $found = array_column(rows('SELECT config_name, config_value FROM phpbb_config'), 'config_value', 'config_name');
        file_put_contents($cache, "<?php exit; ?>\n" . serialize($found));
    }
    return unserialize(explode("\n", file_get_contents($cache), 2)[1])[$name];
}

function user(): array
{
    $sql = 'SELECT u.* FROM phpbb_sessions s JOIN phpbb_users u ON u.user_id = s.session_user_id WHERE session_id = ?';
    return rows($sql, [$_COOKIE['phpbb3_sid'] ?? ''])[0] ?? ['user_id' => 1, 'username' => 'Anonymous'];
}

function form(string $fields): void
{
    echo '<html><body><h1>', setting('sitename'), "</h1>\n<form method=\"post\">$fields",
        '<input type="hidden" name="creation_time" value="', time(), '" /><input type="hidden" name="form_token" value="',
        sha1(setting('rand_seed')), '" /></form></body></html>';
}

function is_from_form(): bool
{
    return ($_POST['form_token'] ?? '') === sha1(setting('rand_seed')) && time() > (int) $_POST['creation_time'];
}
