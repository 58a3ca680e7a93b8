<?php
define('IN_PHPBB', true);
$phpbb_root_path = defined('PHPBB_ROOT_PATH') ? PHPBB_ROOT_PATH : './';
require $phpbb_root_path . 'common.php';

echo '<h1>', setting('sitename'), '</h1> ', user()['username'], ' ', PHPBB_VERSION;
foreach (rows('SELECT * FROM phpbb_topics') as $topic) {
    echo '<a href="viewtopic.php?t=', $topic['topic_id'], '">', htmlspecialchars($topic['topic_title']), "</a>\n";
}
