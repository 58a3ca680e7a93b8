#!/bin/bash
# The way of docker-rollout, in short: the service once more, beside itself; when the new container is healthy, the old one is
# stopped and removed; when it is not within so many seconds (`--timeout`, usually 60), the new one is.
set -euo pipefail
docker compose pull --quiet
old=$(docker compose ps --quiet app)
docker compose up --detach --scale app=2 --no-recreate app
new=$(docker compose ps --all --quiet app | grep -vxF "$old")
for ((waited = 0; waited < ${1:-60}; waited++)); do
    if [ "$(docker inspect --format '{{.State.Health.Status}}' "$new")" = healthy ]; then
        docker stop "$old"
        docker rm "$old"
        exit
    fi
    sleep 1
done
echo 'the new container is not healthy'
docker stop "$new"
docker rm "$new"
exit 1
