/*
 * pawl-vault import: the formats, one reader and one file (import_*.c) each,
 * behind one interface.  cmd_import.c asks a reader for one item after the
 * other and does all the rest.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "csv.h"
#include "dataset.h"
#include "err.h"
#include "jsonl.h"
#include "netrc.h"
#include "record.h"
#include "secret.h"

/* What a reader reads at most. */
#define IMPORT_FILE_MAX ((size_t)64 * 1024 * 1024)
/* A file with one password is a record or two. */
#define IMPORT_ONE_MAX ((size_t)65536)

/* What becomes an entry.  Slices are borrowed until the next item. */
struct import_item {
	/* Terminated, for messages and for the vault. */
	char name[RECORD_NAME_MAX + 1];
	/* p is NULL if it has none. */
	struct slice secret;
	struct record_attr attrs[RECORD_ATTRS_MAX];
	size_t nattrs;
	/* How it was read, or why it is skipped; printable; "" for nothing. */
	char note[96];
	bool skipped;
	/* Where it was; 0 where there are no lines. */
	size_t line;
};

/* How far it is, for a person at a terminal. */
struct import_progress {
	/* When it began, and the second last told of. */
	time_t began;
	time_t told;
};

/* One import: what was asked for, and where its reader is. */
struct import {
	const struct import_format *format;
	const char *file;
	const char *name;
	/* Normalised; "" if there is none. */
	char dataset[DATASET_NAME_MAX];
	struct dataset_how how;
	struct import_progress progress;

	/* The readers' own. */
	struct secret *raw;
	struct secret *password;
	struct csv csv;
	struct csv_map *map;
	struct netrc netrc;
	struct jsonl jsonl;
	struct pass_store *store;
	/* A library of members: their names, in order. */
	struct dirent **members;
	int nmembers;
	int at;
	/* The data set of the item. */
	char member[DATASET_NAME_MAX];
	/* The item of a file with one has been read. */
	bool done;
};

/* A format by its name on the command line. */
struct import_format {
	const char *name;
	/* One password, of one entry that --name or --dataset names. */
	bool one;
	/* Reads the file, and may set one to false in *im by members. */
	int (*start)(struct import *im, struct err *e);
	/* 1 with an item, 0 at the end, -1. */
	int (*next)(struct import *im, struct import_item *item, struct err *e);
};

extern const struct import_format import_dataset, import_sshpass, import_netrc,
    import_csv, import_jsonl, import_pass;

/* Whether im is about one entry which the command line names. */
bool import_is_one(const struct import *im);

/* What it is that open(2) failed with: the user's mistake, or the system's. */
enum err_kind import_open_error(int error);

/*
 * Reads a whole file, "-" being standard input, into a new secret of its size.
 * ERR_USAGE if it has more than max bytes, import_open_error() if it cannot be
 * opened.
 */
struct secret *import_read(const char *file, size_t max,
    struct err *e) MUST_CHECK;
/* The same from a descriptor. */
struct secret *import_read_fd(int fd, size_t max, struct err *e) MUST_CHECK;

/*
 * Says on a terminal that n were read, from the second second on and once a
 * second; with end it is wiped off.
 */
void import_progress(struct import_progress *p, size_t n, bool end);

/* An item without contents. */
void import_item_new(struct import_item *item);

/* Copies the name; ERR_USAGE if it is not allowed. */
int import_item_name(struct import_item *item, struct slice name,
    struct err *e) MUST_CHECK;

/* Adds an attribute, unless value is empty. */
int import_item_attr(struct import_item *item, struct slice key,
    struct slice value, struct err *e) MUST_CHECK;

/* What stands before the first of these characters; *s is what follows it. */
struct slice import_cut(struct slice *s, const char *at);

/*
 * Adds user, or x-user for what no login takes, such as a person's name:
 * one with a blank.
 */
int import_item_user(struct import_item *item, struct slice user,
    struct err *e) MUST_CHECK;

/*
 * Adds host, and port unless there is one, from [scheme://][user@]host[:port]
 * [/...], the host perhaps in brackets.  What has no host adds nothing.
 */
int import_item_url(struct import_item *item, struct slice url,
    struct err *e) MUST_CHECK;

/* Frees what a reader has. */
void import_end(struct import *im);

/* What import_end() does about a store; NULL is fine. */
void import_pass_end(struct pass_store *s);

#endif
