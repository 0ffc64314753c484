# Completion of pawl-vault, pawl-rotate and pawl-askpass for bash.
# shellcheck shell=bash

# _pawl_reply WORD...: those that begin like the current one.
_pawl_reply()
{
	local word

	for word in "$@"; do
		[[ $word != "$cur"* ]] || COMPREPLY+=("$word")
	done
}

_pawl_files()
{
	local file

	compopt -o filenames 2>/dev/null
	while IFS= read -r file; do
		COMPREPLY+=("$file")
	done < <(compgen -f -- "$cur")
}

# The names of entries.  Without a terminal pawl-vault can ask nobody for a
# passphrase, and where there is no setsid to take it away there are no names.
_pawl_names()
{
	local name typed=${cur//\\/}

	command -v setsid >/dev/null || return 0
	while IFS= read -r name; do
		[[ $name != "$typed"* ]] ||
			COMPREPLY+=("$(printf '%q' "$name")")
	done < <(setsid -w pawl-vault "${vault[@]}" list </dev/null 2>/dev/null)
}

# What stands before the current word: sets command, at (its place), operands
# (how many of them are behind it) and vault, the options about which vault.
_pawl_look()
{
	local i word

	command='' at=0 operands=0 vault=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-f | --vault | -k | --key-file | --key)
			((i + 1 < COMP_CWORD)) || continue
			if [[ -z $command ]]; then
				[[ $word != --key ]] || word=-k
				vault+=("$word" "${COMP_WORDS[i + 1]/#\~\//$HOME/}")
			fi
			((i += 1))
			;;
		-j | --jobs | --output | --html | \
			--passphrase-fd | --kdf-ops | --kdf-kib | --policy | \
			--length | \
			--alphabet | --name | --dataset | --encoding | \
			--format | --field | --restore | --timeout | --slot | \
			--recipient | --key-fd | --recovery-fd | --wait)
			((i += 1))
			;;
		--)
			dashes=$i
			return
			;;
		-*) ;;
		*)
			if [[ -z $command ]]; then
				command=$word at=$i
			else
				((operands += 1))
			fi
			;;
		esac
	done
}

# The argument of an option; 1 if prev is none that takes one.
_pawl_argument()
{
	case $prev in
	-f | --vault | -k | --key-file | --key | --output | --html) _pawl_files ;;
	--policy) _pawl_reply racf racf-mixed racf-special racf-phrase ;;
	--encoding) _pawl_reply auto ascii ibm1047 ibm037 ;;
	--format) _pawl_reply auto fb80 text ;;
	-j | --jobs | --passphrase-fd | --kdf-ops | --kdf-kib | --length | \
		--alphabet | \
		--name | --dataset | --field | --match | --restore | --timeout | \
		--slot | --recipient | --key-fd | --recovery-fd | --wait) ;;
	*) return 1 ;;
	esac
}

_pawl_attributes()
{
	compopt -o nospace 2>/dev/null
	_pawl_reply user= host= port= service= scheme= path= dataset= notes= otp= \
		otp.digits= otp.period= otp.algorithm= x- \
		rotate.method= rotate.host= rotate.port= rotate.tls= \
		rotate.policy= rotate.every= rotate.min-age= rotate.jitter= \
		rotate.window= rotate.pair= rotate.hook= \
		rotate.revoke-after= rotate.drain= rotate.per-host= \
		rotate.settle= rotate.timeout= rotate.ca-file= rotate.pin= \
		rotate.cert= rotate.cert-key= rotate.exec=
}

_pawl_vault_options()
{
	case $command in
	'') _pawl_reply --vault --key-file --key-fd --passphrase \
		--passphrase-fd --recovery --recovery-fd --accept-older \
		--wait --help --version ;;
	init) _pawl_reply --key-file --passphrase --passphrase-fd --kdf-ops \
		--kdf-kib ;;
	set) _pawl_reply --secret --match ;;
	get) _pawl_reply --no-newline --field ;;
	list) _pawl_reply --logins --json ;;
	show | verify | status | backup | find) _pawl_reply --json ;;
	edit) _pawl_reply --reveal ;;
	copy) _pawl_reply --replace ;;
	history) _pawl_reply --reveal --json --restore ;;
	export) _pawl_reply --reveal --force --recipient --key-file ;;
	passwd) _pawl_reply --slot --passphrase-fd ;;
	rekey) _pawl_reply --key-file --recipient ;;
	unlock) _pawl_reply --timeout ;;
	restore) _pawl_reply --json --force ;;
	remove) _pawl_reply --yes ;;
	generate) _pawl_reply --policy --length --alphabet --print ;;
	import) _pawl_reply --name --dataset --encoding --format --replace \
		--skip --dry-run ;;
	run) ((operands == 0)) || _pawl_reply -- ;;
	slot)
		case ${COMP_WORDS[at + 1]} in
		list) _pawl_reply --json ;;
		add) _pawl_reply --key-file --passphrase --passphrase-fd \
			--recipient --recovery ;;
		remove) _pawl_reply --yes ;;
		esac
		;;
	esac
}

_pawl_vault_operand()
{
	local commands=(init set get show list remove generate import export
		slot passwd rekey unlock lock verify status otp run backup
		restore edit rename copy find history)

	case $command:$operands in
	:*) _pawl_reply "${commands[@]}" help ;;
	help:0) _pawl_reply "${commands[@]}" ;;
	set:0 | get:0 | show:0 | list:0 | remove:0 | generate:0 | otp:0 | \
		run:0 | \
		edit:0 | rename:0 | copy:0 | find:0 | history:0)
		_pawl_names
		;;
	set:* | find:*) _pawl_attributes ;;
	import:0) _pawl_reply dataset sshpass netrc csv jsonl pass ;;
	export:0) _pawl_reply jsonl csv vault ;;
	export:1)
		case " ${COMP_WORDS[*]} " in
		*" vault "*) _pawl_files ;;
		*) _pawl_names ;;
		esac
		;;
	export:*) _pawl_names ;;
	import:1 | backup:0 | restore:0) _pawl_files ;;
	import:*) _pawl_attributes ;;
	slot:0) _pawl_reply list add remove ;;
	run:1) _pawl_reply -- ;;
	esac
}

# The command that "run NAME --" runs, and its arguments.
_pawl_vault_run()
{
	local word

	if declare -F _command_offset >/dev/null; then
		_command_offset $((dashes + 1))
	elif ((COMP_CWORD == dashes + 1)); then
		while IFS= read -r word; do
			COMPREPLY+=("$word")
		done < <(compgen -c -- "$cur")
	else
		_pawl_files
	fi
}

_pawl_vault()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command at operands dashes='' vault

	COMPREPLY=()
	_pawl_look
	if [[ $command = run && -n $dashes ]]; then
		_pawl_vault_run
	elif ! _pawl_argument; then
		if [[ $cur = -* ]]; then
			_pawl_vault_options
		else
			_pawl_vault_operand
		fi
	fi
}

_pawl_rotate()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command at operands dashes='' vault

	COMPREPLY=()
	_pawl_look
	! _pawl_argument || return 0
	if [[ $cur = -* ]]; then
		_pawl_reply --vault --key --force --accept-older --quiet --help \
			--version --all --due --jobs
		[[ $command != status ]] ||
			_pawl_reply --json --prometheus --output
		[[ $command != report ]] || _pawl_reply --html
		[[ $command != recover ]] || _pawl_reply --again
		return
	fi
	[[ -n $command ]] ||
		_pawl_reply check pin recover status report active
	[[ $command = status || $command = report ]] || _pawl_names
}

_pawl_askpass()
{
	local cur=${COMP_WORDS[COMP_CWORD]}

	COMPREPLY=()
	((COMP_CWORD > 1)) || _pawl_reply --check --explain --last --help --version
}

complete -F _pawl_vault pawl-vault
complete -F _pawl_rotate pawl-rotate
complete -F _pawl_askpass pawl-askpass
