<?php
// Before each request of blog.example.org: PHP's own functions open nothing else,
// as a second wall behind the rights of files.
// With open_basedir in the pool, PHP forgets where each path leads, and WordPress asks twelve thousand times a page. What
// is set here leaves it that memory; and this PHP makes no links, by which a path could lead elsewhere than it did.
// Written by deploy from sites.yaml; a hand edit shows up in the next `deploy plan`.
$reach = [
    '/var/www/blog.example.org',
    '/usr/share/wordpress',
    '/etc/wordpress',
    '/usr/share/javascript',
    '/etc/ssl/certs',
    '/opt/blog.example.org',
    '/usr/share/php',
    '/usr/local/lib/deploy/lib/opcache',
];
if (ini_set('open_basedir', implode(':', $reach)) === false) {
    http_response_code(500);
    exit;
}
unset($reach);
