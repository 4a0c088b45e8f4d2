/* The command line, its arguments ended by a 0 each: read, and what can be said of it before anything is done. */
#include "../../compiler/tool/options.h"
#include "fuzz.h"
#include "terminal.h"
#include <getopt.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BYTES = 1000 };

/* Cuts the bytes into arguments; returns how many there are. */
static int cut(char *bytes, size_t size, char **arguments)
{
	static char name[] = "bnc";
	int count = 0;
	arguments[count++] = name;
	for (char *at = bytes, *end = bytes + size; at < end; at += strlen(at) + 1)
		arguments[count++] = at;
	arguments[count] = 0;
	return count;
}

static void read_data(const char *specification)
{
	Failure failure = {.text = ""};
	double values[MAX_PARAMETERS];
	const char *colon = strchr(specification, ':');
	bool done = parameters_read(values, &blobs_set, colon ? colon + 1 : 0, &failure);
	PROMISE(done == !failure.text[0]);
}

/* Only -e: what a path names is no input of this harness. */
static void read_network(const NetworkArgument *argument, const Overrides *overrides)
{
	static const KernelSet scalar = {.name = "scalar", .lanes = 1, .number_bytes = sizeof(float)};
	Failure failure = {.text = ""};
	Compilation c = {.arena = arena_open(), .options = {.target = &scalar, .fuse = true}};
	PROMISE(source_read(&c.source, c.arena, argument, &failure));
	compile(&c, STAGE_NETWORK, overrides, &failure);
	diagnostics_print(c.diagnostics, nowhere());
	compilation_close(&c);
}

static void run(const char *bytes, size_t size)
{
	char text[MOST_BYTES + 1], *arguments[MOST_BYTES + 2];
	memcpy(text, bytes, size);
	text[size] = 0;
	Failure failure = {.text = ""};
	CommandLine options;
	optind = 0;     /* getopt begins anew */
	terminal_choose_colour(COLOUR_AUTO);
	OptionsResult result = options_read(&options, cut(text, size, arguments), arguments, &failure);
	PROMISE((result == OPTIONS_WRONG) == (failure.text[0] != 0));
	if (result == OPTIONS_RUN) {
		if (options.train)
			read_data(options.train);
		for (int i = 0; i < options.network_count; i++)
			if (options.networks[i].text)
				read_network(&options.networks[i], &options.overrides);
	}
	options_free(&options);
}

const Harness command_harness = {"command", MOST_BYTES, run};
