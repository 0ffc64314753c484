/*
 * Code pages of z/OS: IBM-1047, which its UNIX programs use, and IBM-037; one
 * table, which is that of iconv(1).  Pure.
 *
 * z/OS UNIX ends its lines in NEL (x'15'), which the table has as x'85', and
 * its conversions therefore exchange NEL and LF (x'25'): codepage_encode() and
 * codepage_decode() do the same.
 */
#ifndef CODEPAGE_H
#define CODEPAGE_H

#include "bytes.h"
#include "err.h"

/* Ends of lines in IBM-1047 and IBM-037. */
#define CODEPAGE_NEL 0x15
#define CODEPAGE_LF 0x25

/* What pawl-askpass is asked and answers in. */
enum codepage {
	/* Bytes as they are: ASCII, UTF-8. */
	CODEPAGE_ASCII,
	CODEPAGE_IBM1047
};

/* One character of IBM-1047 in ISO 8859-1, and back; bijections. */
unsigned char codepage_from_ibm1047(unsigned char c);
unsigned char codepage_to_ibm1047(unsigned char c);
/* One of IBM-037 in ISO 8859-1. */
unsigned char codepage_from_ibm037(unsigned char c);

/*
 * One byte to, and from, what a program of z/OS reads and writes; '\n' is NEL.
 * With CODEPAGE_ASCII the same byte.
 */
unsigned char codepage_encode(enum codepage page, unsigned char c);
unsigned char codepage_decode(enum codepage page, unsigned char c);

/*
 * Whether a secret comes back from this code page as it went: with IBM-1047
 * all bytes do but those of NEL and LF (x'85' and x'0a'), which end the line,
 * or are exchanged on the way.  ERR_USAGE.
 */
int codepage_check(enum codepage page, struct slice secret,
    struct err *e) MUST_CHECK;

/*
 * Turns a prompt into ASCII, in place.  All letters and digits of IBM-1047 are
 * bytes above x'80', so a text that has none is ASCII already, and stays.
 */
void codepage_prompt(enum codepage page, char *text);

#endif
