/*
 * What an entry's attributes say about its rotation.
 */
#include <check.h>
#include <string.h>

#include "attr.h"
#include "net/method.h"
#include "plan.h"

Suite *plan_suite(void);

static struct entry entry;
static struct plan plan;
static struct err err;

static void
add(const char *key, const char *value)
{
	ck_assert_int_eq(record_attr_add(&entry, slice_of(key), slice_of(value),
			     &err),
	    0);
}

static void
plain(void)
{
	memset(&entry, 0, sizeof(entry));
	add("user", "SITE1");
	add("host", "ftp.example.com");
	add("host", "second.example.com");
	add("rotate.method", "zos-pass");
}

START_TEST(defaults)
{
	plain();
	ck_assert(plan_wanted(&entry));
	ck_assert_int_eq(plan_read(&plan, &entry, &err), 0);
	ck_assert_str_eq(plan.user, "SITE1");
	ck_assert_str_eq(plan.host, "ftp.example.com");
	ck_assert_uint_eq(plan.port, 21);
	ck_assert_uint_eq(plan.revoke_after, 3);
	ck_assert_uint_eq(plan.every, 30 * 86400);
	ck_assert_uint_eq(plan.min_age, 86400);
	ck_assert_uint_eq(plan.drain, 120);
	ck_assert_uint_eq(plan.settle, 120);
	ck_assert_uint_eq(plan.per_host, 0);
	ck_assert_str_eq(plan.policy.name, "racf");
	ck_assert_str_eq(plan.ca_file, "");
}
END_TEST

START_TEST(everything_can_be_set)
{
	plain();
	add("rotate.host", "10.0.0.1");
	add("rotate.port", "2121");
	add("rotate.policy", "racf-mixed");
	add("rotate.every", "2w");
	add("rotate.min-age", "0s");
	add("rotate.revoke-after", "5");
	add("rotate.drain", "10s");
	add("rotate.per-host", "12");
	add("rotate.settle", "0s");
	add("rotate.timeout", "5s");
	add("rotate.ca-file", "/etc/pawl/partner.pem");
	add("rotate.pin", "sha256//AAAA");
	add("rotate.tls", "explicit");
	ck_assert_int_eq(plan_read(&plan, &entry, &err), 0);
	ck_assert_str_eq(plan.host, "10.0.0.1");
	ck_assert_uint_eq(plan.port, 2121);
	ck_assert_str_eq(plan.policy.name, "racf-mixed");
	ck_assert_uint_eq(plan.every, 14 * 86400);
	ck_assert_uint_eq(plan.min_age, 0);
	ck_assert_uint_eq(plan.revoke_after, 5);
	ck_assert_uint_eq(plan.drain, 10);
	ck_assert_uint_eq(plan.settle, 0);
	ck_assert_uint_eq(plan.per_host, 12);
	ck_assert_uint_eq(plan.timeout, 5);
	ck_assert_str_eq(plan.ca_file, "/etc/pawl/partner.pem");
	ck_assert_str_eq(plan.pin, "sha256//AAAA");
}
END_TEST

static const struct {
	const char *key;
	const char *value;
} wrong[] = {
	{ "rotate.port", "0" },
	{ "rotate.port", "65536" },
	{ "rotate.port", "21x" },
	{ "rotate.policy", "easy" },
	{ "rotate.every", "soon" },
	{ "rotate.revoke-after", "1" },
	{ "rotate.revoke-after", "101" },
	{ "rotate.per-host", "0" },
	{ "rotate.per-host", "513" },
	{ "rotate.host", "" },
	{ "rotate.host", "me@ftp.example.com" },
	{ "rotate.pin", "sha256//" },
	{ "rotate.pair", "/site2" },
	{ "rotate.settle", "2h" },
	{ "rotate.timeout", "0s" },
	{ "rotate.timeout", "2h" },
	{ "rotate.ca-file", "partner.pem" },
	{ "rotate.pin", "md5//AAAA" },
	{ "rotate.tls", "none" },
	{ "rotate.cert", "us.pem" },
	{ "rotate.cert-key", "us.key" },
	{ "rotate.cert-key", "/etc/pawl/us.key" },
	{ "rotate.method", "guess" },
	{ "rotate.exec", "program" },
	/* Only with rotate.method=exec. */
	{ "rotate.exec", "/program" },
	/* A misspelt limit must not be ignored. */
	{ "rotate.revoke", "2" },
};

START_TEST(what_is_wrong_is_named)
{
	plain();
	add(wrong[_i].key, wrong[_i].value);
	ck_assert_int_eq(plan_read(&plan, &entry, &err), -1);
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, wrong[_i].key));
}
END_TEST

/* Both go by one table: include/attr.h. */
START_TEST(what_can_be_set_means_something)
{
	const char *key = NULL;
	size_t i, n = 0;

	for (i = 0; (key = attr_key(i)) != NULL; i++) {
		ck_assert(attr_known(slice_of(key)));
		if (strncmp(key, "rotate.", 7) != 0)
			continue;
		n++;
		plain();
		add(key, "");
		ck_assert_int_eq(plan_read(&plan, &entry, &err), -1);
		ck_assert_msg(strstr(err.msg, "must not be empty") != NULL,
		    "%s: %s", key, err.msg);
	}
	ck_assert_uint_gt(n, 10);
}
END_TEST

static const struct {
	const char *key;
	const char *begin;
	size_t longest;
} lengths[] = {
	{ "rotate.host", "h", MESSAGE_HOST_MAX },
	{ "rotate.pair", "p", RECORD_NAME_MAX },
	{ "rotate.hook", "/h", MESSAGE_PATH_MAX },
	{ "rotate.ca-file", "/c", MESSAGE_PATH_MAX },
	{ "rotate.cert", "/c", MESSAGE_PATH_MAX },
	{ "rotate.pin", "sha256//p", MESSAGE_PIN_MAX },
};

START_TEST(the_longest_that_can_be_set_can_be_used)
{
	static char value[MESSAGE_PATH_MAX + 2];
	const char *key = lengths[_i].key;
	uint64_t number = 0;

	memset(value, 'x', lengths[_i].longest);
	memcpy(value, lengths[_i].begin, strlen(lengths[_i].begin));
	value[lengths[_i].longest] = '\0';
	plain();
	add(key, value);
	ck_assert_int_eq(attr_read(slice_of(key), value, &number, &err), 0);
	ck_assert_int_eq(plan_read(&plan, &entry, &err), 0);
	value[lengths[_i].longest] = 'x';
	value[lengths[_i].longest + 1] = '\0';
	plain();
	add(key, value);
	ck_assert_int_eq(attr_read(slice_of(key), value, &number, &err), -1);
	ck_assert_int_eq(plan_read(&plan, &entry, &err), -1);
}
END_TEST

START_TEST(every_method_can_be_set)
{
	uint64_t place = 0;
	int n;

	for (n = MESSAGE_ZOS_PASS; n <= MESSAGE_SSH_PAM; n++)
		ck_assert_int_eq(attr_read(slice_of("rotate.method"),
				     method_of((enum message_method)n)->name,
				     &place, &err),
		    0);
}
END_TEST

static const struct {
	const char *method;
	const char *tls;
	uint16_t port;
	enum message_method number;
	enum message_tls mode;
} modes[] = {
	{ "zos-pass", "explicit", 21, MESSAGE_ZOS_PASS, MESSAGE_TLS_EXPLICIT },
	{ "site-pswd", "implicit", 990, MESSAGE_SITE_PSWD,
	    MESSAGE_TLS_IMPLICIT },
	{ "cpwd", "zos-implicit", 990, MESSAGE_CPWD, MESSAGE_TLS_ZOS_IMPLICIT },
	{ "site-cpwd", "explicit", 21, MESSAGE_SITE_CPWD,
	    MESSAGE_TLS_EXPLICIT },
	{ "wsftp-expired", "explicit", 21, MESSAGE_WSFTP_EXPIRED,
	    MESSAGE_TLS_EXPLICIT },
	{ "chpwd", "explicit", 21, MESSAGE_CHPWD, MESSAGE_TLS_EXPLICIT },
};

START_TEST(methods_and_modes_have_names)
{
	struct message_request m;

	memset(&entry, 0, sizeof(entry));
	add("user", "SITE1");
	add("host", "h");
	add("rotate.method", modes[_i].method);
	add("rotate.tls", modes[_i].tls);
	add("rotate.cert", "/us.pem");
	ck_assert_int_eq(plan_read(&plan, &entry, &err), 0);
	plan_request(&plan, MESSAGE_LOOK, &m);
	ck_assert_int_eq(m.what, MESSAGE_LOOK);
	ck_assert_int_eq(m.method, modes[_i].number);
	ck_assert_int_eq(m.tls, modes[_i].mode);
	ck_assert_uint_eq(m.port, modes[_i].port);
	ck_assert_str_eq(m.cert, "/us.pem");
	/* The key is in the same file where no other is named. */
	ck_assert_str_eq(m.cert_key, "/us.pem");
}
END_TEST

START_TEST(what_is_missing_is_named)
{
	memset(&entry, 0, sizeof(entry));
	ck_assert(!plan_wanted(&entry));
	add("rotate.method", "zos-pass");
	ck_assert_int_eq(plan_read(&plan, &entry, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "no user"));
	add("user", "SITE1");
	ck_assert_int_eq(plan_read(&plan, &entry, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "no host"));
	memset(&entry, 0, sizeof(entry));
	add("user", "SITE1");
	add("host", "h");
	ck_assert_int_eq(plan_read(&plan, &entry, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "no rotate.method"));
}
END_TEST

START_TEST(what_a_server_may_do_to_a_password_is_doubted)
{
	plain();
	ck_assert_int_eq(plan_read(&plan, &entry, &err), 0);
	ck_assert_str_eq(plan_doubt(&plan), "");
	add("rotate.policy", "racf-mixed");
	ck_assert_int_eq(plan_read(&plan, &entry, &err), 0);
	ck_assert_ptr_nonnull(strstr(plan_doubt(&plan), "upper case"));
	ck_assert_ptr_null(strstr(plan_doubt(&plan), "8 characters"));
	plain();
	add("rotate.policy", "racf-phrase");
	ck_assert_int_eq(plan_read(&plan, &entry, &err), 0);
	ck_assert_ptr_nonnull(strstr(plan_doubt(&plan), "8 characters"));
}
END_TEST

Suite *
plan_suite(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("core");

	tcase_add_test(t, defaults);
	tcase_add_test(t, everything_can_be_set);
	tcase_add_loop_test(t, what_is_wrong_is_named, 0,
	    sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(t, what_can_be_set_means_something);
	tcase_add_loop_test(t, the_longest_that_can_be_set_can_be_used, 0,
	    sizeof(lengths) / sizeof(lengths[0]));
	tcase_add_test(t, every_method_can_be_set);
	tcase_add_loop_test(t, methods_and_modes_have_names, 0,
	    sizeof(modes) / sizeof(modes[0]));
	tcase_add_test(t, what_is_missing_is_named);
	tcase_add_test(t, what_a_server_may_do_to_a_password_is_doubted);
	suite_add_tcase(s, t);
	return s;
}
