/*
 * unseal make|open FILE PAGES PAGESIZE RECORDS RECORDSIZE: makes a file of so
 * many sealed pieces of these sizes, as a vault has them behind its header;
 * or opens all of it, with XChaCha20-Poly1305 of libsodium and nothing else.
 * That is the least that who proves a vault whole can do.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "err.h"
#include "io.h"

#define PROGRAM "unseal"

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY crypto_aead_xchacha20poly1305_ietf_KEYBYTES

#define COUNT_MAX 10000000
#define PIECE_MIN (NONCE + TAG)
#define PIECE_MAX 65536
/* As much as pawl-vault verify reads at a time. */
#define BUFFER 1048576

static const unsigned char key[KEY] = { 1 };

static int
make(unsigned char *piece, size_t size)
{
	static const unsigned char plain[PIECE_MAX];

	randombytes_buf(piece, NONCE);
	return crypto_aead_xchacha20poly1305_ietf_encrypt(piece + NONCE, NULL,
	    plain, size - NONCE - TAG, NULL, 0, NULL, piece, key);
}

static int
unseal(const unsigned char *piece, size_t size)
{
	static unsigned char plain[PIECE_MAX];

	return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL,
	    piece + NONCE, size - NONCE, NULL, 0, piece, key);
}

/* The next count pieces of the file, as many at a time as the buffer has. */
static int
run(int fd, bool making, uint64_t count, size_t size, struct err *e)
{
	static unsigned char buf[BUFFER];
	size_t i, n = 0;

	for (; count > 0; count -= n) {
		n = BUFFER / size;
		if (n > count)
			n = (size_t)count;
		if (!making &&
		    read_full(fd, buf, n * size) != (ssize_t)(n * size))
			return err_set(e, ERR_IO, "the file is too short");
		for (i = 0; i < n; i++) {
			if ((making ? make(buf + i * size, size) :
				      unseal(buf + i * size, size)) != 0)
				return err_set(e, ERR_DAMAGED,
				    "a piece does not open");
		}
		if (making && write_all(fd, buf, n * size) == -1)
			return err_sys(e, ERR_IO, "write");
	}
	return 0;
}

static int
all(bool making, char **argv, struct err *e)
{
	uint64_t count[2] = { 0 }, size[2] = { 0 };
	int i, fd, rv = 0;

	for (i = 0; i < 2; i++) {
		if (parse_number(argv[1 + 2 * i], 0, COUNT_MAX, &count[i], e) ==
			-1 ||
		    parse_number(argv[2 + 2 * i], PIECE_MIN, PIECE_MAX,
			&size[i], e) == -1)
			return -1;
	}
	fd = open(argv[0],
	    O_CLOEXEC | (making ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY),
	    0600);
	if (fd == -1)
		return err_sys(e, ERR_IO, "%s", argv[0]);
	for (i = 0; i < 2 && rv == 0; i++)
		rv = run(fd, making, count[i], (size_t)size[i], e);
	if (close(fd) == -1 && rv == 0)
		rv = err_sys(e, ERR_IO, "%s", argv[0]);
	return rv;
}

int
main(int argc, char **argv)
{
	struct err e = { ERR_NONE, "" };
	bool making = argc > 1 && strcmp(argv[1], "make") == 0;
	int rv = -1;

	if (argc != 7 || (!making && strcmp(argv[1], "open") != 0))
		(void)err_set(&e, ERR_USAGE,
		    "usage: unseal make|open FILE PAGES PAGESIZE RECORDS "
		    "RECORDSIZE");
	else if (sodium_init() == -1)
		(void)err_set(&e, ERR_IO, "libsodium does not initialise");
	else
		rv = all(making, argv + 2, &e);
	return rv == 0 ? 0 : err_print(PROGRAM, &e);
}
