# pawl: build, test and install.  GNU make; reads from top to bottom.
#
#	make			the programs, in build/
#	make demo		the main job on real servers, step by step
#	make test		every test a commit must pass
#	make lint		format, warnings, static analysis, rules of the tree
#	make bench		ratios against what a user would run otherwise
#	make fuzz		every fuzz target for FUZZ_TIME seconds
#	make mutants		breaks the code in known ways; tests must notice
#	make model		the model of the transaction, whole, with Spin
#	make hands		10,000 commits by 8 writers beside 32 readers
#	make faults		each allocation and call fails, the power too
#	make kill		SIGKILL at every system call of set and rotate
#	make memory		what 100 rotations leave in memory
#	make cuts		every cut of the server times every death of rotate
#	make drain		jobs log in all through 100 rotations
#	make install		honours PREFIX and DESTDIR; uninstall undoes it
#
# CC, CFLAGS, LDFLAGS, PREFIX and DESTDIR are the builder's to set.

VERSION	= 0.1

# --- Where things go --------------------------------------------------------

PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/pawl
MANDIR	?= $(PREFIX)/share/man
COZDIR	?= $(PREFIX)/share/pawl/coz
BASHDIR	?= $(PREFIX)/share/bash-completion/completions
ZSHDIR	?= $(PREFIX)/share/zsh/site-functions
FISHDIR	?= $(PREFIX)/share/fish/vendor_completions.d
# Samples: units, a crontab, hooks, a program for exec; to be copied, not run
# from here.
SAMPLEDIR ?= $(PREFIX)/share/pawl
B	?= build

# --- What is compiled -------------------------------------------------------
# Each program is its own files and libvault.a.  pawl-askpass is static and
# links libsodium only; only pawl-rotate-net links libcurl and OpenSSL.

LIB	= vault/err.c vault/bytes.c vault/secret.c vault/io.c vault/path.c \
	  vault/tty.c vault/store.c vault/state.c vault/sandbox.c \
	  vault/audit.c vault/config.c vault/record.c vault/crypt.c \
	  vault/table.c vault/slot.c vault/key.c vault/vault.c \
	  vault/bech32.c vault/recovery.c vault/keyring.c \
	  vault/newfile.c \
	  vault/vault_rekey.c vault/vault_read.c vault/vault_stage.c \
	  vault/vault_put.c vault/vault_patch.c vault/vault_commit.c \
	  vault/vault_verify.c \
	  vault/vault_backup.c vault/json.c vault/policy.c vault/dataset.c \
	  vault/edit_text.c vault/csv.c vault/netrc.c vault/jsonl.c \
	  vault/pass.c vault/sha1.c vault/otp.c vault/codepage.c vault/window.c vault/program.c \
	  vault/attr.c
VAULT	= vault/main.c vault/cmd.c vault/attr_args.c vault/change.c \
	  vault/editor.c vault/cmd_init.c vault/cmd_set.c vault/cmd_get.c \
	  vault/cmd_show.c vault/cmd_list.c vault/cmd_remove.c \
	  vault/cmd_generate.c vault/cmd_import.c vault/cmd_slot.c \
	  vault/cmd_verify.c vault/cmd_otp.c vault/cmd_run.c vault/run_env.c vault/run_watch.c \
	  vault/cmd_backup.c \
	  vault/cmd_restore.c vault/cmd_status.c vault/cmd_edit.c \
	  vault/cmd_rename.c vault/cmd_copy.c vault/cmd_find.c \
	  vault/cmd_history.c vault/cmd_passwd.c vault/cmd_rekey.c \
	  vault/cmd_unlock.c vault/import_dataset.c vault/import_sshpass.c \
	  vault/import_netrc.c vault/import_csv.c vault/import_jsonl.c \
	  vault/import_login.c vault/import_pass.c vault/gpg.c \
	  vault/import_file.c vault/names.c vault/select.c vault/cmd_export.c \
	  vault/export_text.c vault/export_vault.c
STACK	= askpass/stack.c askpass/stack_args.c askpass/stack_names.c \
	  askpass/stack_parse.c askpass/stack_word.c
ASKPASS	= askpass/main.c askpass/choose.c askpass/service.c askpass/parent.c \
	  askpass/prompt.c askpass/code.c \
	  askpass/job.c askpass/job_open.c askpass/explain.c \
	  askpass/client.c askpass/client_run.c askpass/check.c \
	  askpass/check_ssh.c askpass/check_files.c askpass/check_host.c \
	  askpass/check_wiring.c \
	  askpass/last.c askpass/stacks.c \
	  askpass/outside.c askpass/outside_run.c askpass/module.c \
	  askpass/mod_bind.c askpass/mod_once.c askpass/mod_caller.c \
	  askpass/mod_time.c askpass/mod_confirm_tty.c askpass/mod_deny.c \
	  askpass/mod_permit.c askpass/mod_vault.c \
	  askpass/mod_credential.c askpass/mod_tty.c \
	  askpass/mod_dataset.c askpass/mod_keyring.c askpass/mod_exec.c \
	  $(STACK)
HEAP	= askpass/heap.c
# git-credential-pawl, and docker-credential-pawl, which is a link to it.
HELPER	= askpass/credential_main.c askpass/credential_find.c \
	  askpass/credential.c
# What it has of pawl-askpass's.
MATCH	= askpass/choose.c askpass/service.c askpass/parent.c askpass/prompt.c
# Both halves of pawl-rotate have these.
MESSAGE	= rotate/message.c rotate/net/method.c rotate/net/method_zos.c \
	  rotate/net/method_servu.c rotate/net/method_cpwd.c \
	  rotate/net/method_site_cpwd.c rotate/net/method_wsftp.c \
	  rotate/net/method_axway.c rotate/net/method_exec.c \
	  rotate/net/method_ssh_pam.c
ROTATE	= rotate/main.c rotate/fleet.c rotate/targets.c rotate/schedule.c \
	  rotate/drive.c rotate/task.c rotate/task_net.c rotate/task_end.c \
	  rotate/plan.c rotate/transaction.c rotate/pool.c rotate/netproc.c \
	  rotate/stop.c rotate/progress.c rotate/status.c rotate/pin.c \
	  rotate/due.c rotate/pair.c rotate/hook.c rotate/text.c \
	  rotate/publish.c rotate/show.c rotate/prometheus.c rotate/report.c \
	  rotate/view.c
NET	= rotate/net/main.c rotate/net/login.c rotate/net/login_command.c \
	  rotate/net/login_why.c rotate/net/options.c rotate/net/reply.c \
	  rotate/net/relay.c rotate/net/trust.c rotate/net/look.c \
	  rotate/net/wipe.c rotate/net/breed.c
RUN	= rotate/run/main.c rotate/run/attempt.c rotate/run/child.c \
	  rotate/run/lines.c rotate/run/exec.c rotate/run/protocol.c \
	  rotate/run/ssh.c rotate/run/talk.c rotate/run/answerer.c
UNIT	= tests/unit/main.c tests/unit/fault.c tests/unit/disk.c \
	  tests/unit/fixture.c \
	  tests/unit/test_err.c tests/unit/test_bytes.c \
	  tests/unit/test_secret.c tests/unit/test_io.c \
	  tests/unit/test_path.c tests/unit/test_tty.c \
	  tests/unit/test_config.c tests/unit/test_audit.c \
	  tests/unit/test_store.c tests/unit/test_state.c \
	  tests/unit/test_sandbox.c tests/unit/test_crypt.c \
	  tests/unit/test_record.c tests/unit/test_slot.c \
	  tests/unit/test_key.c tests/unit/test_table.c \
	  tests/unit/test_vault.c tests/unit/test_dataset.c tests/unit/test_codepage.c \
	  tests/unit/test_client.c \
	  tests/unit/test_policy.c tests/unit/test_json.c \
	  tests/unit/test_csv.c tests/unit/test_netrc.c \
	  tests/unit/test_jsonl.c tests/unit/test_pass.c \
	  tests/unit/test_prompt.c \
	  tests/unit/test_parent.c tests/unit/test_choose.c \
	  tests/unit/test_plan.c tests/unit/test_transaction.c \
	  tests/unit/test_message.c tests/unit/test_reply.c \
	  tests/unit/test_login.c tests/unit/test_edit_text.c \
	  tests/unit/test_bech32.c tests/unit/test_recovery.c \
	  tests/unit/test_rekey.c tests/unit/test_patch.c \
	  tests/unit/test_newfile.c tests/unit/test_run.c \
	  tests/unit/test_stack.c tests/unit/test_module.c \
	  tests/unit/test_protocol.c tests/unit/test_talk.c \
	  tests/unit/test_schedule.c tests/unit/test_progress.c \
	  tests/unit/test_otp.c tests/unit/test_credential.c \
	  tests/unit/test_window.c tests/unit/test_due.c \
	  tests/unit/test_text.c
FUZZ	= tests/fuzz/fuzz_header.c tests/fuzz/fuzz_page.c \
	  tests/fuzz/fuzz_record.c tests/fuzz/fuzz_slot.c \
	  tests/fuzz/fuzz_dataset.c tests/fuzz/fuzz_prompt.c \
	  tests/fuzz/fuzz_choose.c \
	  tests/fuzz/fuzz_message.c tests/fuzz/fuzz_reply.c \
	  tests/fuzz/fuzz_edit_text.c tests/fuzz/fuzz_csv.c \
	  tests/fuzz/fuzz_netrc.c tests/fuzz/fuzz_jsonl.c \
	  tests/fuzz/fuzz_pass.c tests/fuzz/fuzz_stack.c \
	  tests/fuzz/fuzz_config.c tests/fuzz/fuzz_bech32.c \
	  tests/fuzz/fuzz_recovery.c tests/fuzz/fuzz_credential.c \
	  tests/fuzz/fuzz_otp.c tests/fuzz/fuzz_protocol.c \
	  tests/fuzz/fuzz_talk.c
FAULTS	= tests/crash/fault.c tests/crash/alloc.c tests/crash/calls.c \
	  tests/crash/trace.c tests/crash/scan.c
BENCH	= tests/bench/null.c tests/bench/fill.c tests/bench/spawn.c \
	  tests/bench/commit.c tests/bench/logins.c tests/bench/unseal.c \
	  tests/bench/ftpsd.c tests/bench/flood.c tests/bench/weigh.c
# What pawl is measured against, where its library is installed.
PEERS	= tests/bench/sqlite3.c tests/bench/lmdb.c

# --- How it is compiled -----------------------------------------------------

PKGS	= libsodium libcurl openssl
ifneq ($(shell pkg-config --exists $(PKGS) && echo yes),yes)
ifneq ($(filter-out clean demo test lint bench fuzz mutants model hands kill memory cuts drain faults setup-%,$(or $(MAKECMDGOALS),all)),)
$(error needs a C compiler, pkg-config and $(PKGS); run: make setup-build)
endif
endif
SODIUM	= $(shell pkg-config --libs libsodium)
SODIUM_A = $(shell pkg-config --variable=libdir libsodium)/libsodium.a
CURL	= $(shell pkg-config --libs libcurl openssl)
CHECK	= $(shell pkg-config --libs check)

CFLAGS	?= -O2 -g
WARN	= -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow \
	  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	  -Wformat=2 -Wcast-qual -Wcast-align -Wpointer-arith -Wundef -Wvla \
	  -Wwrite-strings -Wswitch-enum -Wimplicit-fallthrough \
	  -Wnull-dereference -Wredundant-decls
HARDEN	= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	  -fstack-clash-protection -fcf-protection -fPIE
HARDLD	= -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
STATIC	= -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
ASAN	= -fsanitize=address,undefined -fno-sanitize-recover=all \
	  -fno-omit-frame-pointer

# The private headers, for what tests and checks them.
PRIVATE	= -Iaskpass -Ivault -Irotate -Irotate/net -Irotate/run

# What pawl-askpass writes, unless pawl.conf says otherwise.  On another system
# make ENCODING=IBM1047 builds what z/OS gets.
ENCODING ?= $(if $(filter OS/390,$(shell uname -s)),IBM1047,ASCII)

override CPPFLAGS += -DANSWER_ENCODING='CODEPAGE_$(ENCODING)' \
	  -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	  -DBINDIR='"$(BINDIR)"' -DLIBEXECDIR='"$(LIBEXECDIR)"' -Iinclude
COMPILE	= $(CC) -std=c11 $(WARN) $(CPPFLAGS) $(HARDEN) $(CFLAGS) -MMD -MP -c
LINK	= $(CC) $(CFLAGS) $(HARDLD) -Wl,--as-needed $(LDFLAGS)
obj	= $(patsubst %.c,$B/%.o,$(1))

# One short line a file; make V=1 shows the commands.
say	= $(if $(V),,@echo "  $@";)

# Builds behind other targets use every core, unless make was told how many.
SUB	= --no-print-directory \
	  $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))

PROGRAMS = $B/pawl-askpass $B/pawl-vault $B/pawl-rotate $B/pawl-rotate-net \
	  $B/pawl-rotate-run $B/git-credential-pawl $B/docker-credential-pawl

all: $(PROGRAMS)

$B/pawl-askpass: $(call obj,$(ASKPASS) $(HEAP)) $B/libvault.a
	$(say)$(CC) $(CFLAGS) $(STATIC) $(LDFLAGS) -o $@ $^ $(SODIUM_A)

$B/git-credential-pawl: $(call obj,$(HELPER) $(MATCH)) $B/libvault.a
	$(say)$(LINK) -o $@ $^ $(SODIUM)

$B/docker-credential-pawl: $B/git-credential-pawl
	$(say)ln -sf git-credential-pawl $@

$B/pawl-vault: $(call obj,$(VAULT)) $B/libvault.a
	$(say)$(LINK) -o $@ $^ $(SODIUM)

$B/pawl-rotate: $(call obj,$(ROTATE) $(MESSAGE)) $B/libvault.a
	$(say)$(LINK) -o $@ $^ $(SODIUM)

$B/pawl-rotate-net: $(call obj,$(NET) $(MESSAGE)) $B/libvault.a
	$(say)$(LINK) -o $@ $^ $(SODIUM) $(CURL)

$B/pawl-rotate-run: $(call obj,$(RUN) $(MESSAGE) rotate/net/reply.c) \
    $B/libvault.a
	$(say)$(LINK) -o $@ $^ $(SODIUM)

$B/libvault.a: $(call obj,$(LIB))
	$(say)$(AR) rcs $@ $^

$B/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(say)$(COMPILE) -o $@ $<

# Both halves of pawl-rotate share the messages and the methods.
$B/rotate/%.o: override CPPFLAGS += -Irotate

# Tests see the private headers of what they test.
$B/tests/%.o: override CPPFLAGS += $(PRIVATE)

-include $(patsubst %.c,$B/%.d,$(LIB) $(VAULT) $(ASKPASS) $(HEAP) $(HELPER) \
	  $(MESSAGE) $(ROTATE) $(NET) $(RUN) $(UNIT) $(BENCH) $(PEERS) \
	  tests/model/table.c)

# --- Tests ------------------------------------------------------------------
# Unit tests run under the sanitizers and without _FORTIFY_SOURCE, which turns
# some calls into others that --wrap does not see.  Everything else runs the
# programs that are installed.

comma	= ,
WRAP	= $(addprefix -Wl$(comma)--wrap=,openat close write pwrite pread fsync \
	  fstat fstatat fchown fchmod ftruncate linkat renameat unlinkat \
	  copy_file_range getauxval)
# main() of a program cannot be in the test program as well.
UNIT_OF	= $(filter-out %/main.c %_main.c,$(ASKPASS) $(HELPER) $(ROTATE) \
	  $(NET) $(RUN)) $(MESSAGE) \
	  vault/run_watch.c

$B/tests/unit/unit: $(call obj,$(UNIT) $(UNIT_OF)) $B/libvault.a
	$(say)$(LINK) $(WRAP) -o $@ $^ $(SODIUM) $(CURL) $(CHECK) -lutil

$B/tests/pam_pawl.so: tests/servers/pam_pawl.c Makefile
	@mkdir -p $(@D)
	$(say)$(CC) -std=c11 $(WARN) -D_GNU_SOURCE -O2 -fPIC -shared -o $@ $< -lpam \
	    -lcrypt

# The program's transition table, for the model's to be compared with.
$B/tests/model/table: $(call obj,tests/model/table.c rotate/transaction.c)
	$(say)$(LINK) -o $@ $^

# What is preloaded: without _FORTIFY_SOURCE, which knows other names.
$B/tests/fault.so: $(FAULTS) tests/crash/fault.h Makefile
	@mkdir -p $(@D)
	$(say)$(CC) -std=c11 $(WARN) -D_GNU_SOURCE -O2 -g -fPIC -shared -o $@ \
	    $(FAULTS) -ldl

$B/tests/clock.so: tests/crash/clock.c Makefile
	@mkdir -p $(@D)
	$(say)$(CC) -std=c11 $(WARN) -D_GNU_SOURCE -O2 -g -fPIC -shared -o $@ $<

# An old client: pawl-askpass knows its callers by the name of their program.
$B/tests/old/ssh: tests/servers/oldssh.c Makefile
	@mkdir -p $(@D)
	$(say)$(CC) -std=c11 $(WARN) -D_GNU_SOURCE -O2 -o $@ $<

test: setup-test
	@$(MAKE) $(SUB) B='$B' all $B/tests/pam_pawl.so \
	    $B/tests/fault.so $B/tests/clock.so $B/tests/old/ssh \
	    $B/tests/model/table bench-programs
	@$(MAKE) $(SUB) B='$B/asan' HARDEN='$(ASAN)' \
	    HARDLD='$(ASAN)' CFLAGS='-O1 -g' $B/asan/tests/unit/unit
	@$(MAKE) $(SUB) B='$B' $(FUZZERS)
	@B='$(abspath $B)' tests/run.sh

# The campaigns whole; make test runs a part of each but the first.
mutants: setup-test
	@B='$(abspath $B)' tests/mutants.sh

model: setup-test
	@$(MAKE) $(SUB) B='$B' $B/tests/model/table
	@B='$(abspath $B)' tests/model/run.sh all

hands: setup-test
	@$(MAKE) $(SUB) B='$B' all
	@B='$(abspath $B)' tests/crash/hands.py 10000

faults: setup-test
	@$(MAKE) $(SUB) B='$B' all $B/tests/fault.so
	@for campaign in free alloc io power; do \
	    B='$(abspath $B)' JOBS=$$(nproc) tests/crash/faults.py $$campaign \
	    || exit; done

kill: setup-test
	@$(MAKE) $(SUB) B='$B' all
	@B='$(abspath $B)' tests/crash/kill.py commit
	@B='$(abspath $B)' tests/crash/kill.py rotate

memory: setup-test
	@$(MAKE) $(SUB) B='$B' all $B/tests/fault.so
	@MEMORY_WHOLE=yes B='$(abspath $B)' tests/run.sh memory

cuts: setup-test
	@$(MAKE) $(SUB) B='$B' all $B/tests/clock.so
	@B='$(abspath $B)' JOBS=$$(nproc) tests/crash/cuts.py

drain: setup-test
	@$(MAKE) $(SUB) B='$B' all $B/tests/pam_pawl.so
	@B='$(abspath $B)' tests/drain.sh 100

demo: setup-test
	@$(MAKE) $(SUB) B='$B' all $B/tests/pam_pawl.so $B/tests/clock.so
	@B='$(abspath $B)' tests/demo.sh

# What each target needs from Debian; installed if we are root.
setup-%:
	@tests/setup.sh $*

# --- Benchmarks -------------------------------------------------------------

$B/bench/null: $B/tests/bench/null.o
	@mkdir -p $(@D)
	$(say)$(CC) $(CFLAGS) $(STATIC) $(LDFLAGS) -o $@ $^

$B/bench/fill $B/bench/spawn $B/bench/commit $B/bench/unseal $B/bench/weigh: \
    $B/bench/%: $B/tests/bench/%.o $B/libvault.a
	@mkdir -p $(@D)
	$(say)$(LINK) -o $@ $^ $(SODIUM)

$B/bench/logins $B/bench/flood $B/bench/ftpsd: $B/bench/%: \
    $B/tests/bench/%.o $B/libvault.a
	@mkdir -p $(@D)
	$(say)$(LINK) -o $@ $^ $(SODIUM) $(CURL)

$B/bench/sqlite3 $B/bench/lmdb: $B/bench/%: $B/tests/bench/%.o $B/libvault.a
	@mkdir -p $(@D)
	$(say)$(LINK) -o $@ $^ $(shell pkg-config --libs $*)

# Each is called what its library is called.
FOUND	= $(foreach p,$(patsubst tests/bench/%.c,%,$(PEERS)),$(if $(shell \
	  pkg-config --exists $p && echo yes),$B/bench/$p))

# pawl-askpass as it would be without a sandbox, to know what that costs.
bench-bare:
	@$(MAKE) $(SUB) B='$B/posix' CPPFLAGS=-DPAWL_POSIX \
	    $B/posix/pawl-askpass

bench-programs: $(patsubst tests/bench/%.c,$B/bench/%,$(BENCH)) $(FOUND) \
    bench-bare

bench: setup-bench
	@$(MAKE) $(SUB) B='$B' all bench-programs
	@B='$(abspath $B)' tests/bench/bench.sh

# --- Fuzzing ----------------------------------------------------------------

FUZZ_TIME ?= 60
FUZZERS	= $(patsubst tests/fuzz/%.c,$B/fuzz/%,$(FUZZ))

fuzz: setup-fuzz
	@$(MAKE) $(SUB) B='$B' $(FUZZERS)
	@B='$(abspath $B)' FUZZ_TIME='$(FUZZ_TIME)' tests/fuzz/run.sh

# libFuzzer instruments what it is to explore, so the sources are built anew:
# once, as a library for all targets.
FUZZLIB	= $(LIB) $(filter-out %/main.c,$(ASKPASS)) $(MESSAGE) \
	  askpass/credential.c rotate/net/reply.c rotate/run/protocol.c \
	  rotate/run/talk.c

$B/fuzz/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(say)clang -std=c11 -O1 -g $(CPPFLAGS) $(PRIVATE) \
	    -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<

$B/fuzz/libpawl.a: $(patsubst %.c,$B/fuzz/obj/%.o,$(FUZZLIB))
	$(say)$(AR) rcs $@ $^

$B/fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.h $B/fuzz/libpawl.a
	$(say)clang -std=c11 -O1 -g $(CPPFLAGS) $(PRIVATE) \
	    -fsanitize=fuzzer,address,undefined -o $@ $(filter-out %.h,$^) \
	    $(SODIUM)

-include $(patsubst %.c,$B/fuzz/obj/%.d,$(FUZZLIB))

# --- Analysis ---------------------------------------------------------------

SHIPPED	= $(LIB) $(VAULT) $(ASKPASS) $(HEAP) $(HELPER) $(MESSAGE) $(ROTATE) \
	  $(NET) $(RUN)
HEADERS	= $(wildcard include/*.h vault/*.h askpass/*.h rotate/*.h \
	  rotate/net/*.h rotate/run/*.h tests/unit/*.h tests/crash/*.h \
	  tests/bench/*.h tests/fuzz/*.h)
TESTC	= $(UNIT) $(FUZZ) $(FAULTS) $(BENCH) $(PEERS) \
	  tests/servers/pam_pawl.c tests/servers/oldssh.c tests/model/table.c \
	  tests/crash/clock.c
GCCMORE	= -Werror -fanalyzer -Wlogical-op -Wduplicated-cond \
	  -Wduplicated-branches -Wjump-misses-init -Walloca
CLANGMORE = -Werror -Wconditional-uninitialized

# A file without findings, since it or any header was changed.
$B/tidy/%: %.c $(HEADERS) Makefile .clang-tidy
	@mkdir -p $(@D)
	@echo "  clang-tidy $<"
	@clang-tidy --quiet $< -- -std=c11 $(CPPFLAGS) $(PRIVATE) 2>$@.err || \
	    { cat $@.err; exit 1; }
	@touch $@

lint: setup-lint
	clang-format --dry-run --Werror $(SHIPPED) $(TESTC) $(HEADERS)
	$(MAKE) $(SUB) B='$B/gcc' CC=gcc \
	    CFLAGS='-O2 $(GCCMORE)' all
	$(MAKE) $(SUB) B='$B/clang' CC=clang \
	    CFLAGS='-O2 $(CLANGMORE)' all $B/clang/tests/unit/unit
	@$(MAKE) $(SUB) B='$B' $(patsubst %.c,$B/tidy/%,$(SHIPPED))
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
	    --enable=warning,portability,performance -Iinclude $(PRIVATE) \
	    $(SHIPPED)
	shellcheck tests/*.sh tests/*/*.sh askpass/coz/*.sh .ci/run \
	    rotate/units/*.sh rotate/samples/*.sh \
	    vault/completions/pawl-vault.bash
	mandoc -T lint -W warning man/*.[1-9]
	tests/lint.sh

# --- Install ----------------------------------------------------------------

MAN1	= man/pawl-askpass.1 man/pawl-vault.1 man/pawl-rotate.1 \
	  man/git-credential-pawl.1 man/docker-credential-pawl.1
MAN5	= man/pawl-askpass.conf.5 man/pawl-rotate-exec.5 man/pawl-vault.5
MAN7	= man/pawl.7 man/pawl-coz.7
COZ	= $(wildcard askpass/coz/*)
UNITS	= pawl-rotate.service pawl-rotate.timer pawl-rotate.cron
# Programs to begin with.
SAMPLES	= rotate/units/hook-mail.sh rotate/units/hook-logger.sh \
	  rotate/samples/exec-file.sh

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) \
	    $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(BASHDIR) \
	    $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR) $(DESTDIR)$(COZDIR) $(DESTDIR)$(SAMPLEDIR)
	install -m 755 $B/pawl-askpass $B/pawl-vault $B/pawl-rotate \
	    $(DESTDIR)$(BINDIR)
	install -m 755 $B/git-credential-pawl $(DESTDIR)$(BINDIR)
	ln -sf git-credential-pawl $(DESTDIR)$(BINDIR)/docker-credential-pawl
	install -m 755 $B/pawl-rotate-net $B/pawl-rotate-run \
	    $(DESTDIR)$(LIBEXECDIR)
	install -m 644 $(MAN1) $(DESTDIR)$(MANDIR)/man1
	install -m 644 $(MAN5) $(DESTDIR)$(MANDIR)/man5
	install -m 644 $(MAN7) $(DESTDIR)$(MANDIR)/man7
	install -m 644 $(filter-out %.sh,$(COZ)) $(DESTDIR)$(COZDIR)
	install -m 755 askpass/coz/read_passwd_dsn.sh $(DESTDIR)$(COZDIR)
	install -m 644 vault/completions/pawl-vault.bash \
	    $(DESTDIR)$(BASHDIR)/pawl-vault
	install -m 644 vault/completions/_pawl-vault $(DESTDIR)$(ZSHDIR)
	install -m 644 vault/completions/pawl-vault.fish $(DESTDIR)$(FISHDIR)
	for p in pawl-askpass pawl-rotate; do \
	    ln -sf pawl-vault $(DESTDIR)$(BASHDIR)/$$p && \
	    ln -sf pawl-vault.fish $(DESTDIR)$(FISHDIR)/$$p.fish || exit; \
	done
	for f in $(UNITS); do \
	    sed 's|@BINDIR@|$(BINDIR)|' rotate/units/$$f \
	        >$(DESTDIR)$(SAMPLEDIR)/$$f && \
	    chmod 644 $(DESTDIR)$(SAMPLEDIR)/$$f || exit; \
	done
	install -m 755 $(SAMPLES) $(DESTDIR)$(SAMPLEDIR)

uninstall:
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,pawl-askpass pawl-vault \
	    pawl-rotate git-credential-pawl docker-credential-pawl) \
	    $(DESTDIR)$(LIBEXECDIR)/pawl-rotate-net \
	    $(DESTDIR)$(LIBEXECDIR)/pawl-rotate-run
	rm -f $(DESTDIR)$(ZSHDIR)/_pawl-vault \
	    $(addprefix $(DESTDIR)$(BASHDIR)/,pawl-askpass pawl-rotate \
	    pawl-vault) $(addprefix $(DESTDIR)$(FISHDIR)/,pawl-askpass.fish \
	    pawl-rotate.fish pawl-vault.fish)
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man1/,$(notdir $(MAN1))) \
	    $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(MAN5))) \
	    $(addprefix $(DESTDIR)$(MANDIR)/man7/,$(notdir $(MAN7)))
	rm -f $(addprefix $(DESTDIR)$(COZDIR)/,$(notdir $(COZ)))
	rm -f $(addprefix $(DESTDIR)$(SAMPLEDIR)/,$(UNITS) $(notdir $(SAMPLES)))
	for d in $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(COZDIR) \
	    $(DESTDIR)$(SAMPLEDIR); do [ ! -d $$d ] || \
	    rmdir --ignore-fail-on-non-empty $$d || exit; \
	done

clean:
	rm -rf $B

.PHONY: all test demo mutants model hands kill memory cuts drain faults bench bench-programs fuzz lint install uninstall clean
.DELETE_ON_ERROR:
