<?php
// WordPress of {{ domain }}. No secret is here: the database asks the socket who comes, logins go by salts.php.
// Written by deploy from sites.yaml; a hand edit shows up in the next `deploy plan`.
define('DB_NAME', '{{ database }}');
define('DB_USER', '{{ user }}');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost');
define('DB_CHARSET', 'utf8mb4');
$table_prefix = '{{ site.table_prefix }}';
require '{{ data }}/salts.php';

{% set home = ("https://" if site.https else "http://") ~ domain %}
// One address, whatever a visitor calls it
define('WP_HOME', '{{ home }}');
define('WP_SITEURL', '{{ home }}');

// Themes, plugins and uploads are the site's own; the program is everyone's, and comes with the server's packages.
define('WP_CONTENT_DIR', '{{ place }}/wp-content');
define('WP_CONTENT_URL', '{{ home }}/wp-content');
define('FS_METHOD', 'direct');
define('DISALLOW_FILE_EDIT', true);
define('WP_ALLOW_MULTISITE', false);
define('FORCE_SSL_ADMIN', {{ "true" if site.https else "false" }});
// A timer of systemd runs its jobs.
define('DISABLE_WP_CRON', true);

// Whoever is not logged in is not told who is a user here; and no list of them is made for robots.
function deploy_without_users($endpoints)
{
    foreach (is_user_logged_in() ? array() : array_keys($endpoints) as $path) {
        if (strpos($path, '/wp/v2/users') === 0) unset($endpoints[$path]);
    }
    return $endpoints;
}
function deploy_without_numbers($asked)
{
    return isset($asked['author']) && !is_admin() && !is_user_logged_in() ? array('error' => '404') : $asked;
}
function deploy_without_list($provider, $name)
{
    return $name === 'users' ? false : $provider;
}
{% if site.cache %}

// NGINX keeps pages of one state of the site: what visitors would see makes another one, when all of it is written.
function deploy_change()
{
    static $told = false;
    if (!$told) register_shutdown_function('deploy_new_state');
    $told = true;
}
function deploy_new_state()
{
    $file = '{{ data }}/pages/changed';
    clearstatcache();
    $longer = @filesize($file) < 4000 ? FILE_APPEND : 0;
    // Somebody else's is in the way where WordPress was run as root.
    if (!@file_put_contents($file, '.', LOCK_EX | $longer) && @unlink($file)) file_put_contents($file, '.');
}
function deploy_post_changes($status, $before, $post)
{
    $seen = $status === 'publish' || $before === 'publish';
    if ($seen && !in_array($post->post_type, array('oembed_cache', 'customize_changeset'))) deploy_change();
}
function deploy_comment_changes($status, $before)
{
    if ($status === 'approved' || $before === 'approved') deploy_change();
}
function deploy_comment_comes($id, $comment)
{
    if ($comment->comment_approved === '1') deploy_change();
}
// What plugins count for visitors is no change; what somebody sets is.
function deploy_option_changes($name)
{
    $somebody = PHP_SAPI === 'cli' || function_exists('is_user_logged_in') && is_user_logged_in();
    if ($somebody && $name !== 'cron' && strpos($name, '_transient_') === false) deploy_change();
}
{% endif %}
$GLOBALS['wp_filter'] = array(
    'rest_endpoints' => array(10 => array(array('function' => 'deploy_without_users', 'accepted_args' => 1))),
    'request' => array(10 => array(array('function' => 'deploy_without_numbers', 'accepted_args' => 1))),
    'wp_sitemaps_add_provider' => array(10 => array(array('function' => 'deploy_without_list', 'accepted_args' => 2))),
{% if site.cache %}
    'transition_post_status' => array(10 => array(array('function' => 'deploy_post_changes', 'accepted_args' => 3))),
    'transition_comment_status' => array(10 => array(array('function' => 'deploy_comment_changes', 'accepted_args' => 2))),
    'wp_insert_comment' => array(10 => array(array('function' => 'deploy_comment_comes', 'accepted_args' => 2))),
{% for hook in ("added_option", "updated_option", "deleted_option") %}
    '{{ hook }}' => array(10 => array(array('function' => 'deploy_option_changes', 'accepted_args' => 1))),
{% endfor %}
{% for hook in ("edit_attachment", "delete_attachment", "edit_comment", "created_term", "edited_term", "delete_term",
    "profile_update", "upgrader_process_complete") %}
    '{{ hook }}' => array(10 => array(array('function' => 'deploy_change', 'accepted_args' => 0))),
{% endfor %}
{% endif %}
);
