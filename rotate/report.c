#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "report.h"

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<title>Password rotation</title>\n"
    "<style>\n";

static const char colors[] =
    ":root { color-scheme: light dark; --paper: #fff; --ink: #1c2126;\n"
    "  --soft: #5b6570; --line: #d9dee3; --track: #e8ecef;\n"
    "  --bad: #b3261e; --warn: #8a5a00; --good: #1d6f42; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --paper: #15181b; --ink: #e6e9ec; --soft: #9aa4ae;\n"
    "    --line: #31373d; --track: #2a3036;\n"
    "    --bad: #ff8a80; --warn: #f2bd5c; --good: #7fd1a0; } }\n"
    "@media print {\n"
    "  :root { color-scheme: light; --paper: #fff; --ink: #000;\n"
    "    --soft: #444; --line: #bbb; --track: #ddd; --bad: #a00000;\n"
    "    --warn: #704800; --good: #0a5a30; }\n"
    "  body { max-width: none; padding: 0; font-size: 9pt; }\n"
    "  tr { break-inside: avoid; } thead { display: table-header-group; }\n"
    "  code { white-space: normal; } .bar, .bar i { print-color-adjust: exact;\n"
    "    -webkit-print-color-adjust: exact; } }\n";

static const char layout[] =
    "body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink);\n"
    "  background: var(--paper); max-width: 72rem; margin: 0 auto;\n"
    "  padding: 1.5rem; }\n"
    "h1 { font-size: 1.5rem; margin: 0; }\n"
    "h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }\n"
    "p { margin: .3rem 0; } .soft { color: var(--soft); }\n"
    ".sums { display: flex; flex-wrap: wrap; gap: .5rem 2rem;\n"
    "  padding: 0; margin: 1rem 0; list-style: none; }\n"
    ".sums b { font-size: 1.4rem; margin-right: .3rem; }\n"
    ".wide { overflow-x: auto; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "th, td { text-align: left; vertical-align: top;\n"
    "  padding: .4rem .8rem .4rem 0;\n"
    "  border-bottom: 1px solid var(--line); }\n"
    "th { font-weight: 600; color: var(--soft); white-space: nowrap; }\n"
    "td.name { overflow-wrap: anywhere; min-width: 8rem; }\n"
    "td.where { overflow-wrap: anywhere; min-width: 12rem; }\n"
    "code { font-size: .9em; white-space: nowrap; }\n"
    "td.note { overflow-wrap: anywhere; min-width: 14rem; }\n"
    "td.when { white-space: nowrap; }\n"
    ".bar { display: block; width: 8rem; height: .55rem;\n"
    "  background: var(--track); border-radius: .3rem;\n"
    "  margin: .3rem 0 .1rem; overflow: hidden; }\n"
    ".bar i { display: block; height: 100%; background: var(--good); }\n"
    ".bad { color: var(--bad); } .warn { color: var(--warn); }\n"
    ".good { color: var(--good); } .state { font-weight: 600; }\n"
    "tr.is-bad .bar i { background: var(--bad); }\n"
    "tr.is-warn .bar i { background: var(--warn); }\n"
    "</style>\n"
    "</head>\n"
    "<body>\n";

/* How bad it is: the class of its row. */
static const char *
class_of(const struct status_row *row, enum status_word word)
{
	switch (word) {
	case STATUS_ATTENTION:
	case STATUS_MISCONFIGURED:
	case STATUS_OVERDUE:
		return "bad";
	case STATUS_SENT:
	case STATUS_PENDING:
	case STATUS_UNSETTLED:
	case STATUS_DUE:
		return "warn";
	case STATUS_OK:
		break;
	}
	return status_failed(row) ? "warn" : "good";
}

/* What is to be done about it, as HTML; NULL if it is nothing. */
static const char *
what_to_do(const struct status_row *row, enum status_word word)
{
	if (status_failed(row))
		return "See why; <code>pawl-rotate --due</code> tries it "
		       "again.";
	switch (word) {
	case STATUS_ATTENTION:
		return "Have the account looked at, wait a quarter of an "
		       "hour, then run <code>pawl-rotate recover "
		       "--again</code>.";
	case STATUS_MISCONFIGURED:
		return "Mend its attributes with <code>pawl-vault "
		       "set</code>.";
	case STATUS_OVERDUE:
		return "See whether <code>pawl-rotate --due</code> is run, "
		       "and what <code>pawl-rotate check</code> says.";
	case STATUS_SENT:
	case STATUS_PENDING:
	case STATUS_UNSETTLED:
		return "Nothing, if <code>pawl-rotate --due</code> is run; "
		       "else run <code>pawl-rotate recover</code>.";
	case STATUS_DUE:
	case STATUS_OK:
		break;
	}
	return NULL;
}

static void
put_time(struct text *t, uint64_t when)
{
	time_t time = (time_t)when;
	char shown[64];
	struct tm tm;

	if (when == 0 || when > (uint64_t)253402300799 ||
	    localtime_r(&time, &tm) == NULL ||
	    strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M", &tm) == 0) {
		text_add(t, "never");
		return;
	}
	text_format(t, "<time datetime=\"%" PRIu64 "\">%s</time>", when, shown);
}

static void
put_state(struct text *t, const struct status_row *row, enum status_word word)
{
	text_format(t, "<td><span class=\"state %s\">%s</span>%s</td>",
	    class_of(row, word), status_name(word),
	    status_failed(row) ? "<br>last try failed" : "");
}

static void
put_name(struct text *t, const struct status_row *row, enum status_word word)
{
	text_format(t, "<tr class=\"is-%s\" data-entry=\"",
	    class_of(row, word));
	text_html(t, row->name);
	text_add(t, "\"><td class=\"name\">");
	text_html(t, row->name);
	text_add(t, "</td>");
}

/* What a person has to do something about. */
static void
put_trouble(struct text *t, const struct status_row *row, uint64_t now)
{
	enum status_word word = status_word(row, now);

	put_name(t, row, word);
	put_state(t, row, word);
	text_add(t, "<td class=\"note\">");
	text_html(t, row->note);
	text_add(t, "</td><td class=\"note\">");
	text_add(t, what_to_do(row, word));
	text_add(t, "</td><td class=\"when\">");
	put_time(t, row->attempted);
	text_add(t, "</td></tr>\n");
}

static void
put_age(struct text *t, const struct status_row *row)
{
	uint64_t age = row->age < row->every ? row->age : row->every;
	char shown[2][32];

	status_length(shown[0], sizeof(shown[0]), row->age);
	status_length(shown[1], sizeof(shown[1]), row->every);
	text_format(t,
	    "<td class=\"when\"><span class=\"bar\"><i style=\"width:"
	    "%" PRIu64 "%%\"></i></span>%s of %s</td>",
	    row->every == 0 ? 100 : age * 100 / row->every, shown[0], shown[1]);
}

static void
put_entry(struct text *t, const struct status_row *row, uint64_t now)
{
	enum status_word word = status_word(row, now);
	char when[48];

	put_name(t, row, word);
	text_add(t, "<td class=\"where\">");
	text_html(t, row->user);
	text_add(t, row->host[0] == '\0' ? "" : "@<wbr>");
	text_html(t, row->host);
	text_add(t, "</td>");
	if (row->broken)
		text_add(t, "<td></td><td></td><td></td>");
	else {
		put_age(t, row);
		text_add(t, "<td class=\"when\">");
		put_time(t, row->due.limit);
		text_add(t, "</td><td class=\"when\">");
		status_when(when, sizeof(when), row->due.next, now);
		text_add(t, when);
		text_add(t, "</td>");
	}
	text_add(t, "<td class=\"when\">");
	put_time(t, row->rotated);
	text_add(t, "</td>");
	put_state(t, row, word);
	text_add(t, "</tr>\n");
}

static void
put_troubles(struct text *t, const struct status_list *list)
{
	const struct status_row *row;
	size_t i, n = 0;

	text_add(t,
	    "<h2 id=\"trouble\">What failed, and what needs a person</h2>\n");
	for (i = 0; i < list->n; i++) {
		row = &list->rows[i];
		if (what_to_do(row, status_word(row, list->now)) == NULL)
			continue;
		if (n++ == 0)
			text_add(t,
			    "<div class=\"wide\"><table class=\"trouble\">"
			    "<thead><tr><th>Entry</th><th>State</th>"
			    "<th>Why</th><th>What to do</th>"
			    "<th>Last tried</th></tr></thead><tbody>\n");
		put_trouble(t, row, list->now);
	}
	text_add(t,
	    n == 0 ? "<p class=\"good\">Nothing.</p>\n" :
		     "</tbody></table></div>\n");
}

static void
put_entries(struct text *t, const struct status_list *list)
{
	size_t i;

	text_add(t,
	    "<h2 id=\"entries\">What expires when</h2>\n"
	    "<div class=\"wide\"><table class=\"entries\"><thead><tr>"
	    "<th>Entry</th><th>Account</th><th>Age</th><th>Expires</th>"
	    "<th>Rotated next</th><th>Last rotated</th><th>State</th>"
	    "</tr></thead><tbody>\n");
	for (i = 0; i < list->n; i++)
		put_entry(t, &list->rows[i], list->now);
	text_add(t, "</tbody></table></div>\n");
}

static void
put_sums(struct text *t, const struct status_list *list)
{
	size_t i, bad = 0, warn = 0;
	const char *class;

	for (i = 0; i < list->n; i++) {
		class = class_of(&list->rows[i],
		    status_word(&list->rows[i], list->now));
		bad += strcmp(class, "bad") == 0;
		warn += strcmp(class, "warn") == 0;
	}
	text_format(t,
	    "<ul class=\"sums\"><li><b>%zu</b>entries</li>"
	    "<li><b class=\"bad\">%zu</b>in trouble</li>"
	    "<li><b class=\"warn\">%zu</b>under way, due or failed</li>"
	    "<li><b class=\"good\">%zu</b>well</li></ul>\n",
	    list->n, bad, warn, list->n - bad - warn);
}

void
report_html(struct text *t, const struct status_list *list, const char *vault)
{
	text_add(t, head);
	text_add(t, colors);
	text_add(t, layout);
	text_add(t, "<h1>Password rotation</h1>\n<p class=\"soft\">");
	text_html(t, vault);
	text_add(t, ", as of ");
	put_time(t, list->now);
	text_add(t, "</p>\n");
	put_sums(t, list);
	put_troubles(t, list);
	put_entries(t, list);
	text_add(t, "</body>\n</html>\n");
}
