<?php
define('IN_PHPBB', true);
$phpbb_root_path = defined('PHPBB_ROOT_PATH') ? PHPBB_ROOT_PATH : './';
require $phpbb_root_path . 'common.php';

if (isset($_POST['login']) && is_from_form()) {
    $user = rows('SELECT * FROM phpbb_users WHERE username = ?', [$_POST['username']])[0] ?? null;
    if ($user && password_verify($_POST['password'], $user['user_password'])) {
        $session = bin2hex(random_bytes(16));
        rows('INSERT INTO phpbb_sessions VALUES (?, ?)', [$session, $user['user_id']]);
        setcookie('phpbb3_sid', $session, ['path' => '/', 'secure' => (bool) setting('cookie_secure'), 'httponly' => true]);
        exit('You have been successfully logged in.');
    }
    exit('You have specified an incorrect password.');
}
form('<input name="username" /><input type="password" name="password" /><input type="submit" name="login" value="Login" />');
