/* --help: all options in short, or one topic in full. */
#include "options_table.h"
#include "terminal.h"
#include "words.h"
#include <string.h>
#include <unistd.h>

static const char indent[] = "      ";

/* Prints a paragraph in lines that fit the terminal. */
static void print_wrapped(const char *text, const char *before)
{
	enum { READABLE = 100, NARROWEST = 20 };
	int columns = terminal_columns(STDOUT_FILENO) - 1, used = 0;
	int width = columns <= 0 || columns > READABLE ? READABLE : columns < NARROWEST ? NARROWEST : columns;
	while (*text) {
		int length = (int)strcspn(text, " \n");
		bool fits = used && used + 1 + length <= width;
		if (used && !fits)
			printf("\n");
		used = printf("%s%.*s", fits ? " " : before, length, text) + (fits ? used : 0);
		text += length;
		text += strspn(text, " \n");
	}
	printf("\n");
}

void write_help(const Spec *spec, char *out, size_t size)
{
	char sets[100];
	const char *mark = strstr(spec->help, "%s");
	list_sets(sets, sizeof sets, ", ");
	if (mark)
		snprintf(out, size, "%.*s%s%s", (int)(mark - spec->help), spec->help, sets, mark + 2);
	else
		snprintf(out, size, "%s", spec->help);
}

static void print_spec(const Spec *spec)
{
	enum { COLUMN = 23 };
	char help[400];
	write_help(spec, help, sizeof help);
	int width = printf("  ");
	if (spec->letters)
		width += printf("-%c%s", spec->letters[0], spec->name ? ", " : "");
	width += printf("%s%s%s%s", spec->name ? "--" : "", spec->name ? spec->name : "", spec->value ? " " : "",
		spec->value ? spec->value : "");
	for (const char *line = help; *line;) {
		int length = (int)strcspn(line, "\n");
		printf("%*s%.*s", width < COLUMN ? COLUMN - width : 1, "", length, line);
		line += length + (line[length] == '\n');
		width = *line ? printf("\n") - 1 : 0;
	}
	printf("\n");
}

static void print_all(void)
{
	printf("bnc compiles neural networks: it differentiates and fuses them, and trains them at once.\n\n"
		"  bnc [options] FILE.net ...\n"
		"  bnc [options] FILE.safetensors ...           (saved by bnc, with the network in it)\n"
		"  bnc [options] -e 'linear 2 64; batchnorm; relu; linear 64 2'\n");
	for (int i = 0; i < options_count(); i++)
		if (options_table[i].kind == TITLE)
			printf("\n%s\n", options_table[i].name);
		else if (!options_table[i].hidden)
			print_spec(&options_table[i]);
	printf("\nbnc --help WHAT explains an option, a layer, a setting, a data set, or one of:\n");
	char list[400] = "";
	for (const Topic *topic = topics; topic->name; topic++)
		strcat(strcat(list, *list ? ", " : ""), topic->name);
	print_wrapped(list, "  ");
	printf("\n");
	for (const Topic *topic = topics; topic->name; topic++)
		if (strcmp(topic->name, "status") == 0) {
			printf("%s\n", topic->title);
			print_wrapped(topic->text, "  ");
		}
}

/* ---- one thing */

static bool is_same(const char *a, const char *b)
{
	return same_word(a, (int)strlen(a), b, (int)strlen(b));
}

static bool explain_option(const char *word)
{
	bool found = false;
	for (int i = 0; i < options_count(); i++) {
		const Spec *spec = &options_table[i];
		bool letter = spec->letters && !word[1] && strchr(spec->letters, word[0]);
		if (spec->kind == TITLE || spec->hidden || !(letter || (spec->name && is_same(spec->name, word))))
			continue;
		print_spec(spec);
		if (spec->more)
			print_wrapped(spec->more, indent);
		found = true;
	}
	return found;
}

static bool is_listed(const char *list, const char *word)
{
	while (list && *list) {
		int length = (int)strcspn(list, " ");
		if (same_word(list, length, word, (int)strlen(word)))
			return true;
		list += length + (list[length] == ' ');
	}
	return false;
}

static bool explain_topic(const char *word)
{
	bool found = false;
	for (const Topic *topic = topics; topic->name; topic++) {
		if (!is_same(topic->name, word) && !is_listed(topic->also, word))
			continue;
		if (topic->text)
			print_wrapped(topic->text, "");
		if (topic->list)
			topic->list(stdout);
		found = true;
	}
	return found;
}

/* Explains the word if a layer, what a setting names, a setting or a data set has that name. */
static bool explain_name(const char *word)
{
	bool found = false;
	for (LayerKind kind = KIND_LAYER; kind <= LAST_KIND; kind++)
		found |= layer_print(kind, word, stdout);
	found |= setting_print(word, stdout);
	found |= data_print(word, stdout);
	return found || statement_print(word, stdout);
}

/* Explains the word if it is an argument of a layer, or of what a setting names, or a parameter of data sets. */
static bool explain_argument(const char *word)
{
	bool found = false;
	for (int i = 0; layers[i]; i++)
		for (const ArgumentSpec *a = layers[i]->arguments; a->name; a++)
			if (is_same(a->name, word))
				found |= layer_print(layers[i]->kind, layers[i]->name, stdout);
	found |= layer_print_common(word, stdout);
	return found | data_print_parameter(word, stdout);
}

/* Explains the word if it is a value of an option: a stage of --dump, a kernel set of --isa. */
static bool explain_choice(const char *word)
{
	for (int i = 0; kernel_sets[i]; i++)
		if (is_same(kernel_sets[i]->name, word))
			return explain_option("isa");
	bool found = false;
	for (int i = 0; i < options_count(); i++)
		for (const char *const *choice = options_table[i].choices; choice && *choice && !options_table[i].hidden;
			choice++)
			if (is_same(*choice, word))
				found |= explain_option(options_table[i].name);
	return found;
}

static int list_known(const char *names[], int capacity)
{
	int count = option_names(names);
	for (const Topic *topic = topics; topic->name && count < capacity; topic++)
		names[count++] = topic->name;
	for (LayerKind kind = KIND_LAYER; kind <= LAST_KIND; kind++)
		count += layer_names(kind, names + count, capacity - count);
	count += setting_names(names + count);
	count += statement_names(names + count);
	return count + data_names(names + count, capacity - count);
}

bool print_help(const char *topic, Failure *failure)
{
	enum { MOST = 400 };
	if (!topic) {
		print_all();
		return true;
	}
	const char *names[MOST], *begin = topic + strspn(topic, "-");
	char word[64];
	int length = (int)strcspn(begin, "=");
	snprintf(word, sizeof word, "%.*s", length, begin);
	bool found = *word && explain_option(word);
	if (topic == begin) {
		found |= explain_topic(word);
		found |= explain_name(word);
		found = found || explain_argument(word) || explain_choice(word);
	}
	if (found)
		return true;
	const char *near = length < (int)sizeof word ? nearest_name(word, names, list_known(names, MOST)) : 0;
	if (near)
		return fail(failure, "there is no help on `%.100s`: did you mean bnc --help %s?", topic, near);
	return fail(failure, "there is no help on `%.100s`: bnc --help lists the options and topics", topic);
}
