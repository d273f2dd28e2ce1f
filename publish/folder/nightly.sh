#!/bin/sh
# Merge and publish once; meant for cron or a systemd timer, safe to run again or to kill at any moment.
#
#   17 3 * * *  /path/to/nightly.sh /srv/ciudad /srv/portal
#
# $1: the folder of federation.yaml     $2: the folder where versions are kept (serve its `current`)
# Ends with 0: done, 1: done and something waits for a person (the receipts say what), else: not done.
set -u
federation=${1:?folder of federation.yaml}
portal=${2:?folder of the portal}
waits=0

commons merge --federation "$federation" --canonical || waits=$?
[ "$waits" -le 1 ] || exit "$waits"
commons publish folder --pool "$federation/pool.db" --federation "$federation" --out "$portal" || waits=$?
exit "$waits"
