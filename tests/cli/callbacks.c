/*
 * Preloaded into pawl-rotate-net: counts what it and libcurl ask for, in the
 * file SPY, which is 3 numbers: options of libcurl that were set; those of them
 * that show what is sent; callbacks of OpenSSL that do, or tell keys.
 */
#include <sys/mman.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>

#undef curl_easy_setopt

/* The library's own constructor; main() closes every file, not a mapping. */
static unsigned int *counts;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("SPY");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT, 0600);

	if (fd == -1 || ftruncate(fd, 3 * sizeof(*counts)) == -1)
		_exit(99);
	counts = mmap(NULL, 3 * sizeof(*counts), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED)
		_exit(99);
}

CURLcode
curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	CURLcode (*set)(CURL *, CURLoption, ...) = NULL;
	va_list args;
	void *value;

	*(void **)&set = dlsym(RTLD_NEXT, "curl_easy_setopt");
	counts[0]++;
	if (option == CURLOPT_VERBOSE || option == CURLOPT_DEBUGFUNCTION ||
	    option == CURLOPT_DEBUGDATA || option == CURLOPT_STDERR)
		counts[1]++;
	/* A number is passed as a pointer is. */
	va_start(args, option);
	value = va_arg(args, void *);
	va_end(args);
	return set(easy, option, value);
}

void
SSL_CTX_set_keylog_callback(SSL_CTX *c, SSL_CTX_keylog_cb_func f)
{
	(void)c;
	counts[2] += f != NULL;
}

void
SSL_CTX_set_info_callback(SSL_CTX *c, void (*f)(const SSL *, int, int))
{
	(void)c;
	counts[2] += f != NULL;
}

void
SSL_set_info_callback(SSL *s, void (*f)(const SSL *, int, int))
{
	(void)s;
	counts[2] += f != NULL;
}

void
SSL_CTX_set_msg_callback(SSL_CTX *c,
    void (*f)(int, int, int, const void *, size_t, SSL *, void *))
{
	(void)c;
	counts[2] += f != NULL;
}

void
SSL_set_msg_callback(SSL *s,
    void (*f)(int, int, int, const void *, size_t, SSL *, void *))
{
	(void)s;
	counts[2] += f != NULL;
}
