#!/bin/bash
# The usual backup script of one service, run by cron at 23:00; here in the folder of its compose file.
BACKUP_DIR="/home/backups/usual"
TARGET_DIR="$(pwd)"
DATE=$(date +%Y-%m-%d-%s)
BACKUP_FILE="$BACKUP_DIR/backup-usual-$DATE.tar.zst"
ENCRYPTED_FILE="$BACKUP_FILE.gpg"
LOG_FILE="/var/log/backup_usual.log"
GPG_RECIPIENT="backup@example.org"
log_message() { echo "$(date +'%Y-%m-%d %H:%M:%S') - $1" | tee -a "$LOG_FILE"; }
log_message "=== Starting backup ==="
mkdir -p "$BACKUP_DIR"
docker compose stop
tar -caf "$BACKUP_FILE" -C "$TARGET_DIR" .
gpg --encrypt --armor -r "$GPG_RECIPIENT" -o "$ENCRYPTED_FILE" "$BACKUP_FILE"
rm -f "$BACKUP_FILE"
docker compose up -d
log_message "=== Backup completed ==="
