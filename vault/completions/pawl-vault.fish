# Completion of pawl-vault, pawl-rotate and pawl-askpass for fish.

# The names of entries.  Without a terminal pawl-vault can ask nobody for a
# passphrase, and where there is no setsid to take it away there are no names.
function __pawl_names
    command -sq setsid
    and setsid -w pawl-vault list </dev/null 2>/dev/null
end

function __pawl_no_command
    not __fish_seen_subcommand_from init set get show list remove generate \
        import export slot passwd rekey unlock lock verify status otp run backup \
        restore edit rename copy find history help
end

complete -c pawl-vault -f
complete -c pawl-vault -n __pawl_no_command -s f -l vault -r -F
complete -c pawl-vault -n __pawl_no_command -s k -l key-file -r -F
complete -c pawl-vault -n __pawl_no_command -l key-fd -x
complete -c pawl-vault -n __pawl_no_command -l recovery
complete -c pawl-vault -n __pawl_no_command -l recovery-fd -x
complete -c pawl-vault -n __pawl_no_command -l passphrase
complete -c pawl-vault -n __pawl_no_command -l passphrase-fd -x
complete -c pawl-vault -n __pawl_no_command -l accept-older
complete -c pawl-vault -n __pawl_no_command -l wait -x
complete -c pawl-vault -n __pawl_no_command -s h -l help
complete -c pawl-vault -n __pawl_no_command -s V -l version
complete -c pawl-vault -n __pawl_no_command -a "init set get show list remove \
    generate import export slot passwd rekey unlock lock verify status otp run \
    backup restore edit rename copy find history help"

set -l seen __fish_seen_subcommand_from
complete -c pawl-vault -n "$seen set get show list remove generate otp run edit \
    rename copy find history" \
    -a "(__pawl_names)"
complete -c pawl-vault -n "$seen show list slot verify status backup restore \
    find history" -l json
complete -c pawl-vault -n "$seen init slot" -l key-file -r -F
complete -c pawl-vault -n "$seen init slot" -l passphrase
complete -c pawl-vault -n "$seen init slot passwd" -l passphrase-fd -x
complete -c pawl-vault -n "$seen rekey export" -l key-file -r -F
complete -c pawl-vault -n "$seen slot rekey export" -l recipient -x
complete -c pawl-vault -n "$seen slot" -l recovery
complete -c pawl-vault -n "$seen passwd" -l slot -x
complete -c pawl-vault -n "$seen unlock" -l timeout -x
complete -c pawl-vault -n "$seen get" -l field -x
complete -c pawl-vault -n "$seen edit history export" -l reveal
complete -c pawl-vault -n "$seen history" -l restore -x
complete -c pawl-vault -n "$seen copy import" -l replace
complete -c pawl-vault -n "$seen import" -l skip
complete -c pawl-vault -n "$seen export" -a "jsonl csv vault"
complete -c pawl-vault -n "$seen init" -l kdf-ops -x
complete -c pawl-vault -n "$seen init" -l kdf-kib -x
complete -c pawl-vault -n "$seen set" -s s -l secret
complete -c pawl-vault -n "$seen set" -l match -x
complete -c pawl-vault -n "$seen set import find" -a "user= host= port= service= \
    scheme= path= dataset= notes= rotate.method= rotate.host= rotate.port= rotate.tls= \
    rotate.policy= rotate.every= rotate.min-age= rotate.revoke-after= \
    rotate.jitter= rotate.window= rotate.pair= rotate.hook= \
    rotate.drain= rotate.per-host= rotate.settle= rotate.timeout= \
    rotate.ca-file= rotate.pin= \
    rotate.cert= rotate.cert-key= rotate.exec="
complete -c pawl-vault -n "$seen get" -s n -l no-newline
complete -c pawl-vault -n "$seen list" -s l -l logins
complete -c pawl-vault -n "$seen remove slot" -s y -l yes
complete -c pawl-vault -n "$seen generate" -l policy -x \
    -a "racf racf-mixed racf-special racf-phrase"
complete -c pawl-vault -n "$seen generate" -l length -x
complete -c pawl-vault -n "$seen generate" -l alphabet -x
complete -c pawl-vault -n "$seen generate" -l print
complete -c pawl-vault -n "$seen import" -a "dataset sshpass netrc csv jsonl pass"
complete -c pawl-vault -n "$seen import" -l name -x -a "(__pawl_names)"
complete -c pawl-vault -n "$seen import" -l dataset -x
complete -c pawl-vault -n "$seen import" -l encoding -x -a "auto ascii ibm1047 ibm037"
complete -c pawl-vault -n "$seen import" -l format -x -a "auto fb80 text"
complete -c pawl-vault -n "$seen import" -l dry-run
complete -c pawl-vault -n "$seen import export backup restore" -F
complete -c pawl-vault -n "$seen restore export" -l force
complete -c pawl-vault -n "$seen slot" -a "list add remove"
complete -c pawl-vault -n "$seen run" \
    -a "(__fish_complete_subcommand --fcs-skip=4)"
complete -c pawl-vault -n "$seen help" -a "init set get show list remove \
    generate import export slot passwd rekey unlock lock verify status otp run \
    backup restore edit rename copy find history"

complete -c pawl-rotate -f -a "check pin recover status report active (__pawl_names)"
complete -c pawl-rotate -s f -l vault -r -F
complete -c pawl-rotate -s k -l key -r -F
complete -c pawl-rotate -l force
complete -c pawl-rotate -l all
complete -c pawl-rotate -l due
complete -c pawl-rotate -s j -l jobs -x
complete -c pawl-rotate -l accept-older
complete -c pawl-rotate -s q -l quiet
complete -c pawl-rotate -s h -l help
complete -c pawl-rotate -l version
complete -c pawl-rotate -n "$seen recover" -l again
complete -c pawl-rotate -n "$seen status" -l json
complete -c pawl-rotate -n "$seen status" -l prometheus
complete -c pawl-rotate -n "$seen status" -l output -r -F
complete -c pawl-rotate -n "$seen report" -l html -r -F

complete -c pawl-askpass -f -l check
complete -c pawl-askpass -f -l explain
complete -c pawl-askpass -l last
complete -c pawl-askpass -l help
complete -c pawl-askpass -l version
