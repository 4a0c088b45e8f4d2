/* The command line: one table says of every option what it is called, takes and needs, and where its value goes. */
#include "options.h"
#include "terminal.h"
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef enum Kind {
	TITLE,                          /* of a section of --help */
	FLAG, TEXT, INT, INT64, UINT64, /* a bool, a const char *, a number from least to most */
	READ,                           /* by a function */
	ANSWER,                         /* by a function, instead of a run */
} Kind;

enum Needs {
	TRAINING = 1,                   /* --train */
	EMISSION = 2,                   /* --emit */
	A_LOG = 4,                      /* --log */
	ONE_NETWORK = 8,
	WHOLE = 16,                     /* a program that is compiled to its end */
	EARLY = 32,                     /* is not that: the compiler stops before */
};

typedef struct Spec {
	const char *name, *value, *help;
	Kind kind;
	size_t field;
	uint64_t least, most;
	bool (*read)(Options *options, const char *text, Failure *failure);
	void (*answer)(void);
	int needs;
} Spec;

/* ---- values that are no plain texts or numbers */

static bool read_rate(Options *options, const char *text, Failure *failure)
{
	char *end;
	double rate = strtod(text, &end);
	if (end == text || *end || !isfinite((float)rate) || rate < 0 || strpbrk(text, "xX"))
		return fail(failure, "--lr takes a number >= 0 that a 32-bit float can hold, found `%.100s`", text);
	options->overrides.lr = rate;
	return true;
}

static bool read_stage(Options *options, const char *text, Failure *failure)
{
	static const char *const names[] = {
		[STAGE_TOKENS] = "tokens", [STAGE_TREE] = "tree", [STAGE_NETWORK] = "network", [STAGE_STEPS] = "steps",
		[STAGE_LOOPS] = "loops", [STAGE_CALLS] = "calls", [STAGE_PLAN] = "plan", [STAGE_C] = "c",
	};
	for (Stage stage = STAGE_TOKENS; stage <= STAGE_C; stage++)
		if (strcmp(names[stage], text) == 0) {
			options->dump = (int)stage;
			return true;
		}
	return fail(failure, "--dump takes one of tokens, tree, network, steps, loops, calls, plan and c, found `%.100s`", text);
}

static bool read_lanes(Options *options, const char *text, Failure *failure)
{
	static const struct { const char *text; int lanes; } known[] = {{"1", 1}, {"4", 4}, {"8", 8}, {"16", 16}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].text, text) == 0) {
			options->emit.lanes = known[i].lanes;
			return true;
		}
	return fail(failure, "--lanes takes 1, 4, 8 or 16, found `%.100s`", text);
}

static bool read_form(Options *options, const char *text, Failure *failure)
{
	options->emit.decimal = strcmp(text, "decimal") == 0;
	return options->emit.decimal || strcmp(text, "hex") == 0 || fail(failure, "--weights-as takes hex or decimal, found `%.100s`", text);
}

/* At once, so that what is wrong with the options after it is said in these colours. */
static bool read_colour(Options *options, const char *text, Failure *failure)
{
	static const char *const names[] = {[COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never"};
	(void)options;
	for (Colour colour = COLOUR_AUTO; colour <= COLOUR_NEVER; colour++)
		if (strcmp(names[colour], text) == 0) {
			terminal_choose_colour(colour);
			return true;
		}
	return fail(failure, "--color takes auto, always or never, found `%.100s`", text);
}

/* "avx512, avx2, ..." */
static void list_sets(char *out, size_t size)
{
	size_t used = 0;
	out[0] = 0;
	for (int i = 0; kernel_sets[i] && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", kernel_sets[i]->name);
}

static bool read_isa(Options *options, const char *text, Failure *failure)
{
	char names[100];
	list_sets(names, sizeof names);
	options->isa = text;
	const KernelSet *set = kernel_set(text);
	if (!set)
		return fail(failure, "--isa takes one of %s, found `%.100s`", names, text);
	return set->usable() || fail(failure, "--isa %s: this processor does not have it", text);
}

static void list_layers(void) { layer_list(stdout); }
static void list_data(void) { data_list(stdout); }
static void print_version(void) { printf("bnc %s\n", BNC_VERSION); }
static void print_help(void);

/* ---- the table, in the order of --help */

#define FIELD(name) .field = offsetof(Options, name)
#define RANGE(low, high) .least = low, .most = high

static const Spec specs[] = {
	{"Run", .kind = TITLE},
	{"train", "DATA", "train; several networks train side by side on the same batches\n"
		"DATA: moons, moons:n=1000,noise=0.1,seed=42, ... or a file.npz with X and y", TEXT, FIELD(train), .needs = WHOLE},
	{"epochs", "N", "times through the data", INT, FIELD(overrides.epochs), RANGE(0, INT32_MAX)},
	{"steps", "N", "stop after N optimizer steps, starting further epochs as needed", INT64, FIELD(steps), RANGE(1, INT64_MAX / 1024),
		.needs = TRAINING},
	{"batch", "N", "rows of a step", INT, FIELD(overrides.batch), RANGE(1, MAX_BATCH)},
	{"lr", "X", "learning rate", READ, .read = read_rate},
	{"seed", "N", "of initial weights and batch order (default 0)", UINT64, FIELD(seed), RANGE(0, UINT64_MAX)},
	{"no-shuffle", 0, "take the rows in their order", FLAG, FIELD(no_shuffle), .needs = TRAINING},
	{"weights", "FILE", "start from these weights (safetensors, PyTorch's names)", TEXT, FIELD(weights), .needs = ONE_NETWORK | WHOLE},
	{"save", "FILE", "write the weights", TEXT, FIELD(save), .needs = ONE_NETWORK | WHOLE},
	{"log", "FILE", "JSON Lines: one object an epoch; with --log-steps one a step, too", TEXT, FIELD(log), .needs = TRAINING},
	{"log-steps", 0, "", FLAG, FIELD(log_steps), .needs = A_LOG},
	{"quiet", 0, "neither a line per epoch nor a progress bar", FLAG, FIELD(quiet)},

	{"Hand over", .kind = TITLE},
	{"emit", "FILE.c", "the network and its training as C that needs nothing else, with FILE.h", TEXT, FIELD(emit.path),
		.needs = ONE_NETWORK | WHOLE},
	{"inference", 0, "without training: BatchNorm folded away, the weights constant", FLAG, FIELD(emit.inference), .needs = EMISSION},
	{"single-header", 0, "all in one FILE.h", FLAG, FIELD(emit.single_header), .needs = EMISSION},
	{"emit-test", "FILE.c", "a program that tests it, on the target too", TEXT, FIELD(emit.test_path), .needs = EMISSION},
	{"lanes", "N", "1: any C99 compiler; 4, 8, 16: vectors of gcc and clang (default 1)", READ, .read = read_lanes, .needs = EMISSION},
	{"max-batch", "N", "rows that it takes at once (default: the batch)", INT, FIELD(emit.max_batch), RANGE(1, MAX_BATCH), .needs = EMISSION},
	{"prefix", "NAME", "of all its names (default: the network's name)", TEXT, FIELD(emit.prefix), .needs = EMISSION},
	{"weights-as", "FORM", "hex or decimal; both are exact", READ, .read = read_form, .needs = EMISSION},
	{"ram", "BYTES", "say no when more memory would be needed; without --emit, by this machine's program", UINT64, FIELD(emit.ram),
		RANGE(1, INT64_MAX)},

	{"Look", .kind = TITLE},
	{"summary", 0, "shapes, parameters, FLOPs, memory", FLAG, FIELD(summary), .needs = WHOLE},
	{"explain", 0, "which steps share a loop, and why their neighbours do not", FLAG, FIELD(explain), .needs = WHOLE},
	{"dump", "STAGE", "tokens, tree, network, steps, loops, calls, plan or c", READ, .read = read_stage, .needs = EARLY},
	{"check", 0, "report mistakes only", FLAG, FIELD(check), .needs = EARLY},
	{"isa", "NAME", "kernel set: %s", READ, .read = read_isa},
	{"threads", "N", "share the panels of large loops among N threads (default: the cores, where it pays)", INT, FIELD(threads),
		RANGE(1, MAX_THREADS)},
	{"profile", 0, "time, FLOPs, bytes and share of peak of every loop, after training", FLAG, FIELD(profile), .needs = TRAINING | ONE_NETWORK},
	{"recompute", 0, "less memory: make activations again for backward where that is cheap", FLAG, FIELD(recompute)},
	{"no-fuse", 0, "every step in a loop of its own", FLAG, FIELD(no_fuse)},
	{"color", "WHEN", "of messages: auto, always or never (default auto: on a terminal, unless NO_COLOR is set)", READ, .read = read_colour},
	{"list-layers", 0, "layers, losses and optimizers with their arguments", ANSWER, .answer = list_layers},
	{"list-data", 0, "built-in data sets with their arguments", ANSWER, .answer = list_data},
	{"version", 0, "", ANSWER, .answer = print_version},
	{"help", 0, "", ANSWER, .answer = print_help},
};
enum { SPECS = sizeof specs / sizeof *specs };

static void print_spec(const Spec *spec)
{
	enum { COLUMN = 23 };
	char sets[100];
	list_sets(sets, sizeof sets);
	int width = printf("  --%s%s%s", spec->name, spec->value ? " " : "", spec->value ? spec->value : "");
	for (const char *line = spec->help; *line;) {
		size_t length = strcspn(line, "\n");
		printf("%*s", width < COLUMN ? COLUMN - width : 1, "");
		if (spec->read == read_isa)
			printf(spec->help, sets);
		else
			printf("%.*s", (int)length, line);
		line += length + (line[length] == '\n');
		width = *line ? printf("\n") - 1 : 0;
	}
	printf("\n");
}

static void print_help(void)
{
	printf("bnc compiles neural networks: it differentiates and fuses them, and trains them at once.\n\n"
		"  bnc [options] FILE.net ...\n"
		"  bnc [options] -e 'linear 2 64; batchnorm; relu; linear 64 2'\n");
	for (int i = 0; i < SPECS; i++)
		if (specs[i].kind == TITLE)
			printf("\n%s\n", specs[i].name);
		else
			print_spec(&specs[i]);
	printf("\nExit status: 0 done, 1 the network is wrong, 2 the command line is wrong, 3 data or files are wrong or the loss is not\n"
		"finite, 4 a fault of bnc, 128 + N stopped by signal N after a step, with all files written.\n");
}

/* ---- reading */

static bool read_number(const Spec *spec, const char *text, uint64_t *out, Failure *failure)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < spec->least || value > spec->most)
		return fail(failure, "--%s takes a whole number from %llu to %llu, found `%.100s`", spec->name, (unsigned long long)spec->least,
			(unsigned long long)spec->most, text);
	*out = value;
	return true;
}

static bool read_option(Options *options, const Spec *spec, const char *text, Failure *failure)
{
	void *field = (char *)options + spec->field;
	uint64_t number = 0;
	if ((spec->kind == INT || spec->kind == INT64 || spec->kind == UINT64) && !read_number(spec, text, &number, failure))
		return false;
	switch (spec->kind) {
	case FLAG: *(bool *)field = true; break;
	case TEXT: *(const char **)field = text; break;
	case INT: *(int *)field = (int)number; break;
	case INT64: *(int64_t *)field = (int64_t)number; break;
	case UINT64: *(uint64_t *)field = number; break;
	case READ: return spec->read(options, text, failure);
	case TITLE:
	case ANSWER: break;
	}
	return true;
}

static bool add_network(Options *options, const char *path, const char *text, Failure *failure)
{
	NetworkArgument *networks = realloc(options->networks, (size_t)(options->network_count + 1) * sizeof *networks);
	if (!networks)
		return fail(failure, "not enough memory for %d networks", options->network_count + 1);
	options->networks = networks;
	options->networks[options->network_count++] = (NetworkArgument){path, text};
	return true;
}

static bool unknown_option(const char *text, Failure *failure)
{
	const char *names[SPECS];
	int count = 0;
	if (optopt)
		return fail(failure, "unknown option `-%c`: bnc --help lists them", optopt);
	for (int i = 0; i < SPECS; i++)
		if (specs[i].kind != TITLE)
			names[count++] = specs[i].name;
	char word[64];
	snprintf(word, sizeof word, "%.*s", (int)strcspn(text + strspn(text, "-"), "="), text + strspn(text, "-"));
	const char *near = nearest_name(word, names, count);
	if (near)
		return fail(failure, "unknown option `%.100s`: did you mean --%s?", text, near);
	return fail(failure, "unknown option `%.100s`: bnc --help lists them", text);
}

/* ---- what goes with what */

static bool check_needs(const Options *options, const bool *given, Failure *failure)
{
	const char *early = 0;
	for (int i = 0; i < SPECS; i++) {
		const char *name = specs[i].name;
		int needs = given[i] ? specs[i].needs : 0;
		if (needs & EARLY && early)
			return fail(failure, "--%s and --%s do not go together: give one of them", early, name);
		if (needs & EARLY)
			early = name;
		if (needs & TRAINING && !options->train)
			return fail(failure, "--%s needs --train DATA", name);
		if (needs & EMISSION && !options->emit.path)
			return fail(failure, "--%s needs --emit FILE.c", name);
		if (needs & A_LOG && !options->log)
			return fail(failure, "--%s needs --log FILE", name);
		if (needs & ONE_NETWORK && options->network_count > 1)
			return fail(failure, "--%s is for one network, but %d are given", name, options->network_count);
	}
	for (int i = 0; early && i < SPECS; i++)
		if (given[i] && specs[i].needs & WHOLE)
			return fail(failure, "--%s stops before there is anything for --%s: give one of them", early, specs[i].name);
	return true;
}

/* Whether both name one regular file, which need not be there yet. */
static bool same_file(const char *a, const char *b)
{
	struct stat one, other;
	bool there = stat(a, &one) == 0;
	if (there != (stat(b, &other) == 0))
		return false;
	if (there)
		return S_ISREG(one.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
	const char *slash_a = strrchr(a, '/'), *slash_b = strrchr(b, '/');
	if (strcmp(slash_a ? slash_a + 1 : a, slash_b ? slash_b + 1 : b) != 0)
		return false;
	char folder_a[PATH_MAX], folder_b[PATH_MAX];
	snprintf(folder_a, sizeof folder_a, "%.*s", slash_a ? (int)(slash_a - a) + 1 : 1, slash_a ? a : ".");
	snprintf(folder_b, sizeof folder_b, "%.*s", slash_b ? (int)(slash_b - b) + 1 : 1, slash_b ? b : ".");
	return stat(folder_a, &one) == 0 && stat(folder_b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* No file is written twice, nor over a network or the data; --save may replace what --weights read. */
static bool check_paths(const Options *options, Failure *failure)
{
	char header[PATH_MAX] = "";
	if (options->emit.path)
		snprintf(header, sizeof header, "%.*s.h", (int)strlen(options->emit.path) - 2, options->emit.path);
	const struct { const char *option, *path; } outputs[] = {
		{"--save", options->save}, {"--log", options->log}, {"--emit", options->emit.path}, {"--emit-test", options->emit.test_path},
		{"the header of --emit", options->emit.single_header || !*header ? 0 : header},
	};
	enum { OUTPUTS = sizeof outputs / sizeof *outputs };
	for (int i = 0; i < OUTPUTS; i++) {
		const char *path = outputs[i].path;
		for (int k = 0; path && k < i; k++)
			if (outputs[k].path && same_file(outputs[k].path, path))
				return fail(failure, "%s and %s would both write %s: give each a file of its own", outputs[k].option, outputs[i].option, path);
		for (int k = 0; path && k < options->network_count; k++)
			if (!options->networks[k].text && same_file(options->networks[k].path, path))
				return fail(failure, "%s would write over the network %s: give another file", outputs[i].option, path);
		if (path && options->train && same_file(options->train, path))
			return fail(failure, "%s would write over the data %s: give another file", outputs[i].option, path);
	}
	return true;
}

static bool check_together(const Options *options, const bool *given, Failure *failure)
{
	if (options->network_count == 0)
		return fail(failure, "no network: give a FILE.net, or -e 'linear 2 64; relu; linear 64 2'; bnc --help lists the options");
	if (!check_needs(options, given, failure))
		return false;
	if (options->emit.inference && !options->weights && !options->train)
		return fail(failure, "--inference needs weights: give --weights FILE, or --train DATA in the same command");
	return (!options->emit.path || standalone_check(&options->emit, failure)) && check_paths(options, failure);
}

/* Options of getopt's kind; each returns FIRST and its index in the table. */
enum { FIRST = 256 };

static void list_options(struct option *out)
{
	for (int i = 0; i < SPECS; i++)
		if (specs[i].kind != TITLE)
			*out++ = (struct option){specs[i].name, specs[i].value ? required_argument : no_argument, 0, FIRST + i};
	*out = (struct option){0};
}

OptionsResult options_read(Options *options, int argc, char **argv, Failure *failure)
{
	struct option known[SPECS + 1];
	bool given[SPECS] = {false};
	int option;
	*options = (Options){.overrides = {.batch = -1, .epochs = -1, .lr = -1}, .dump = -1};
	list_options(known);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "-:e:h", known, 0)) != -1) {
		bool ok;
		if (option == 'h' || (option >= FIRST && specs[option - FIRST].kind == ANSWER)) {
			(option == 'h' ? print_help : specs[option - FIRST].answer)();
			return OPTIONS_DONE;
		}
		if (option == 1 || option == 'e')
			ok = add_network(options, option == 1 ? optarg : "-e", option == 1 ? 0 : optarg, failure);
		else if (option == ':')
			ok = fail(failure, "%s needs a value", argv[optind - 1]);
		else if (option == '?')
			ok = unknown_option(argv[optind - 1], failure);
		else {
			const Spec *spec = &specs[option - FIRST];
			options->seed_given |= spec->field == offsetof(Options, seed);
			if (given[option - FIRST] && spec->kind != FLAG)
				ok = fail(failure, "--%s is given twice: give it once", spec->name);
			else
				ok = read_option(options, spec, optarg, failure);
			given[option - FIRST] = true;
		}
		if (!ok)
			return OPTIONS_WRONG;
	}
	while (optind < argc)
		if (!add_network(options, argv[optind++], 0, failure))
			return OPTIONS_WRONG;
	return check_together(options, given, failure) ? OPTIONS_RUN : OPTIONS_WRONG;
}

void options_free(Options *options)
{
	free(options->networks);
}
