#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "import.h"
#include "names.h"

enum {
	OPTION_NAME = CMD_LONG,
	OPTION_DATASET,
	OPTION_ENCODING,
	OPTION_FORMAT,
	OPTION_REPLACE,
	OPTION_SKIP,
	OPTION_DRY_RUN
};

static const struct import_format *const formats[] = { &import_dataset,
	&import_sshpass, &import_netrc, &import_csv, &import_jsonl,
	&import_pass };

/* What is done with a name that is taken. */
enum taken {
	TAKEN_REFUSE,
	TAKEN_REPLACE,
	TAKEN_SKIP
};

/* One run of the command. */
struct job {
	struct import im;
	enum taken taken;
	bool dry_run;
	/* ATTR=VALUE for every entry. */
	char *const *attrs;
	int nattrs;
	/* The name if none was given. */
	char derived[DATASET_NAME_MAX];
	/* ATTR=VALUE of one item, terminated, and where each is. */
	struct secret *text;
	char *args[RECORD_ATTRS_MAX];
	/* The set of the names that were read. */
	void *names;
	/* What is said when all has been done. */
	FILE *out;
	char *lines;
	size_t len;
	size_t added;
	size_t replaced;
	size_t skipped;
};

/* A word and what it stands for. */
struct word {
	const char *text;
	int value;
};

static const struct word encodings[] = {
	{ "auto", DATASET_ENCODING_AUTO },
	{ "ascii", DATASET_ASCII },
	{ "ibm1047", DATASET_IBM1047 },
	{ "ibm037", DATASET_IBM037 },
	{ NULL, 0 },
};

static const struct word layouts[] = {
	{ "auto", DATASET_FORMAT_AUTO },
	{ "fb80", DATASET_FB80 },
	{ "text", DATASET_TEXT },
	{ NULL, 0 },
};

static int
parse_word(const char *text, const struct word *words, int *valuep)
{
	for (; words->text != NULL; words++) {
		if (strcmp(text, words->text) == 0) {
			*valuep = words->value;
			return 0;
		}
	}
	return -1;
}

static int
parse_encoding(const char *text, enum dataset_encoding *to, struct err *e)
{
	char shown[64];
	int value = 0;

	if (parse_word(text, encodings, &value) == -1)
		return err_set(e, ERR_USAGE,
		    "--encoding %s: there are auto, ascii, ibm1047 and ibm037",
		    text_show(shown, sizeof(shown), slice_of(text)));
	*to = (enum dataset_encoding)value;
	return 0;
}

static int
parse_layout(const char *text, enum dataset_format *to, struct err *e)
{
	char shown[64];
	int value = 0;

	if (parse_word(text, layouts, &value) == -1)
		return err_set(e, ERR_USAGE,
		    "--format %s: there are auto, fb80 and text",
		    text_show(shown, sizeof(shown), slice_of(text)));
	*to = (enum dataset_format)value;
	return 0;
}

static int
set_taken(struct job *job, enum taken taken, struct err *e)
{
	if (job->taken != TAKEN_REFUSE && job->taken != taken)
		return err_set(e, ERR_USAGE,
		    "--replace and --skip: give one of them");
	job->taken = taken;
	return 0;
}

static int
take_option(struct job *job, int c, struct err *e)
{
	struct import *im = &job->im;

	switch (c) {
	case OPTION_NAME:
		im->name = optarg;
		return 0;
	case OPTION_DATASET:
		return dataset_name(im->dataset, sizeof(im->dataset),
		    slice_of(optarg), e);
	case OPTION_ENCODING:
		return parse_encoding(optarg, &im->how.encoding, e);
	case OPTION_FORMAT:
		return parse_layout(optarg, &im->how.format, e);
	case OPTION_REPLACE:
		return set_taken(job, TAKEN_REPLACE, e);
	case OPTION_SKIP:
		return set_taken(job, TAKEN_SKIP, e);
	case OPTION_DRY_RUN:
		job->dry_run = true;
		return 0;
	default:
		return -1;
	}
}

static int
parse_options(struct job *job, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "name", required_argument, NULL, OPTION_NAME },
		{ "dataset", required_argument, NULL, OPTION_DATASET },
		{ "encoding", required_argument, NULL, OPTION_ENCODING },
		{ "format", required_argument, NULL, OPTION_FORMAT },
		{ "replace", no_argument, NULL, OPTION_REPLACE },
		{ "skip", no_argument, NULL, OPTION_SKIP },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ NULL, 0, NULL, 0 },
	};
	int c = 0;

	while ((c = cmd_getopt(argc, argv, ":", longs, e)) != -1) {
		if (take_option(job, c, e) == -1)
			return -1;
	}
	return 0;
}

/* An option that the format would leave unused is a mistake. */
static int
check_options(const struct import *im, struct err *e)
{
	if (im->name != NULL && !im->format->one)
		return err_set(e, ERR_USAGE,
		    "--name: %s names its entries itself", im->format->name);
	if (im->format != &import_dataset &&
	    (im->dataset[0] != '\0' ||
		im->how.encoding != DATASET_ENCODING_AUTO ||
		im->how.format != DATASET_FORMAT_AUTO))
		return err_set(e, ERR_USAGE,
		    "--dataset, --encoding and --format are for \"import "
		    "dataset\"");
	return 0;
}

/* HLQ.PASSWD(SITE1) is site1, HLQ.SITE1.PASSWD the whole in small letters. */
static int
derive_name(struct job *job, struct err *e)
{
	const char *dataset = job->im.dataset, *from = strchr(dataset, '(');
	size_t n = 0;

	if (dataset[0] == '\0')
		return err_set(e, ERR_USAGE,
		    "which entry is it to be? say --name NAME%s",
		    job->im.format == &import_dataset ?
			", or --dataset with the name it had" :
			"");
	from = from == NULL ? dataset : from + 1;
	for (; from[n] != '\0' && from[n] != ')'; n++)
		job->derived[n] = (char)(from[n] >= 'A' && from[n] <= 'Z' ?
			from[n] - 'A' + 'a' :
			from[n]);
	job->derived[n] = '\0';
	job->im.name = job->derived;
	return 0;
}

static int
append_text(struct secret *to, struct slice s, struct err *e)
{
	return secret_append(to, s.p, s.len, e);
}

/* An attribute as ATTR=VALUE, which is how all of them are checked. */
static int
append_attr(struct job *job, const struct record_attr *a, struct err *e)
{
	char shown[80];

	if (record_attr_check(a->key, a->value, e) == -1)
		return -1;
	if (memchr(a->value.p, '\0', a->value.len) != NULL)
		return err_set(e, ERR_USAGE, "%s= has a NUL in it",
		    text_show(shown, sizeof(shown), a->key));
	if (append_text(job->text, a->key, e) == -1 ||
	    append_text(job->text, slice_of("="), e) == -1 ||
	    append_text(job->text, a->value, e) == -1)
		return -1;
	return secret_append(job->text, "", 1, e);
}

static int
set_attrs(struct job *job, const struct import_item *item, struct change *c,
    struct err *e)
{
	const size_t most = RECORD_KEY_MAX + RECORD_VALUE_MAX + 2;
	size_t i = 0;

	if (job->text == NULL &&
	    (job->text = secret_new(RECORD_ATTRS_MAX * most, e)) == NULL)
		return -1;
	if (secret_set(job->text, NULL, 0, e) == -1)
		return -1;
	for (i = 0; i < item->nattrs; i++) {
		job->args[i] = (char *)job->text->data + job->text->len;
		if (append_attr(job, &item->attrs[i], e) == -1)
			return -1;
	}
	if (change_attrs(c, job->args, (int)item->nattrs, e) == -1)
		return -1;
	return change_attrs(c, job->attrs, job->nattrs, e);
}

/* A line for an item of many. */
static void
tell_item(struct job *job, const struct import_item *item, const char *what)
{
	char shown[4 * RECORD_NAME_MAX];

	(void)fprintf(job->out, "%s: %s%s%s%s\n",
	    text_show(shown, sizeof(shown), slice_of(item->name)),
	    job->dry_run ? "would be " : "", what,
	    item->note[0] == '\0' ? "" : ": ", item->note);
}

/* The lines for the only item. */
static void
tell_one(struct session *s, struct job *job, const struct import_item *item,
    const struct change *c)
{
	(void)fprintf(job->out, "%s: %s", item->name, item->note);
	if (job->dry_run)
		(void)fprintf(job->out, "; would be %s entry%s\n",
		    c->is_new ? "a new" : "this",
		    c->same ? ", its secret is the same already" : "");
	else
		(void)fprintf(job->out, "\n%s: stored (generation %llu)%s\n",
		    item->name,
		    (unsigned long long)vault_header(s->vault)->generation + 1,
		    c->same ? "; the secret is the same as before" : "");
}

/* Whether the item is to be left; -1 if it may be neither left nor taken. */
static int
leave(struct job *job, struct import_item *item, bool twice, struct err *e)
{
	if (job->taken != TAKEN_SKIP)
		return err_set(e, ERR_DENIED,
		    twice ? "the name is there twice: change one of them, or "
			    "take the first with --skip" :
			    "there is an entry of this name: --replace gives "
			    "it the new secret, --skip leaves it");
	(void)snprintf(item->note, sizeof(item->note),
	    twice ? "was there before" : "is in the vault already");
	job->skipped++;
	tell_item(job, item, "skipped");
	return 0;
}

/* Whether the vault has an entry of this name; it is not locked. */
static int
is_taken(struct session *s, const char *name, bool *taken, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry = { 0 };

	*taken = session_find(s, name, &entry, &plain, e) == 0;
	secret_free(plain);
	return *taken || e->kind == ERR_NOENTRY ? 0 : -1;
}

static void
tell(struct session *s, struct job *job, const struct import_item *item,
    const struct change *c)
{
	const char *what = c->same ? "the same" : "replaced";

	job->added += c->is_new;
	job->replaced += !c->is_new;
	if (import_is_one(&job->im))
		tell_one(s, job, item, c);
	else
		tell_item(job, item, c->is_new ? "new" : what);
}

static int
put(struct session *s, struct job *job, struct import_item *item,
    struct change *c, struct err *e)
{
	bool twice = false, taken = false;

	if (names_add(&job->names, item->name, &twice, e) == -1)
		return -1;
	if (!twice && job->taken != TAKEN_REPLACE &&
	    is_taken(s, item->name, &taken, e) == -1)
		return -1;
	if (twice || taken)
		return leave(job, item, twice, e);
	if (change_find(s, item->name, c, e) == -1 ||
	    set_attrs(job, item, c, e) == -1 ||
	    (item->secret.p != NULL &&
		change_secret(c, item->secret, e) == -1) ||
	    change_put(s, c, e) == -1)
		return -1;
	tell(s, job, item, c);
	return 0;
}

static int
import_item(struct session *s, struct job *job, struct import_item *item,
    struct err *e)
{
	struct change c;
	char shown[96];
	int rv = 0;

	if (item->skipped) {
		job->skipped++;
		tell_item(job, item, "skipped");
		return 0;
	}
	change_new(&c);
	rv = put(s, job, item, &c, e);
	/*
	 * No rotation of it is running, for its lock could be had.  It need not
	 * be kept: the vault's own lock is held until the commit, and a rotation
	 * begun in between finds another secret under it and stops.
	 */
	change_drop(&c);
	if (rv == 0 || import_is_one(&job->im))
		return rv;
	(void)text_show(shown, sizeof(shown), slice_of(item->name));
	/* change_put() has named it where the secret is what is wrong. */
	if (strncmp(e->msg, shown, strlen(shown)) != 0)
		(void)err_in(e, "%s", shown);
	return item->line == 0 ? -1 : err_in(e, "line %zu", item->line);
}

static void
tell_progress(struct job *job, bool end)
{
	size_t n = job->added + job->replaced + job->skipped;

	if (end || n % 256 == 0)
		import_progress(&job->im.progress, n, end);
}

static int
import_all(struct session *s, struct job *job, struct err *e)
{
	struct import_item *item = malloc(sizeof(*item));
	int rv = -1;

	if (item == NULL)
		return err_sys(e, ERR_IO, "memory for an entry");
	do {
		import_item_new(item);
		if ((rv = job->im.format->next(&job->im, item, e)) == 1 &&
		    import_item(s, job, item, e) == -1)
			rv = -1;
		tell_progress(job, rv != 1);
	} while (rv == 1);
	free(item);
	/* It was the last one's. */
	s->subject = import_is_one(&job->im) ? job->im.name : "";
	if (rv == 0 && job->added + job->replaced + job->skipped == 0)
		return err_set(e, ERR_USAGE, "has nothing to import");
	return rv;
}

/* What to do with the source, and how many it were. */
static void
advise(const struct session *s, const struct job *job)
{
	if (!import_is_one(&job->im))
		cmd_warn("%zu new, %zu replaced, %zu skipped (generation %llu)",
		    job->added, job->replaced, job->skipped,
		    (unsigned long long)vault_header(s->vault)->generation);
	/* A store of pass is encrypted, and has its own history. */
	if (strcmp(job->im.file, "-") != 0 && job->im.format != &import_pass)
		cmd_warn("when a job has logged in with it, destroy what it "
			 "came from: \"shred -u\" here, on z/OS delete the "
			 "member and compress the data set, and its backups");
}

static int
finish(struct session *s, struct job *job, struct err *e)
{
	bool lost = ferror(job->out) != 0;

	/* glibc's fclose(3) does not say that it lost the lines. */
	lost = fclose(job->out) == EOF || lost || job->lines == NULL;
	job->out = NULL;
	if (lost)
		return err_set(e, ERR_IO, "no memory for the results");
	if (!job->dry_run && vault_commit(s->vault, e) == -1)
		return -1;
	(void)fwrite(job->lines, 1, job->len, stdout);
	if (!job->dry_run)
		advise(s, job);
	return 0;
}

static void
end(struct session *s, struct job *job)
{
	import_end(&job->im);
	secret_free(job->text);
	names_free(job->names);
	if (job->out != NULL)
		(void)fclose(job->out);
	free(job->lines);
	session_close(s);
}

static int
read_source(struct session *s, struct job *job, struct err *e)
{
	if (job->im.format->start(&job->im, e) == -1)
		return -1;
	if (!import_is_one(&job->im))
		return 0;
	if (job->im.name == NULL && derive_name(job, e) == -1)
		return -1;
	s->subject = job->im.name;
	/* The entry was named on purpose: it may be there. */
	if (job->taken == TAKEN_REFUSE)
		job->taken = TAKEN_REPLACE;
	return record_name_check(slice_of(job->im.name), e);
}

static int
import(struct session *s, struct job *job, struct err *e)
{
	char shown[96];
	int rv = -1;

	if (attr_check(job->attrs, job->nattrs, e) == -1)
		return -1;
	if (read_source(s, job, e) == -1)
		goto out;
	if ((job->out = open_memstream(&job->lines, &job->len)) == NULL) {
		(void)err_sys(e, ERR_IO, "memory for the results");
		goto out;
	}
	if (session_open(s, true, e) == -1)
		goto out;
	if (import_all(s, job, e) == -1) {
		(void)err_in(e, "%s",
		    text_show(shown, sizeof(shown), slice_of(job->im.file)));
		goto out;
	}
	rv = finish(s, job, e);
out:
	end(s, job);
	return rv;
}

static const struct import_format *
find_format(const char *name)
{
	size_t i = 0;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(name, formats[i]->name) == 0)
			return formats[i];
	}
	return NULL;
}

int
cmd_import(struct session *s, int argc, char **argv, struct err *e)
{
	struct job job = { 0 };
	char shown[64];

	if (argc < 2)
		return cmd_usage("import", e);
	if ((job.im.format = find_format(argv[1])) == NULL)
		return err_set(e, ERR_USAGE,
		    "import %s: the format to import is missing or unknown; "
		    "there are dataset, sshpass, netrc, csv, jsonl and pass",
		    text_show(shown, sizeof(shown), slice_of(argv[1])));
	if (parse_options(&job, argc - 1, argv + 1, e) == -1 ||
	    check_options(&job.im, e) == -1)
		return -1;
	argc -= 1 + optind;
	argv += 1 + optind;
	if (argc < 1)
		return cmd_usage("import", e);
	job.im.file = argv[0];
	job.attrs = argv + 1;
	job.nattrs = argc - 1;
	return import(s, &job, e);
}
