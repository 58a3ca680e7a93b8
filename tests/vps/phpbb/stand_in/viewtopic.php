<?php
define('IN_PHPBB', true);
$phpbb_root_path = defined('PHPBB_ROOT_PATH') ? PHPBB_ROOT_PATH : './';
require $phpbb_root_path . 'common.php';

foreach (rows('SELECT * FROM phpbb_posts WHERE topic_id = ?', [$_GET['t'] ?? 0]) as $post) {
    echo '<p>', htmlspecialchars($post['post_text']), "</p>\n";
    foreach (rows('SELECT * FROM phpbb_attachments WHERE post_msg_id = ?', [$post['post_id']]) as $file) {
        echo '<img src="./download/file.php?id=', $file['attach_id'], '" />';
    }
}
