<?php
// WordPress of blog.example.org. No secret is here: the database asks the socket who comes, logins go by salts.php.
// Written by deploy from sites.yaml; a hand edit shows up in the next `deploy plan`.
define('DB_NAME', 'php-blog_example_org');
define('DB_USER', 'php-blog_example_org');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost');
define('DB_CHARSET', 'utf8mb4');
$table_prefix = 'wp_';
require '/opt/blog.example.org/salts.php';

// One address, whatever a visitor calls it
define('WP_HOME', 'https://blog.example.org');
define('WP_SITEURL', 'https://blog.example.org');

// Themes, plugins and uploads are the site's own; the program is everyone's, and comes with the server's packages.
define('WP_CONTENT_DIR', '/var/www/blog.example.org/wp-content');
define('WP_CONTENT_URL', 'https://blog.example.org/wp-content');
define('FS_METHOD', 'direct');
define('DISALLOW_FILE_EDIT', true);
define('WP_ALLOW_MULTISITE', false);
define('FORCE_SSL_ADMIN', true);
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
$GLOBALS['wp_filter'] = array(
    'rest_endpoints' => array(10 => array(array('function' => 'deploy_without_users', 'accepted_args' => 1))),
    'request' => array(10 => array(array('function' => 'deploy_without_numbers', 'accepted_args' => 1))),
    'wp_sitemaps_add_provider' => array(10 => array(array('function' => 'deploy_without_list', 'accepted_args' => 2))),
);
