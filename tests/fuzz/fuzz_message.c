/*
 * Any bytes for a request and for a result: what is taken encodes to these
 * very bytes again.
 */
#include <stdlib.h>
#include <string.h>

#include "message.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static struct err e;
static struct secret *again;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (secret_init(NULL, 65536, &e) == -1 ||
	    (again = secret_new(MESSAGE_MAX, &e)) == NULL)
		abort();
	return 0;
}

static void
must_be(int rv, struct slice from)
{
	if (rv == -1 || !secret_equal(secret_slice(again), from))
		abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct slice from = { data, size };
	struct message_request request;
	struct message_result result;

	if (message_get_request(&request, from, &e) == 0)
		must_be(message_put_request(again, &request, &e), from);
	message_free_request(&request);
	if (message_get_result(&result, from, &e) == 0)
		must_be(message_put_result(again, &result, &e), from);
	return 0;
}
