#include <string.h>

#include "sha1.h"

static uint32_t
rotate_left(uint32_t x, unsigned int n)
{
	return x << n | x >> (32 - n);
}

/* FIPS 180-4, 6.1.2: one block. */
static void
compress(struct sha1 *s)
{
	uint32_t a = s->h[0], b = s->h[1], c = s->h[2], d = s->h[3];
	uint32_t e = s->h[4], f, k, t, *w = s->w;
	const unsigned char *p = s->block;
	unsigned int i;

	for (i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		    (uint32_t)p[2] << 8 | p[3];
	for (; i < 80; i++)
		w[i] =
		    rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (i = 0; i < 80; i++) {
		if (i < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (i >= 40 && i < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = i < 40 ? 0x6ed9eba1 : 0xca62c1d6;
		}
		t = rotate_left(a, 5) + f + e + k + w[i];
		e = d;
		d = c;
		c = rotate_left(b, 30);
		b = a;
		a = t;
	}
	s->h[0] += a;
	s->h[1] += b;
	s->h[2] += c;
	s->h[3] += d;
	s->h[4] += e;
}

void
sha1_init(struct sha1 *s)
{
	static const uint32_t start[5] = { 0x67452301, 0xefcdab89, 0x98badcfe,
		0x10325476, 0xc3d2e1f0 };

	memset(s, 0, sizeof(*s));
	memcpy(s->h, start, sizeof(start));
}

void
sha1_update(struct sha1 *s, const unsigned char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		s->block[s->len++ % SHA1_BLOCK] = p[i];
		if (s->len % SHA1_BLOCK == 0)
			compress(s);
	}
}

void
sha1_final(struct sha1 *s, unsigned char out[static SHA1_BYTES])
{
	static const unsigned char one = 0x80, zero = 0;
	const uint64_t bits = s->len * 8;
	unsigned char length[8];
	unsigned int i;

	for (i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha1_update(s, &one, 1);
	while (s->len % SHA1_BLOCK != SHA1_BLOCK - sizeof(length))
		sha1_update(s, &zero, 1);
	sha1_update(s, length, sizeof(length));
	for (i = 0; i < SHA1_BYTES; i++)
		out[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}
