#!/bin/sh
# A hook of pawl-rotate (rotate.hook, rotate-hook): every result goes to syslog,
# as the line of JSON that it is, by logger(1).
set -eu

read -r result
case $result in
'{"event":"success",'*) priority=daemon.info ;;
'{"event":"attention",'*) priority=daemon.crit ;;
*) priority=daemon.warning ;;
esac

printf '%s\n' "$result" | logger -t pawl-rotate -p "$priority"
