<?php
define('IN_PHPBB', true);
$phpbb_root_path = defined('PHPBB_ROOT_PATH') ? PHPBB_ROOT_PATH : './';
require $phpbb_root_path . 'common.php';

if (user()['user_id'] == 1) exit('You need to log in');
$attached = (int) ($_POST['attachment_data'][0]['attach_id'] ?? 0);
if ($_POST && !is_from_form()) exit('The submitted form was invalid.');
if (isset($_POST['add_file'])) {
    $name = user()['user_id'] . '_' . bin2hex(random_bytes(16));
    move_uploaded_file($_FILES['fileupload']['tmp_name'], $phpbb_root_path . 'files/' . $name) || exit('no upload');
    rows('INSERT INTO phpbb_attachments (post_msg_id, physical_filename) VALUES (0, ?)', [$name]);
    $attached = $db->insert_id;
}
if (isset($_POST['post'])) {
    rows('INSERT INTO phpbb_topics (topic_title) VALUES (?)', [$_POST['subject']]);
    $topic = $db->insert_id;
    rows('INSERT INTO phpbb_posts (topic_id, post_text) VALUES (?, ?)', [$topic, $_POST['message']]);
    rows('UPDATE phpbb_attachments SET post_msg_id = ? WHERE attach_id = ?', [$db->insert_id, $attached]);
    exit("<a href=\"./viewtopic.php?t=$topic\">This message has been posted successfully.</a>");
}
form('<input name="subject" /><textarea name="message"></textarea><input type="submit" name="post" value="Submit" />'
    . ($attached ? "<input type=\"hidden\" name=\"attachment_data[0][attach_id]\" value=\"$attached\" />" : ''));
