/*
 * The entries that vaults and databases are measured with: prod/site000001
 * and so on, each with a user, a host and a secret of twelve characters.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdio.h>

#define SAMPLE_MAX 1000000

struct sample {
	char name[32];
	char user[32];
	char host[32];
	char secret[32];
};

/* Entry number 1 to SAMPLE_MAX; all but the last are equally long. */
static inline void
sample(struct sample *s, unsigned int number)
{
	(void)snprintf(s->name, sizeof(s->name), "prod/site%06u", number);
	(void)snprintf(s->user, sizeof(s->user), "user%06u", number);
	(void)snprintf(s->host, sizeof(s->host), "host%02u.example.com",
	    number % 100);
	(void)snprintf(s->secret, sizeof(s->secret), "SECRET%06u",
	    number % 1000000);
}

#endif
