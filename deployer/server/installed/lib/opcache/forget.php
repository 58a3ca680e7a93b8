<?php
// Run by a push, in the pool of the site whose releases are in FOLDER: in the cache of code, which is one for all sites, what is of
// another release than the LIVE one makes way.
$forgotten = 0;
foreach (@opcache_get_status(true)['scripts'] ?? [] as $path => $script) {
    if (strpos($path, $_SERVER['FOLDER']) === 0 && strpos($path, $_SERVER['LIVE']) !== 0) {
        $forgotten += (int) opcache_invalidate($path, true);
    }
}
echo $forgotten;
