#include <check.h>
#include <stdio.h>
#include <string.h>

#include "recovery.h"
#include "suites.h"

/* Of the bytes 0 to 19; made by another program. */
#define CODE "000G5-40R4C-0M30Z-E209T-185GF-R38EX-1W81A-24GKE"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static struct err err;
static unsigned char bytes[RECOVERY_BYTES];

static void
good(const char *text)
{
	size_t i;

	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_msg(recovery_get(bytes, slice_of(text), &err) == 0, "%s: %s",
	    text, err.msg);
	for (i = 0; i < sizeof(bytes); i++)
		ck_assert_uint_eq(bytes[i], i);
}

static void
bad(const char *text, const char *words)
{
	ck_assert_msg(recovery_get(bytes, slice_of(text), &err) == -1, "%s",
	    text);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_msg(strstr(err.msg, words) != NULL, "%s: %s", text, err.msg);
	ck_assert(is_zero(bytes, sizeof(bytes)));
}

/* bad() for a mistake at this place of CODE. */
static void
bad_at(const char *text, size_t at)
{
	char words[64];

	(void)snprintf(words, sizeof(words), "group %zu of 8 is wrong",
	    at / 6 + 1);
	bad(text, words);
}

START_TEST(the_vector)
{
	unsigned char text[RECOVERY_TEXT];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	recovery_put(text, bytes);
	ck_assert_mem_eq(text, CODE, RECOVERY_TEXT);
	good(CODE);
}
END_TEST

START_TEST(as_people_type)
{
	good("000g5-40r4c-0m30z-e209t-185gf-r38ex-1w81a-24gke");
	good(" 000G540R4C0M30ZE209T185GFR38EX1W81A24GKE\t");
	good("0 0 0 G 5 40R4C 0M30Z E209T I85GF-R38EX-LW8iA-24GKE--");
	good("oOoG5-4oR4C-OM3OZ-E2O9T-l85GF-R38EX-1W81A-24GKE");
}
END_TEST

START_TEST(each_wrong_character_is_known_by_its_group)
{
	char text[] = CODE;
	size_t i, j;

	for (i = 0; i < RECOVERY_TEXT; i++) {
		if (i % 6 == 5)
			continue;
		for (j = 0; j < 32; j++) {
			if (alphabet[j] == CODE[i])
				continue;
			text[i] = alphabet[j];
			bad_at(text, i);
		}
		text[i] = 'U';
		bad_at(text, i);
		text[i] = '\x80';
		bad_at(text, i);
		text[i] = CODE[i];
	}
}
END_TEST

START_TEST(each_swap_is_known)
{
	char text[] = CODE;
	size_t i, j;

	for (i = 0; i < RECOVERY_TEXT; i++)
		for (j = i + 1; j % 6 != 5 && j < RECOVERY_TEXT; j++) {
			if (CODE[i] == CODE[j] || i % 6 == 5)
				continue;
			text[i] = CODE[j];
			text[j] = CODE[i];
			bad_at(text, i);
			text[i] = CODE[i];
			text[j] = CODE[j];
		}
}
END_TEST

START_TEST(each_group_has_its_place)
{
	char text[] = CODE;
	size_t i, j;

	for (i = 0; i < RECOVERY_GROUPS; i++)
		for (j = i + 1; j < RECOVERY_GROUPS; j++) {
			memcpy(text + i * 6, &CODE[j * 6], 5);
			memcpy(text + j * 6, &CODE[i * 6], 5);
			bad_at(text, i * 6);
			memcpy(text, CODE, sizeof(text));
		}
}
END_TEST

START_TEST(too_short_and_too_long)
{
	char text[] = CODE;
	size_t i;

	bad(CODE "-0", "more than 8 groups");
	bad(CODE CODE, "more than 8 groups");
	for (i = RECOVERY_TEXT - 1; i > 0; i--) {
		text[i] = '\0';
		bad(text, "ends in group");
	}
	bad("", "ends in group 1");
}
END_TEST

Suite *
recovery_suite(void)
{
	Suite *s = suite_create("recovery");
	TCase *tc = tcase_create("recovery");

	tcase_add_test(tc, the_vector);
	tcase_add_test(tc, as_people_type);
	tcase_add_test(tc, each_wrong_character_is_known_by_its_group);
	tcase_add_test(tc, each_swap_is_known);
	tcase_add_test(tc, each_group_has_its_place);
	tcase_add_test(tc, too_short_and_too_long);
	suite_add_tcase(s, tc);
	return s;
}
