<?php
define('IN_PHPBB', true);
$phpbb_root_path = defined('PHPBB_ROOT_PATH') ? PHPBB_ROOT_PATH : './';
require $phpbb_root_path . 'common.php';

// As Symfony finds it: what is asked for, without the program's own name
$path = preg_replace('~^' . preg_quote($_SERVER['SCRIPT_NAME']) . '~', '', strtok($_SERVER['REQUEST_URI'], '?'));
if ($path === '/help/faq') exit('Frequently Asked Questions');
http_response_code(404);
echo 'No route found for "GET ' . htmlspecialchars($path) . '"';
