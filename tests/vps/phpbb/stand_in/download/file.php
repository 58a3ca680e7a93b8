<?php
define('IN_PHPBB', true);
$phpbb_root_path = './../';
require $phpbb_root_path . 'common.php';
$file = rows('SELECT * FROM phpbb_attachments WHERE attach_id = ?', [$_GET['id'] ?? 0])[0] ?? exit(http_response_code(404));
header('Content-Type: image/png');
readfile($phpbb_root_path . 'files/' . basename($file['physical_filename']));
