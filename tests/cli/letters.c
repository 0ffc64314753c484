/*
 * Preloaded before libsodium: passwords are drawn of four letters only, Q, Z, k
 * and 7, wherever a policy allows them, so that memscan.py knows any part of
 * any of them, also of those that nobody gets to see.
 */
#include <stdint.h>

#include <sodium.h>

/* An alphabet begins with A-Z; a-z and 0-9 follow, or 0-9 alone. */
#define CAPITALS 26
#define LETTERS 52

uint32_t
randombytes_uniform(uint32_t bound)
{
	uint32_t n = 0, some[4] = { 0 };

	some[n++] = 'Q' - 'A';
	some[n++] = 'Z' - 'A';
	if (bound >= LETTERS)
		some[n++] = CAPITALS + 'k' - 'a';
	if (bound > LETTERS)
		some[n++] = LETTERS + '7' - '0';
	else if (bound < LETTERS && bound > CAPITALS)
		some[n++] = CAPITALS + '7' - '0';
	n = some[randombytes_random() % n];
	return n < bound ? n : randombytes_random() % bound;
}
