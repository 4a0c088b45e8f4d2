/* options_plot.c: --plot WHAT:FILE, either of which may be left out. */
#include "options_table.h"
#include <string.h>
#include <unistd.h>

const char *const plot_names[PLOT_KINDS] = {
	[PLOT_CURVES] = "curves", [PLOT_BOUNDARY] = "boundary", [PLOT_CONFUSION] = "confusion",
};

/* A kind before a colon, or without a file; PLOT_KINDS: it is none. A name with a dot or a slash is that of a file. */
static int plot_kind(const char *word, size_t length)
{
	int kind = 0;
	while (kind < PLOT_KINDS && (strlen(plot_names[kind]) != length || strncmp(plot_names[kind], word, length) != 0))
		kind++;
	return kind;
}

static bool unknown_plot(const char *text, size_t length, Failure *failure)
{
	char list[100], word[40];
	snprintf(word, sizeof word, "%.*s", (int)(length < 39 ? length : 39), text);
	join_choices(list, sizeof list, plot_names, PLOT_KINDS);
	const char *near = nearest_name(word, plot_names, PLOT_KINDS);
	if (near)
		return fail(failure, "--plot draws %s, found `%.100s`: did you mean %s?", list, text, near);
	return fail(failure, "--plot draws %s, found `%.100s`: write --plot WHAT:FILE.png, or FILE.png alone for curves",
		list, text);
}

bool read_plot(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	const size_t length = text ? strcspn(text, ":./") : 0;
	const bool named = text && (text[length] == ':' || !text[length]);
	const int kind = named ? plot_kind(text, length) : PLOT_CURVES;
	(void)given;
	if (kind == PLOT_KINDS)
		return unknown_plot(text, length, failure);
	PlotOption *plot = &options->plots[kind];
	if (plot->given)
		return fail(failure, "--plot is given twice for %s: give it once", plot_names[kind]);
	*plot = (PlotOption){true, !named ? text : text[length] ? text + length + 1 : 0};
	return true;
}

static bool ends_in(const char *word, const char *const *suffixes)
{
	const size_t length = strlen(word);
	for (; *suffixes; suffixes++)
		if (length > strlen(*suffixes) && strcmp(word + length - strlen(*suffixes), *suffixes) == 0)
			return true;
	return false;
}

bool is_plot(const char *word)
{
	static const char *const pictures[] = {".png", ".svg", ".pdf", ".gp", 0};
	static const char *const networks[] = {".net", ".safetensors", ".st", ".ck", ".jsonl", 0};
	if (*word == '-')
		return false;
	return ends_in(word, pictures) || plot_kind(word, strcspn(word, ":")) < PLOT_KINDS
		|| (!ends_in(word, networks) && access(word, F_OK) != 0);
}
