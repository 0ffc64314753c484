#include <sys/stat.h>

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "secret.h"

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
remove_tree(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct slot_key
raw_key(unsigned char c)
{
	struct err e = { 0 };
	struct secret *s = secret_new(32, &e);

	ck_assert_msg(s != NULL, "%s", e.msg);
	memset(s->data, c, 32);
	s->len = 32;
	return (struct slot_key){ .kind = SLOT_RAW, .secret = s };
}

void
check_text(const struct text_case *c, const char *got, const struct err *e)
{
	if (c->bad) {
		ck_assert_ptr_null(got);
		ck_assert_int_eq(e->kind, ERR_USAGE);
		ck_assert_msg(strstr(e->msg, c->want) != NULL, "%s", e->msg);
		ck_assert_ptr_null(strstr(e->msg, "HUN"));
	} else {
		ck_assert_msg(got != NULL, "%s", e->msg);
		ck_assert_str_eq(got, c->want);
	}
}
