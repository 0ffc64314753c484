#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

/* A member with a password is a record or two. */
#define FILE_MAX 65536

enum {
	OPTION_NAME = CMD_LONG,
	OPTION_DATASET,
	OPTION_ENCODING,
	OPTION_FORMAT,
	OPTION_DRY_RUN
};

struct import {
	const char *file;
	const char *name;
	/* Normalised; "" if there is none. */
	char dataset[DATASET_NAME_MAX];
	struct dataset_how how;
	bool dry_run;
	char *const *attrs;
	int nattrs;
	/* The name if none was given. */
	char derived[DATASET_NAME_MAX];
	/* "dataset=" and the name, one more of the attributes. */
	char attr[DATASET_NAME_MAX + 8];
};

static int
parse_encoding(const char *text, enum dataset_encoding *to, struct err *e)
{
	char shown[64];

	if (strcmp(text, "auto") == 0)
		*to = DATASET_ENCODING_AUTO;
	else if (strcmp(text, "ascii") == 0)
		*to = DATASET_ASCII;
	else if (strcmp(text, "ibm1047") == 0)
		*to = DATASET_IBM1047;
	else
		return err_set(e, ERR_USAGE,
		    "--encoding %s: there are auto, ascii and ibm1047",
		    text_show(shown, sizeof(shown), slice_of(text)));
	return 0;
}

static int
parse_format(const char *text, enum dataset_format *to, struct err *e)
{
	char shown[64];

	if (strcmp(text, "auto") == 0)
		*to = DATASET_FORMAT_AUTO;
	else if (strcmp(text, "fb80") == 0)
		*to = DATASET_FB80;
	else if (strcmp(text, "text") == 0)
		*to = DATASET_TEXT;
	else
		return err_set(e, ERR_USAGE,
		    "--format %s: there are auto, fb80 and text",
		    text_show(shown, sizeof(shown), slice_of(text)));
	return 0;
}

static int
parse_options(struct import *im, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "name", required_argument, NULL, OPTION_NAME },
		{ "dataset", required_argument, NULL, OPTION_DATASET },
		{ "encoding", required_argument, NULL, OPTION_ENCODING },
		{ "format", required_argument, NULL, OPTION_FORMAT },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ NULL, 0, NULL, 0 },
	};
	int c = 0, rv = 0;

	while (rv == 0 && (c = cmd_getopt(argc, argv, ":", longs, e)) != -1) {
		switch (c) {
		case OPTION_NAME:
			im->name = optarg;
			break;
		case OPTION_DATASET:
			rv = dataset_name(im->dataset, sizeof(im->dataset),
			    slice_of(optarg), e);
			break;
		case OPTION_ENCODING:
			rv = parse_encoding(optarg, &im->how.encoding, e);
			break;
		case OPTION_FORMAT:
			rv = parse_format(optarg, &im->how.format, e);
			break;
		case OPTION_DRY_RUN:
			im->dry_run = true;
			break;
		default:
			rv = -1;
		}
	}
	return rv;
}

/* HLQ.PASSWD(SITE1) is site1, HLQ.SITE1.PASSWD the whole in small letters. */
static int
derive_name(struct import *im, struct err *e)
{
	const char *from = strchr(im->dataset, '(');
	size_t n = 0;

	if (im->dataset[0] == '\0')
		return err_set(e, ERR_USAGE,
		    "which entry is it to be? say --name NAME, or --dataset "
		    "with the name it had");
	from = from == NULL ? im->dataset : from + 1;
	for (; from[n] != '\0' && from[n] != ')'; n++)
		im->derived[n] = (char)(from[n] >= 'A' && from[n] <= 'Z' ?
			from[n] - 'A' + 'a' :
			from[n]);
	im->derived[n] = '\0';
	im->name = im->derived;
	return 0;
}

static int
read_file(struct secret *raw, const char *file, struct err *e)
{
	int fd = STDIN_FILENO, rv = -1;
	char shown[96];

	(void)text_show(shown, sizeof(shown), slice_of(file));
	if (strcmp(file, "-") != 0 &&
	    (fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return err_sys(e, ERR_USAGE, "%s: cannot be read", shown);
	rv = secret_read_all(fd, raw, e);
	if (rv == -1)
		(void)err_in(e, "%s", shown);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return rv;
}

static struct secret *
read_password(struct import *im, struct err *e)
{
	struct secret *raw = NULL, *password = NULL;
	char shown[96];
	int rv = -1;

	(void)text_show(shown, sizeof(shown), slice_of(im->file));
	if ((raw = secret_new(FILE_MAX, e)) == NULL ||
	    (password = secret_new(RECORD_SECRET_MAX, e)) == NULL)
		goto out;
	if (read_file(raw, im->file, e) == -1)
		goto out;
	if (dataset_password(password, &im->how, secret_slice(raw), e) == -1) {
		(void)err_in(e, "%s", shown);
		goto out;
	}
	if (password->data[0] == ' ')
		cmd_warn("%s: the password begins with a blank, which is kept",
		    shown);
	rv = 0;
out:
	secret_free(raw);
	if (rv == 0)
		return password;
	secret_free(password);
	return NULL;
}

/* How it was read, for a person to compare with what they know. */
static void
print_how(const struct import *im)
{
	printf("%s: %s in %s%s", im->name,
	    im->how.format == DATASET_FB80 ? "records of 80" : "lines",
	    im->how.encoding == DATASET_IBM1047 ? "IBM-1047" : "ASCII",
	    im->how.numbered ? ", line numbers dropped" : "");
}

static int
apply(struct import *im, struct change *c, const struct secret *password,
    struct err *e)
{
	char *dataset[] = { im->attr };

	if (im->dataset[0] != '\0') {
		(void)snprintf(im->attr, sizeof(im->attr), "dataset=%s",
		    im->dataset);
		if (change_attrs(c, dataset, 1, e) == -1)
			return -1;
	}
	if (change_attrs(c, im->attrs, im->nattrs, e) == -1)
		return -1;
	return change_secret(c, secret_slice(password), e);
}

static int
import(struct session *s, struct import *im, struct err *e)
{
	struct secret *password = NULL;
	struct change c;
	int rv = -1;

	change_new(&c);
	if ((password = read_password(im, e)) == NULL)
		goto out;
	if (change_open(s, im->name, &c, e) == -1 ||
	    apply(im, &c, password, e) == -1)
		goto out;
	if (im->dry_run) {
		if (change_check(&c, e) == -1) {
			(void)err_in(e, "%s", im->name);
			goto out;
		}
		print_how(im);
		printf("; would be %s entry%s\n", c.is_new ? "a new" : "this",
		    c.same ? ", its secret is the same already" : "");
		rv = 0;
		goto out;
	}
	if (change_save(s, &c, e) == -1)
		goto out;
	print_how(im);
	printf("\n");
	change_tell(s, &c, stdout);
	if (strcmp(im->file, "-") != 0)
		cmd_warn("when a job has logged in with it, destroy what it "
			 "came from: \"shred -u\" here, on z/OS delete the "
			 "member and compress the data set, and its backups");
	rv = 0;
out:
	change_close(s, &c);
	secret_free(password);
	return rv;
}

int
cmd_import(struct session *s, int argc, char **argv, struct err *e)
{
	struct import im = { 0 };
	char shown[64];

	if (argc < 2)
		return cmd_usage("import", e);
	if (strcmp(argv[1], "dataset") != 0)
		return err_set(e, ERR_USAGE,
		    "import %s: the format to import is missing or unknown; "
		    "there is dataset",
		    text_show(shown, sizeof(shown), slice_of(argv[1])));
	if (parse_options(&im, argc - 1, argv + 1, e) == -1)
		return -1;
	argc -= 1 + optind;
	argv += 1 + optind;
	if (argc < 1)
		return cmd_usage("import", e);
	im.file = argv[0];
	im.attrs = argv + 1;
	im.nattrs = argc - 1;
	if (im.name == NULL && derive_name(&im, e) == -1)
		return -1;
	s->subject = im.name;
	if (record_name_check(slice_of(im.name), e) == -1 ||
	    attr_check(im.attrs, im.nattrs, e) == -1)
		return -1;
	return import(s, &im, e);
}
