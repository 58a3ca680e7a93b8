<?php
// Where the settings of {{ domain }} are: Debian's DokuWiki is one program for all wikis.
// Written by deploy from sites.yaml; a hand edit shows up in the next `deploy plan`.
if (!defined('DOKU_CONF')) define('DOKU_CONF', '{{ data }}/data/conf/');
if (!defined('DOKU_FARM')) define('DOKU_FARM', 'virtual');
