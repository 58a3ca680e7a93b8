<?php if (!defined('IN_PHPBB')) exit;
