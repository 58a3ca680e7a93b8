<?php
if (!defined('IN_PHPBB')) exit;
@define('PHPBB_VERSION', '3.3.16');
