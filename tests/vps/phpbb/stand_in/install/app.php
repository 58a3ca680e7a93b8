<?php echo 'Welcome to Installation';
