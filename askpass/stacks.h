/*
 * The stacks of this machine, from askpass.conf and askpass.d, and the user's
 * own where those include it; without files the compiled-in one.  See
 * pawl-askpass.conf(5).
 */
#ifndef STACKS_H
#define STACKS_H

#include "prompt.h"
#include "stack.h"

/* Each has a stack.  Prompts of no service are refused before there is one. */
enum service {
	SERVICE_SSH,
	SERVICE_GIT,
	SERVICE_SUDO,
	SERVICE_KEY,
	SERVICE_PIN,
	SERVICE_OTP
};
#define SERVICES 6

const char *service_name(enum service service);

/* The service of prompts of this kind; false for one that has none. */
bool service_of(enum prompt_kind kind, enum service *servicep);

/*
 * Reads and parses all of them, before the sandbox.  ERR_CONFIG: one of them
 * cannot be read or may not be trusted, or has a mistake.
 */
int stacks_load(struct err *e) MUST_CHECK;

/* Whether a file was found. */
bool stacks_from_file(void);

/* The stack of a service. */
const struct stack *stacks_for(enum service service);

/* Every stack that a service has, once each; NULL behind the last. */
const struct stack *stacks_at(size_t i);

/* Whether any stack has a line with this module. */
bool stacks_use(enum stack_module module);

#endif
