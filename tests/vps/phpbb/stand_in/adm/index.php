<?php
define('IN_PHPBB', true);
$phpbb_root_path = './../';
require $phpbb_root_path . 'common.php';
echo 'Administration';
