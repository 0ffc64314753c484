#!/bin/sh
# A hook of pawl-rotate (rotate.hook, rotate-hook): mails what failed and what
# needs a person, by mail(1).  Copy it, and set who is to get it.
#
# pawl-rotate gives up gaining privileges, and so do its hooks: a mail program
# that is set-id to reach its queue, such as Postfix's postdrop, works for root
# only.  For others, have mail(1) speak SMTP.
set -eu

to=root

read -r result
case $result in
'{"event":"success",'*) exit 0 ;;
'{"event":"attention",'*) subject="pawl-rotate: a person is needed" ;;
*) subject="pawl-rotate: a rotation failed" ;;
esac

# A line for each member: that is all the JSON there is.
printf '%s\n' "$result" | sed 's/,"/,\
"/g' | mail -s "$subject" "$to"
