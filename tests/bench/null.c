/*
 * The least that a program which answers ssh could do: starts, prints a
 * password, ends.  Compiled and linked as pawl-askpass is.
 */
#include <unistd.h>

int
main(void)
{
	static const char answer[] = "OLDPASS1\n";
	const ssize_t len = sizeof(answer) - 1;

	return write(STDOUT_FILENO, answer, (size_t)len) == len ? 0 : 1;
}
