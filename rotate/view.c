#include <sys/ioctl.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "prometheus.h"
#include "publish.h"
#include "report.h"
#include "show.h"
#include "status.h"
#include "view.h"

#define WIDTH 80

/* Plain lines, whole, unless it is for a terminal (https://no-color.org). */
static struct show_style
style_of(const char *output)
{
	struct show_style style = { .width = WIDTH };
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	if (output != NULL || isatty(STDOUT_FILENO) != 1)
		return style;
	style.cut = true;
	style.color = (none == NULL || none[0] == '\0') && term != NULL &&
	    term[0] != '\0' && strcmp(term, "dumb") != 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		style.width = size.ws_col;
	return style;
}

static int
put(struct text *t, const struct status_list *list, const char *path,
    enum view_form form, const char *output, struct err *e)
{
	struct show_style style;

	switch (form) {
	case VIEW_LINES:
		style = style_of(output);
		show_list(t, list, &style);
		break;
	case VIEW_JSON:
		if (status_json(t, list, e) == -1)
			return -1;
		break;
	case VIEW_PROMETHEUS:
		prometheus_list(t, list);
		break;
	case VIEW_HTML:
		report_html(t, list, path);
		break;
	}
	return text_finish(t, e);
}

int
view_show(struct vault *v, const char *path, enum view_form form,
    const char *output, struct err *e)
{
	struct status_list list = { .rows = NULL };
	struct text t = { NULL, 0, 0, false };
	int rv = -1;

	if (output != NULL && strcmp(output, "-") == 0)
		output = NULL;
	if (status_collect(&list, v, (uint64_t)time(NULL), e) == -1 ||
	    put(&t, &list, path, form, output, e) == -1)
		goto out;
	if (output != NULL)
		rv = publish(output, &t, e);
	else if (write_all(STDOUT_FILENO, t.p, t.len) == -1)
		(void)err_sys(e, ERR_IO, "write the status");
	else
		rv = 0;
out:
	text_free(&t);
	status_free(&list);
	return rv;
}
