#include "method.h"

/* A site's own program; see pawl-rotate-exec(5). */
const struct method method_exec = {
	.name = "exec",
	.reserved = "",
	.runs = true,
};
