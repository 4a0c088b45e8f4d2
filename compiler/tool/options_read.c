/* Reads the command line according to the table of options. */
#include "options_table.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static bool read_number(const Spec *spec, const char *text, uint64_t *out, Failure *failure)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < spec->least || value > spec->most)
		return fail(failure, "--%s takes a whole number from %llu to %llu, found `%.100s`", spec->name,
			(unsigned long long)spec->least, (unsigned long long)spec->most, text);
	*out = value;
	return true;
}

static bool read_choice(CommandLine *options, const Spec *spec, const char *text, Failure *failure)
{
	char list[200];
	int count = 0;
	for (; spec->choices[count]; count++)
		if (strcmp(spec->choices[count], text) == 0) {
			spec->choose(options, count);
			return true;
		}
	join_choices(list, sizeof list, spec->choices, count);
	const char *near = nearest_name(text, spec->choices, count);
	if (near)
		return fail(failure, "--%s takes %s, found `%.100s`: did you mean %s?", spec->name, list, text, near);
	return fail(failure, "--%s takes %s, found `%.100s`", spec->name, list, text);
}

static bool add_network(CommandLine *options, const char *path, const char *text, Failure *failure)
{
	NetworkArgument *networks = realloc(options->networks, (size_t)(options->network_count + 1) * sizeof *networks);
	if (!networks)
		return fail(failure, "not enough memory for %d networks", options->network_count + 1);
	options->networks = networks;
	options->networks[options->network_count++] = (NetworkArgument){path, text, !text && is_weights_file(path)};
	return true;
}

static bool read_option(CommandLine *options, const Spec *spec, const char *text, bool *given, Failure *failure)
{
	void *field = (char *)options + spec->field;
	uint64_t number = 0;
	if ((spec->kind == INT || spec->kind == INT64 || spec->kind == UINT64)
		&& !read_number(spec, text, &number, failure))
		return false;
	switch (spec->kind) {
	case FLAG: *(bool *)field = true; break;
	case TEXT: *(const char **)field = text; break;
	case INT: *(int *)field = (int)number; break;
	case INT64: *(int64_t *)field = (int64_t)number; break;
	case UINT64: *(uint64_t *)field = number; break;
	case CHOICE: return read_choice(options, spec, text, failure);
	case READ: return spec->read(options, text, given, failure);
	case NETWORK: return add_network(options, "-e", text, failure);
	case TITLE:
	case ANSWER: break;
	}
	return true;
}

/* ---- unknown options */

/* Lists the options whose names begin with a word, and returns how many there are. */
static int list_beginnings(const char *word, char *out, size_t size)
{
	const char *names[MAX_OPTIONS];
	int count = option_names(names), found = 0;
	size_t used = 0;
	out[0] = 0;
	for (int i = 0; i < count; i++)
		if (strncmp(names[i], word, strlen(word)) == 0 && used < size)
			used += (size_t)snprintf(out + used, size - used, "%s--%s", found++ ? ", " : "", names[i]);
	return found;
}

static bool unknown_option(const char *text, Failure *failure)
{
	static const char *const network[] = {"model", "network", "net", "file"};
	const char *names[MAX_OPTIONS], *name = text + strspn(text, "-");
	int count = option_names(names);
	char word[64], list[400];
	snprintf(word, sizeof word, "%.*s", (int)strcspn(name, "="), name);
	bool one_letter = text[1] != '-' && !word[1], whole = strcspn(name, "=") < sizeof word;
	if (whole && text[1] == '-' && *word && list_beginnings(word, list, sizeof list) > 1)
		return fail(failure, "`%.100s` is short for several options: %s", text, list);
	for (size_t i = 0; i < sizeof network / sizeof *network; i++)
		if (strcmp(word, network[i]) == 0)
			return fail(failure, "unknown option `%.100s`: a network needs none, bnc FILE.net is enough", text);
	const char *near = one_letter || !whole ? 0 : nearest_name(word, names, count);
	if (near)
		return fail(failure, "unknown option `%.100s`: did you mean --%s?", text, near);
	return fail(failure, "unknown option `%.100s`: bnc --help lists them", text);
}

/* If somebody wrote -epochs, getopt sees -e with the text `pochs`. */
static bool is_long_name(const char *text)
{
	const char *names[MAX_OPTIONS];
	int count = option_names(names);
	for (int i = 0; i < count; i++)
		if (strcmp(text, names[i]) == 0)
			return true;
	return false;
}

/* ---- getopt's view of the table; a long option returns FIRST and its index */

enum { FIRST = 256 };

static int argument_kind(const Spec *spec)
{
	return !spec->value ? no_argument : *spec->value == '[' ? optional_argument : required_argument;
}

static void list_options(struct option *out)
{
	for (int i = 0; i < options_count(); i++) {
		const Spec *spec = &options_table[i];
		if (spec->kind != TITLE && spec->name)
			*out++ = (struct option){spec->name, argument_kind(spec), 0, FIRST + i};
	}
	*out = (struct option){0};
}

/* Writes getopt's string, such as "-:e:h": the `-` asks for arguments in their order, the `:` for a special return
 * value if a value is missing. */
static void list_letters(char *out)
{
	*out++ = '-';
	*out++ = ':';
	for (int i = 0; i < options_count(); i++)
		for (const char *letter = options_table[i].letters; letter && *letter; letter++) {
			*out++ = *letter;
			if (argument_kind(&options_table[i]) == required_argument)
				*out++ = ':';
		}
	*out = 0;
}

/* The index of the option for a value that getopt returned, or -1. */
static int find_option(int returned)
{
	if (returned >= FIRST)
		return returned - FIRST;
	for (int i = 0; i < options_count(); i++)
		if (options_table[i].letters && strchr(options_table[i].letters, returned))
			return i;
	return -1;
}

static bool read_given(CommandLine *options, int index, const char *text, bool *given, Failure *failure)
{
	const Spec *spec = &options_table[index];
	options->seed_given |= spec->kind == UINT64 && spec->field == offsetof(CommandLine, seed);
	if (given[index] && spec->kind != FLAG && !spec->repeats)
		return fail(failure, "--%s is given twice: give it once", spec->name);
	given[index] = true;
	return read_option(options, spec, text, given, failure);
}

/* ---- questions */

/* topic: the option's value, or null */
static bool answer(Question question, const char *topic, Failure *failure)
{
	switch (question) {
	case ASK_LAYERS: layer_list(stdout); break;
	case ASK_SETTINGS: setting_list(stdout); break;
	case ASK_DATA: data_list(stdout); break;
	case ASK_VERSION: printf("bnc %s\n", BNC_VERSION); break;
	case ASK_HELP: return print_help(topic, failure);
	case ASK_TEXT: return print_made(topic, failure);
	}
	return true;
}

/* Answers a question instead of running. The words after --help are topics; after other questions there may be no
 * word. */
static bool answer_all(const Spec *spec, int count, char **words, Failure *failure)
{
	bool takes_words = spec->value && *spec->value == '[', ok = true;
	if (count > 0 && !takes_words)
		return fail(failure, "--%s stands alone, found `%.100s` after it", spec->name, words[0]);
	if (optarg || count == 0)
		ok = answer(spec->question, optarg, failure);
	for (int i = 0; ok && i < count; i++)
		ok = answer(spec->question, words[i], failure);
	return ok;
}

OptionsResult options_read(CommandLine *options, int argc, char **argv, Failure *failure)
{
	struct option known[MAX_OPTIONS + 1];
	char letters[3 * MAX_OPTIONS];
	bool given[MAX_OPTIONS] = {false};
	int returned;
	*options = (CommandLine){.overrides = {.batch = -1, .epochs = -1, .lr = -1}, .dump = -1,
		.every_seconds = 60};
	list_options(known);
	list_letters(letters);
	opterr = 0;
	bool maps = false;      /* the word before is an axis of --map */
	const int plot = option_index("plot");
	for (int at = 1; (returned = getopt_long(argc, argv, letters, known, 0)) != -1; at = optind) {
		const char *word = argv[at];
		int index = find_option(returned);
		bool attached = returned < FIRST && optarg && optarg == word + 2;
		bool ok;
		if (index == plot && !optarg && optind < argc && is_plot(argv[optind]))
			optarg = argv[optind++];
		if (returned == 1 && maps && strchr(optarg, '='))
			ok = read_map_axis(options, optarg, failure);
		else if (returned == 1)
			ok = add_network(options, optarg, 0, failure);
		else if (returned == ':')
			ok = fail(failure, "%s needs a value", word);
		else if (returned == '?' || index < 0 || (attached && is_long_name(word + 1)))
			ok = unknown_option(word, failure);
		else if (options_table[index].kind == ANSWER)
			return answer_all(&options_table[index], argc - optind, argv + optind, failure) ? OPTIONS_DONE
				: OPTIONS_WRONG;
		else
			ok = read_given(options, index, optarg, given, failure);
		if (!ok)
			return OPTIONS_WRONG;
		maps = index == option_index("map") || (maps && returned == 1 && strchr(word, '='));
	}
	while (optind < argc)
		if (!add_network(options, argv[optind++], 0, failure))
			return OPTIONS_WRONG;
	if (options->network_count == 0 && options->resume && !add_network(options, options->resume, 0, failure))
		return OPTIONS_WRONG;
	options->overrides.definitions = options->sweep.definitions.items;
	options->overrides.definition_count = options->sweep.definitions.count;
	return options_check(options, given, failure) ? OPTIONS_RUN : OPTIONS_WRONG;
}

void options_free(CommandLine *options)
{
	free(options->networks);
	arena_close(options->sweep.arena);
}
