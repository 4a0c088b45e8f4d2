#include "options.h"
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
	"bnc compiles neural networks: it differentiates and fuses them, and trains them at once.\n"
	"\n"
	"  bnc [options] FILE.net ...\n"
	"  bnc [options] -e 'linear 2 64; batchnorm; relu; linear 64 2'\n"
	"\n"
	"Run\n"
	"  --train DATA         train; several networks train side by side on the same batches\n"
	"                       DATA: moons, moons:n=1000,noise=0.1,seed=42, ... or a file.npz with X and y\n"
	"  --epochs N           times through the data\n"
	"  --steps N            stop after N optimizer steps, starting further epochs as needed\n"
	"  --batch N            rows of a step\n"
	"  --lr X               learning rate\n"
	"  --seed N             of initial weights and batch order (default 0)\n"
	"  --no-shuffle         take the rows in their order\n"
	"  --weights FILE       start from these weights (safetensors, PyTorch's names)\n"
	"  --save FILE          write the weights\n"
	"  --log FILE           JSON Lines: one object an epoch; with --log-steps one a step, too\n"
	"  --quiet              neither a line per epoch nor a progress bar\n"
	"\n"
	"Hand over\n"
	"  --emit FILE.c        the network and its training as C that needs nothing else, with FILE.h\n"
	"  --inference          without training: BatchNorm folded away, the weights constant\n"
	"  --single-header      all in one FILE.h\n"
	"  --ram BYTES          say no when more memory would be needed; without --emit, by this machine's program\n"
	"  --emit-test FILE.c   a program that tests it, on the target too\n"
	"  --lanes N            1: any C99 compiler; 4, 8, 16: vectors of gcc and clang (default 1)\n"
	"  --max-batch N        rows that it takes at once (default: the batch)\n"
	"  --prefix NAME        of all its names (default: the network's name)\n"
	"  --weights-as FORM    hex or decimal; both are exact\n"
	"\n"
	"Look\n"
	"  --summary            shapes, parameters, FLOPs, memory\n"
	"  --explain            which steps share a loop, and why their neighbours do not\n"
	"  --dump STAGE         tokens, tree, network, steps, loops, calls, plan or c\n"
	"  --check              report mistakes only\n"
	"  --isa NAME           kernel set: %s\n"
	"  --threads N          share the panels of large loops among N threads (default: the cores, where it pays)\n"
	"  --profile            time, FLOPs and bytes of every loop, after training\n"
	"  --recompute          less memory: make activations again for backward where that is cheap\n"
	"  --no-fuse            every step in a loop of its own\n"
	"  --list-layers        layers, losses and optimizers with their arguments\n"
	"  --list-data          built-in data sets with their arguments\n"
	"  --help, --version\n"
	"\n"
	"Exit status: 0 done, 1 the network is wrong, 2 the command line is wrong, 3 data or files are wrong or the loss is not\n"
	"finite, 4 a fault of bnc.\n";

enum Option {
	OPTION_TRAIN = 256, OPTION_EPOCHS, OPTION_STEPS, OPTION_BATCH, OPTION_LR, OPTION_SEED, OPTION_NO_SHUFFLE, OPTION_WEIGHTS, OPTION_SAVE,
	OPTION_LOG, OPTION_LOG_STEPS, OPTION_QUIET, OPTION_SUMMARY, OPTION_EXPLAIN, OPTION_DUMP, OPTION_CHECK, OPTION_ISA, OPTION_NO_FUSE, OPTION_THREADS, OPTION_PROFILE, OPTION_RECOMPUTE,
	OPTION_EMIT, OPTION_EMIT_TEST, OPTION_RAM, OPTION_INFERENCE, OPTION_SINGLE_HEADER, OPTION_LANES, OPTION_MAX_BATCH, OPTION_PREFIX, OPTION_WEIGHTS_AS,
	OPTION_LIST_LAYERS, OPTION_LIST_DATA, OPTION_HELP, OPTION_VERSION,
};

static const struct option long_options[] = {
	{"train", required_argument, 0, OPTION_TRAIN}, {"epochs", required_argument, 0, OPTION_EPOCHS},
	{"steps", required_argument, 0, OPTION_STEPS}, {"batch", required_argument, 0, OPTION_BATCH},
	{"lr", required_argument, 0, OPTION_LR}, {"seed", required_argument, 0, OPTION_SEED},
	{"no-shuffle", no_argument, 0, OPTION_NO_SHUFFLE}, {"weights", required_argument, 0, OPTION_WEIGHTS},
	{"save", required_argument, 0, OPTION_SAVE}, {"log", required_argument, 0, OPTION_LOG},
	{"log-steps", no_argument, 0, OPTION_LOG_STEPS}, {"quiet", no_argument, 0, OPTION_QUIET},
	{"summary", no_argument, 0, OPTION_SUMMARY}, {"explain", no_argument, 0, OPTION_EXPLAIN},
	{"dump", required_argument, 0, OPTION_DUMP}, {"check", no_argument, 0, OPTION_CHECK},
	{"isa", required_argument, 0, OPTION_ISA}, {"no-fuse", no_argument, 0, OPTION_NO_FUSE},
	{"recompute", no_argument, 0, OPTION_RECOMPUTE},
	{"threads", required_argument, 0, OPTION_THREADS}, {"profile", no_argument, 0, OPTION_PROFILE},
	{"emit", required_argument, 0, OPTION_EMIT}, {"lanes", required_argument, 0, OPTION_LANES},
	{"max-batch", required_argument, 0, OPTION_MAX_BATCH}, {"prefix", required_argument, 0, OPTION_PREFIX},
	{"ram", required_argument, 0, OPTION_RAM}, {"emit-test", required_argument, 0, OPTION_EMIT_TEST},
	{"inference", no_argument, 0, OPTION_INFERENCE}, {"single-header", no_argument, 0, OPTION_SINGLE_HEADER},
	{"weights-as", required_argument, 0, OPTION_WEIGHTS_AS},
	{"list-layers", no_argument, 0, OPTION_LIST_LAYERS}, {"list-data", no_argument, 0, OPTION_LIST_DATA},
	{"help", no_argument, 0, OPTION_HELP}, {"version", no_argument, 0, OPTION_VERSION}, {0},
};

static const char *const stage_names[] = {
	[STAGE_TOKENS] = "tokens", [STAGE_TREE] = "tree", [STAGE_NETWORK] = "network", [STAGE_STEPS] = "steps",
	[STAGE_LOOPS] = "loops", [STAGE_CALLS] = "calls", [STAGE_PLAN] = "plan", [STAGE_C] = "c",
};

/* ---- values */

static bool read_whole(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *out, Failure *failure)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < least || value > most)
		return fail(failure, "--%s takes a whole number from %llu to %llu, found `%.100s`", option, (unsigned long long)least,
			(unsigned long long)most, text);
	*out = value;
	return true;
}

static bool read_rate(const char *text, double *out, Failure *failure)
{
	char *end;
	*out = strtod(text, &end);
	if (end == text || *end || !isfinite((float)*out) || *out < 0 || strpbrk(text, "xX"))
		return fail(failure, "--lr takes a number >= 0 that a 32-bit float can hold, found `%.100s`", text);
	return true;
}

static bool read_stage(Options *options, const char *text, Failure *failure)
{
	for (Stage stage = STAGE_TOKENS; stage <= STAGE_C; stage++)
		if (strcmp(stage_names[stage], text) == 0) {
			options->dump = (int)stage;
			return true;
		}
	return fail(failure, "--dump takes one of tokens, tree, network, steps, loops, calls, plan and c, found `%.100s`", text);
}

/* "avx512, avx2, ..." */
static void list_sets(char *out, size_t size)
{
	size_t used = 0;
	out[0] = 0;
	for (int i = 0; kernel_sets[i] && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", kernel_sets[i]->name);
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

static bool read_isa(Options *options, const char *text, Failure *failure)
{
	char names[100];
	list_sets(names, sizeof names);
	options->isa = text;
	if (kernel_set(text))
		return true;
	for (int i = 0; kernel_sets[i]; i++)
		if (strcmp(kernel_sets[i]->name, text) == 0)
			return fail(failure, "--isa %s: this processor does not have it", text);
	return fail(failure, "--isa takes one of %s, found `%.100s`", names, text);
}

/* ---- options */

static bool read_option(Options *options, int option, const char *value, Failure *failure)
{
	uint64_t number;
	switch (option) {
	case OPTION_TRAIN: options->train = value; return true;
	case OPTION_WEIGHTS: options->weights = value; return true;
	case OPTION_SAVE: options->save = value; return true;
	case OPTION_LOG: options->log = value; return true;
	case OPTION_LOG_STEPS: options->log_steps = true; return true;
	case OPTION_NO_SHUFFLE: options->no_shuffle = true; return true;
	case OPTION_QUIET: options->quiet = true; return true;
	case OPTION_SUMMARY: options->summary = true; return true;
	case OPTION_EXPLAIN: options->explain = true; return true;
	case OPTION_CHECK: options->check = true; return true;
	case OPTION_NO_FUSE: options->no_fuse = true; return true;
	case OPTION_DUMP: return read_stage(options, value, failure);
	case OPTION_ISA: return read_isa(options, value, failure);
	case OPTION_EMIT: options->emit.path = value; return true;
	case OPTION_INFERENCE: options->emit.inference = true; return true;
	case OPTION_SINGLE_HEADER: options->emit.single_header = true; return true;
	case OPTION_EMIT_TEST: options->emit.test_path = value; return true;
	case OPTION_RAM: return read_whole("ram", value, 1, INT64_MAX, &options->emit.ram, failure);
	case OPTION_PREFIX: options->emit.prefix = value; return true;
	case OPTION_LANES: return read_lanes(options, value, failure);
	case OPTION_WEIGHTS_AS: return read_form(options, value, failure);
	case OPTION_MAX_BATCH:
		if (!read_whole("max-batch", value, 1, MAX_BATCH, &number, failure))
			return false;
		options->emit.max_batch = (int)number;
		return true;
	case OPTION_LR: return read_rate(value, &options->overrides.lr, failure);
	case OPTION_EPOCHS:
		if (!read_whole("epochs", value, 0, INT32_MAX, &number, failure))
			return false;
		options->overrides.epochs = (int)number;
		return true;
	case OPTION_BATCH:
		if (!read_whole("batch", value, 1, MAX_BATCH, &number, failure))
			return false;
		options->overrides.batch = (int)number;
		return true;
	case OPTION_STEPS:
		if (!read_whole("steps", value, 1, INT64_MAX / 1024, &number, failure))
			return false;
		options->steps = (int64_t)number;
		return true;
	case OPTION_RECOMPUTE: options->recompute = true; return true;
	case OPTION_PROFILE: options->profile = true; return true;
	case OPTION_THREADS:
		if (!read_whole("threads", value, 1, MAX_THREADS, &number, failure))
			return false;
		options->threads = (int)number;
		return true;
	case OPTION_SEED:
		options->seed_given = true;
		return read_whole("seed", value, 0, UINT64_MAX, &options->seed, failure);
	}
	internal_error("option %d is not handled", option);
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
	const char *names[sizeof long_options / sizeof *long_options];
	int count = 0;
	while (long_options[count].name) {
		names[count] = long_options[count].name;
		count++;
	}
	char word[64];
	snprintf(word, sizeof word, "%.*s", (int)strcspn(text + strspn(text, "-"), "="), text + strspn(text, "-"));
	const char *near = nearest_name(word, names, count);
	if (near)
		return fail(failure, "unknown option `%.100s`: did you mean --%s?", text, near);
	return fail(failure, "unknown option `%.100s`: bnc --help lists them", text);
}

static bool check_together(const Options *options, Failure *failure)
{
	if (options->network_count == 0)
		return fail(failure, "no network: give a FILE.net, or -e 'linear 2 64; relu; linear 64 2'; bnc --help lists the options");
	if (options->network_count > 1 && (options->weights || options->save))
		return fail(failure, "%s is for one network, but %d are given", options->weights ? "--weights" : "--save", options->network_count);
	const char *stop = options->check ? "--check" : options->dump >= 0 ? "--dump" : 0;
	const char *more = options->train ? "--train" : options->save ? "--save" : options->weights ? "--weights"
		: options->emit.path ? "--emit" : options->summary ? "--summary" : options->explain ? "--explain" : 0;
	if (stop && more)
		return fail(failure, "%s stops before there is anything for %s: give one of them", stop, more);
	if (options->check && options->dump >= 0)
		return fail(failure, "--check prints mistakes only, --dump a stage: give one of them");
	if (options->network_count > 1 && options->profile)
		return fail(failure, "--profile is for one network, but %d are given", options->network_count);
	if (options->log_steps && !options->log)
		return fail(failure, "--log-steps needs --log FILE");
	if (!options->train && options->profile)
		return fail(failure, "--profile needs --train DATA: it times the loops of training");
	if (!options->train && (options->log || options->steps || options->no_shuffle))
		return fail(failure, "%s needs --train DATA", options->log ? "--log" : options->steps ? "--steps" : "--no-shuffle");
	return true;
}

static bool check_emit(const Options *options, Failure *failure)
{
	const StandaloneOptions *emit = &options->emit;
	const struct { bool given; const char *name; } details[] = {
		{emit->inference, "--inference"}, {emit->single_header, "--single-header"}, {emit->test_path, "--emit-test"}, {emit->prefix, "--prefix"},
		{emit->lanes, "--lanes"}, {emit->max_batch, "--max-batch"}, {emit->decimal, "--weights-as"},
	};
	for (size_t i = 0; !emit->path && i < sizeof details / sizeof *details; i++)
		if (details[i].given)
			return fail(failure, "%s needs --emit FILE.c", details[i].name);
	if (!emit->path)
		return true;
	if (options->network_count > 1)
		return fail(failure, "--emit is for one network, but %d are given", options->network_count);
	if (options->check || options->dump >= 0)
		return fail(failure, "--emit does not go with %s, which stops before there is C", options->check ? "--check" : "--dump");
	if (emit->inference && !options->weights && !options->train)
		return fail(failure, "--inference needs weights: give --weights FILE, or --train DATA in the same command");
	return standalone_check(emit, failure);
}

/* What asks for information instead of a run. */
static bool answer(int option)
{
	char names[100];
	switch (option) {
	case OPTION_HELP:
		list_sets(names, sizeof names);
		printf(usage, names);
		return true;
	case OPTION_VERSION: printf("bnc %s\n", BNC_VERSION); return true;
	case OPTION_LIST_LAYERS: layer_list(stdout); return true;
	case OPTION_LIST_DATA: data_list(stdout); return true;
	}
	return false;
}

OptionsResult options_read(Options *options, int argc, char **argv, Failure *failure)
{
	*options = (Options){.overrides = {.batch = -1, .epochs = -1, .lr = -1}, .dump = -1};
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "-:e:h", long_options, 0)) != -1) {
		if (option == 'h' || answer(option)) {
			if (option == 'h')
				answer(OPTION_HELP);
			return OPTIONS_DONE;
		}
		bool ok;
		if (option == 1 || option == 'e')
			ok = add_network(options, option == 1 ? optarg : "-e", option == 1 ? 0 : optarg, failure);
		else if (option == ':')
			ok = fail(failure, "%s needs a value", argv[optind - 1]);
		else if (option == '?')
			ok = unknown_option(argv[optind - 1], failure);
		else
			ok = read_option(options, option, optarg, failure);
		if (!ok)
			return OPTIONS_WRONG;
	}
	while (optind < argc)
		if (!add_network(options, argv[optind++], 0, failure))
			return OPTIONS_WRONG;
	return check_together(options, failure) && check_emit(options, failure) ? OPTIONS_RUN : OPTIONS_WRONG;
}

void options_free(Options *options)
{
	free(options->networks);
}

/* ---- sources */

bool source_read(Source *source, Arena *arena, const NetworkArgument *argument, Failure *failure)
{
	*source = (Source){.path = argument->path};
	if (argument->text) {
		source->length = strlen(argument->text);
		source->text = arena_copy(arena, argument->text, source->length);
		return true;
	}
	FILE *file = fopen(argument->path, "rb");
	struct stat status;
	if (!file)
		return fail(failure, "%s: %s", argument->path, strerror(errno));
	if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
		fclose(file);
		return fail(failure, "%s is a directory; expected a file that describes a network", argument->path);
	}
	struct { char *items; int count, capacity; } text = {0};
	char buffer[1 << 16];
	size_t count;
	while ((count = fread(buffer, 1, sizeof buffer, file)) > 0 && text.count <= MAX_SOURCE_BYTES)
		for (size_t i = 0; i < count; i++)
			APPEND(arena, &text, buffer[i]);
	bool failed = ferror(file) != 0;
	fclose(file);
	if (failed)
		return fail(failure, "%s: cannot be read: %s", argument->path, strerror(errno));
	if (text.count > MAX_SOURCE_BYTES)
		return fail(failure, "%s is longer than %d bytes, the limit for a network", argument->path, MAX_SOURCE_BYTES);
	source->length = (size_t)text.count;
	APPEND(arena, &text, 0);
	source->text = text.items;
	return true;
}
