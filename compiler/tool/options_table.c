#include "options_table.h"
#include "terminal.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- values other than texts and whole numbers */

static bool read_rate(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	char *end;
	double rate = strtod(text, &end);
	(void)given;
	if (end == text || *end || !isfinite((float)rate) || rate < 0 || strpbrk(text, "xX"))
		return fail(failure, "--lr takes a number >= 0 that a 32-bit float can hold, found `%.100s`", text);
	options->overrides.lr = rate;
	return true;
}

/* A fraction is a number; a file of such a name can be given as ./0.2. */
static bool read_valid(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	char *end;
	const double fraction = strtod(text, &end);
	(void)given;
	options->valid = text;
	if (end == text || *end)
		return true;
	options->valid_fraction = fraction;
	return (fraction > 0 && fraction < 1)
		|| fail(failure, "--valid takes a fraction above 0 and below 1, or DATA, found `%.100s`", text);
}

/* N steps, or with an s after it N seconds. */
static bool read_every(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	char *end;
	errno = 0;
	const long long number = strtoll(text, &end, 10);
	const bool seconds = strcmp(end, "s") == 0;
	(void)given;
	if (*text < '0' || *text > '9' || errno || number < 1 || number > INT32_MAX || !(seconds || !*end))
		return fail(failure, "--every takes a number of steps, such as 1000, or of seconds, such as 60s; found "
			"`%.100s`", text);
	options->every_steps = seconds ? 0 : number;
	options->every_seconds = (double)number;
	return true;
}

/* The arena of what the options of a sweep say. */
static Arena *sweep_arena(CommandLine *options)
{
	if (!options->sweep.arena)
		options->sweep.arena = arena_open();
	return options->sweep.arena;
}

static bool read_definition(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	Definitions *definitions = &options->sweep.definitions;
	const int before = definitions->count;
	(void)given;
	if (!definitions_read(sweep_arena(options), "-D", "define", text, definitions, failure))
		return false;
	return definitions->count == before + 1
		|| fail(failure, "-D takes one value, found `%.100s`: --sweep trains with several", text);
}

static bool read_sweep(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	(void)given;
	return axis_read(sweep_arena(options), text, &options->sweep.axes, failure);
}

bool read_map_axis(CommandLine *options, const char *text, Failure *failure)
{
	if (options->sweep.map++ == 2)
		return fail(failure, "--map has two axes, found a third one: `%.100s`", text);
	return map_axis_read(sweep_arena(options), text, &options->sweep.axes, failure);
}

static bool read_map(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	(void)given;
	return read_map_axis(options, text, failure);
}

static bool read_seeds(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	char *end;
	const long count = strtol(text, &end, 10);
	(void)given;
	sweep_arena(options);
	options->sweep.seeds = (int)count;
	return (*text >= '0' && *text <= '9' && !*end && count >= 1 && count <= MAX_RUNS)
		|| fail(failure, "--seeds takes a whole number from 1 to %d, found `%.100s`", MAX_RUNS, text);
}

static const char *const stage_names[] = {
	[STAGE_TOKENS] = "tokens", [STAGE_TREE] = "tree", [STAGE_NETWORK] = "network", [STAGE_STEPS] = "steps",
	[STAGE_LOOPS] = "loops", [STAGE_CALLS] = "calls", [STAGE_PLAN] = "plan", [STAGE_C] = "c", 0,
};
static void choose_stage(CommandLine *options, int index) { options->dump = index; }

static const char *const lane_names[] = {"1", "4", "8", "16", 0};
static void choose_lanes(CommandLine *options, int index) { options->emit.lanes = index ? 2 << index : 1; }

static const char *const form_names[] = {"hex", "decimal", 0};
static void choose_form(CommandLine *options, int index) { options->emit.hex = index == 0; }

static const char *const dtype_names[] = {"f32", "f64", 0};
static void choose_dtype(CommandLine *options, int index) { options->f64 = index == 1; }

static const char *const colour_names[] = {
	[COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never", 0,
};

static const char *const missing_names[] = {"mean", "drop", 0};
static void choose_missing(CommandLine *options, int index)
{
	options->data.missing = index ? MISSING_DROP : MISSING_MEAN;
}

/* Takes effect at once, so that mistakes in later options are shown in these colours. */
static void choose_colour(CommandLine *options, int index)
{
	(void)options;
	terminal_choose_colour((Colour)index);
}

void list_sets(char *out, size_t size, const char *separator)
{
	size_t used = 0;
	out[0] = 0;
	for (int i = 0; kernel_sets[i] && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? separator : "", kernel_sets[i]->name);
}

static bool read_isa(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	char names[100];
	list_sets(names, sizeof names, ", ");
	(void)given;
	options->isa = text;
	const KernelSet *set = kernel_set(text);
	if (!set)
		return fail(failure, "--isa takes one of %s, found `%.100s`", names, text);
	return set->usable() || fail(failure, "--isa %s: this processor does not have it", text);
}

/* -o FILE stands for the option that writes files with such an ending. */
static bool read_output(CommandLine *options, const char *text, bool *given, Failure *failure)
{
	static const struct { const char *suffix, *option; } kinds[] = {
		{".c", "emit"}, {".h", "emit"}, {".safetensors", "save"}, {".st", "save"}, {".jsonl", "log"},
	};
	size_t length = strlen(text);
	if (strcmp(text, "-") == 0 || (length > 4 && strcmp(text + length - 4, ".csv") == 0)) {
		if (options->predictions)
			return fail(failure, "-o %.200s and -o %.200s are both for --predict: give one of them",
				options->predictions, text);
		options->predictions = text;
		return true;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t end = strlen(kinds[i].suffix);
		if (length <= end || strcmp(text + length - end, kinds[i].suffix) != 0)
			continue;
		int index = option_index(kinds[i].option);
		const char **field = (const char **)(void *)((char *)options + options_table[index].field);
		if (given[index])
			return fail(failure, "-o %.200s means --%s, which is given already: give one of them", text,
				kinds[i].option);
		given[index] = true;
		*field = text;
		return true;
	}
	return fail(failure, "-o takes a file whose name says what it is: FILE.c or FILE.h (--emit), FILE.safetensors or "
		"FILE.st (--save), FILE.jsonl (--log), FILE.csv (--predict); found `%.200s`", text);
}

/* ---- the table, in the order of --help */

#define FIELD(name) .field = offsetof(CommandLine, name)
#define RANGE(low, high) .least = low, .most = high

const Spec options_table[] = {
	{"Run", .kind = TITLE},
	{0, "TEXT", "a network as text: linear 2 64; relu; linear 64 2", .kind = NETWORK, .letters = "e", .repeats = true,
		.more = "May be given several times, and beside files. A network of -e is called net."},
	{"train", "DATA", "train; several networks train side by side on the same batches\n"
		"DATA: moons, moons:n=1000,noise=0.1,seed=42, ..., a table FILE.csv (- is standard input), a folder of "
		"images,\nor FILE.npz with X and y; FILE.npz:a,b names others",
		.kind = TEXT, FIELD(train), .needs = WHOLE,
		.more = "bnc --list-data prints the built-in sets with their parameters. After training, classifiers are run "
			"on all rows in evaluation mode, which gives the accuracy; --no-eval leaves that out. Weights are kept "
			"only with --save or --emit."},
	{"target", "NAME|N[,...]", "the column of a table to learn (default: the last); several for regression",
		.kind = TEXT, FIELD(data.target), .needs = DATA,
		.more = "A column is named as in the header, or by its number from 1. Texts and whole numbers are classes for "
			"cross_entropy and bce; mse and other losses take any numbers. Without --target it is the last column, and "
			"a line on standard error says which."},
	{"ignore", "NAME|N[,...]", "columns of a table to leave out", .kind = TEXT, FIELD(data.ignore), .needs = DATA,
		.more = "Such as names, dates and numbers of rows, which say nothing about the target."},
	{"missing", "HOW", "mean: take the column's mean for a missing value; drop: leave out its row", .kind = CHOICE,
		.choices = missing_names, .choose = choose_missing, .needs = DATA,
		.more = "A value is missing if its cell is empty or says NA, N/A, nan, null, none or ?. Without this option it "
			"is a mistake, and the message says where. Of a column of texts, the mean is the share of each text. A "
			"missing target has no mean: then the row must be dropped. --weights remembers it, with the means."},
	{"window", "N", "a sample is N rows of a table, one after another, with the target of the last", .kind = INT,
		FIELD(data.window), RANGE(1, MAX_WINDOW_ROWS), .needs = DATA,
		.more = "For what a logger writes, row by row in the order of time. A sample has the values of N rows, the "
			"oldest first: features for linear, and for conv2d an image 1 x N x columns. --valid FRACTION holds out "
			"the last windows of each class, and leaves out those that have rows in common with them. --save keeps it "
			"with the weights, and --weights takes it from there."},
	{"stride", "N", "with --window: rows from the beginning of a window to that of the next (default 1)", .kind = INT,
		FIELD(data.stride), RANGE(1, MAX_WINDOW_ROWS), .needs = DATA,
		.more = "Weights remember it. --eval and --predict may have another one, such as 1, which tells something of "
			"each row but the first N - 1."},
	{"standardize", 0, "move and scale each input to mean 0 and deviation 1", .kind = FLAG, FIELD(data.standardize),
		.needs = TRAINING,
		.more = "As scikit-learn's StandardScaler does. --save keeps the scale with the weights, and --weights takes "
			"it from there. With --inference, the C of --emit takes inputs as they are, if its first layer is one of "
			"features with a bias, such as linear, and else inputs that are scaled already."},
	{"valid", "FRACTION|DATA", "loss and accuracy after each epoch, on rows held out of the training or on other data",
		.kind = READ, .read = read_valid, .needs = TRAINING,
		.more = "A fraction such as 0.2 holds out so many of the rows, of each class its share; which ones follows "
			"from the seed, or with --window from time. They are in evaluation mode, and --standardize does not see "
			"rows that are held out. "
			"--log has valid_loss and valid_accuracy in each epoch's line."},
	{"patience", "N", "end after N epochs without a smaller loss on --valid, with the weights of the best one",
		.kind = INT, FIELD(patience), RANGE(1, INT32_MAX), .needs = TRAINING,
		.more = "Several networks that train side by side end together, each with the weights of its own best epoch."},
	{"eval", "DATA", "loss, accuracy and other measures on other data, in evaluation mode", .kind = TEXT, FIELD(eval),
		.needs = WHOLE | RESULTS,
		.more = "Of the weights of --weights, or after --train. Of classes: accuracy, which were taken for which, "
			"precision, recall and F1 of each, and with two of them the area under the ROC curve (AUC). Of values: "
			"MSE, MAE and R2. Tables are read as the one that the network was trained with."},
	{"json", 0, "the report of --eval as one JSON object on standard output", .kind = FLAG, FIELD(json),
		.needs = WHOLE | RESULTS,
		.more = "It is alone there: whatever else is printed goes to standard error. docs/data.md says what is in it."},
	{"suggest", "DATA", "print a small network for these data, and the command that trains it", .kind = TEXT,
		FIELD(suggest),
		.more = "For a table two hidden layers with BatchNorm, for images convolutions, with adam. The sizes are rules "
			"of thumb: bnc --suggest iris.csv >iris.net, and change them. --target, --ignore and --missing say how "
			"a table is read."},
	{"predict", "DATA", "what the network says of each row, as CSV on standard output or in -o FILE.csv", .kind = TEXT,
		FIELD(predict), .needs = WHOLE | RESULTS | ONE_NETWORK,
		.more = "A line for each row, or each window's last row, with its number from 0: of classes the likeliest and "
			"the probability of each, else the values. A table needs no target; its columns that are left out come "
			"along. On standard output the table is alone, and whatever else is printed goes to standard error."},
	{"epochs", "N", "times through the data", .kind = INT, FIELD(overrides.epochs), RANGE(0, INT32_MAX),
		.uses = BY_TRAINING | BY_NETWORK,
		.more = "Takes the place of the network's own `epochs` (which is 10 if it has none)."},
	{"steps", "N", "stop after N optimizer steps, starting further epochs as needed", .kind = INT64, FIELD(steps),
		RANGE(1, INT64_MAX / 1024), .needs = TRAINING,
		.more = "Counts instead of --epochs, whatever that says, and is then the length of a schedule, too."},
	{"batch", "N", "rows of a step", .kind = INT, FIELD(overrides.batch), RANGE(1, MAX_BATCH),
		.uses = BY_TRAINING | BY_EMISSION | BY_SUMMARY | BY_EXPLANATION | BY_VERIFICATION | BY_CHECK | BY_RAM
			| BY_NETWORK | BY_STEPS,
		.more = "Takes the place of the network's own `batch` (which is 32 if it has none). The last batch of an "
			"epoch may be smaller. Memory grows with it: --summary says how."},
	{"lr", "X", "learning rate", .kind = READ, .read = read_rate, .uses = BY_TRAINING | BY_VERIFICATION | BY_NETWORK,
		.more = "Takes the place of the optimizer's own `lr` (which is 0.01 if it has none), and of `max_lr` in "
			"`schedule one_cycle`. Other schedules begin from it."},
	{"seed", "N", "of initial weights and batch order (default 0)", .kind = UINT64, FIELD(seed), RANGE(0, UINT64_MAX),
		.uses = BY_TRAINING | BY_SAVING | BY_VERIFICATION,
		.more = "The same seed draws the same weights and batches as torch.manual_seed(N) in PyTorch. Takes the place "
			"of the network's own `seed`. Data sets have a seed of their own: --train moons:seed=1."},
	{"no-shuffle", 0, "take the rows in their order", .kind = FLAG, FIELD(no_shuffle), .needs = TRAINING},
	{"weights", "FILE", "start from these weights (safetensors, PyTorch's names)", .kind = TEXT, FIELD(weights),
		.needs = ONE_NETWORK | WHOLE,
		.more = "Names are those of torch.nn.Sequential: 0.weight, 1.running_mean. Of a state_dict: "
			"safetensors.torch.save_file(model.state_dict(), \"FILE\"). A file of --save has its network, too, and "
			"can be given as one: bnc FILE --eval DATA."},
	{"from", "LAYER", "only this layer and those after it", .kind = TEXT, FIELD(overrides.from),
		.needs = ONE_NETWORK,
		.more = "The name is that of --summary: a label, or a number. What the layers before it give is then the "
			"input. The tensors keep the names that they have in the whole network, whose file --weights takes. So "
			"--until and --from cut a trained network in two: docs/emitted-c.md has a device that trains the second "
			"part."},
	{"until", "LAYER", "only the layers before this one", .kind = TEXT, FIELD(overrides.until), .needs = ONE_NETWORK,
		.more = "What they give is then the output. It has no loss, so that this part can predict, with --predict or "
			"with the C of --emit --inference, but not train."},
	{"save", "FILE", "write the weights", .kind = TEXT, FIELD(save), .needs = ONE_NETWORK | WHOLE,
		.more = "As safetensors, with PyTorch's names; without --train the initial ones. An old file is replaced once "
			"the new one is whole. FILE - is standard output: then the weights are alone there, and whatever else is "
			"printed goes to standard error. If a loss is no longer finite, FILE stays as it is, and the weights that "
			"gave the last finite loss are in FILE.last-finite."},
	{"checkpoint", "FILE", "keep the whole training in FILE, for --resume", .kind = TEXT, FIELD(checkpoint),
		.needs = TRAINING,
		.more = "Weights, what the optimizer keeps, generators, the place in the order of the batches: a training "
			"that goes on from it ends with the same bits as one that was never interrupted. It is written once a "
			"minute (--every), at the end and when a signal stops the training, and replaced only by a whole one. "
			"docs/data.md has more."},
	{"every", "N|Ns", "write the checkpoint after each N steps, or N seconds (default 60s)", .kind = READ,
		.read = read_every, .needs = A_CHECKPOINT},
	{"resume", "FILE", "go on from a checkpoint, with the options that the training began with", .kind = TEXT,
		FIELD(resume), .needs = TRAINING,
		.more = "Network and data must be the same; only --epochs or --steps may be more. The network may be left out: "
			"FILE has it. With --checkpoint of the same FILE, the training begins if there is no such file yet, so "
			"that one command can be run again until it is done. A log goes on where it was."},
	{"log", "FILE", "JSON Lines: one object an epoch", .kind = TEXT, FIELD(log), .needs = TRAINING,
		.more = "Grows by whole lines while it trains, so that tail -f can follow it. FILE - is standard output."},
	{"log-steps", 0, "each step in the log, too", .kind = FLAG, FIELD(log_steps), .needs = A_LOG,
		.more = "The log has an object for each step, too: "
			"{\"event\":\"step\",\"net\":\"mlp\",\"epoch\":0,\"step\":0,\"loss\":0.7}."},
	{"tensorboard", "DIR", "files for TensorBoard: losses, accuracies and rates, and histograms of weights, each epoch",
		.kind = TEXT, FIELD(tensorboard), .needs = TRAINING,
		.more = "In DIR/NAME, of each network, and of each run of a sweep in DIR/NAME-lr=0.1-seed3; "
			"tensorboard --logdir DIR shows them. Each training has a new file, and where it begins, TensorBoard "
			"forgets what older ones in the same folder say. docs/experiments.md says what is in them."},
	{"health", "FILE.html", "a page of what goes on within the network: activations, gradients, updates, statistics",
		.kind = TEXT, FIELD(health), .needs = TRAINING,
		.more = "Pictures over the steps: what goes into each batchnorm and what comes out of it, dead units, the "
			"norms of gradients, the updates by the weights, and running statistics beside those of the batch. Every "
			"20th step is looked at, of long trainings 250 steps. The page needs nothing but itself; gnuplot draws "
			"it."},
	{"output", "FILE", "by name: FILE.c (--emit), FILE.st (--save), FILE.jsonl (--log), FILE.csv (--predict)",
		.kind = READ, .letters = "o",
		.read = read_output, .repeats = true,
		.more = "May be given once for each of them. FILE.safetensors is --save, too, and with --single-header FILE.h "
			"is --emit."},
	{"no-eval", 0, "do not run the trained network on all of the data", .kind = FLAG, FIELD(no_eval), .needs = TRAINING,
		.more = "Without it, classifiers are run on all rows in evaluation mode, after all files are written, for the "
			"accuracy."},
	{"precise-bn", 0, "then give every batchnorm the statistics of all rows for its running ones", .kind = FLAG,
		FIELD(precise_bn), .needs = TRAINING,
		.more = "Running statistics are those of the last batches. With this, one more pass over the training data, "
			"after the last step and before files are written, finds the mean and the variance of all rows. With "
			"--epochs 0 it only does that. docs/data.md says when it helps."},
	{"quiet", 0, "neither a line per epoch nor a progress bar", .kind = FLAG, FIELD(quiet), .letters = "q"},

	{"Experiments", .kind = TITLE},
	{"define", "NAME=X", "give a `let`, an argument of the optimizer, batch, epochs or init this value",
		.kind = READ, .letters = "D", .read = read_definition, .repeats = true,
		.more = "Takes the place of the value that the network has: of all `let NAME = ...`, or else of an argument of "
			"its optimizer or its schedule, of batch or of epochs. init multiplies all initial weights, but not "
			"biases. The value is a number, true, false or a shape."},
	{"sweep", "NAME=VALUES", "train with each of these values, several runs at a time, and print a table",
		.kind = READ, .read = read_sweep, .repeats = true, .needs = TRAINING,
		.more = "NAME is one of -D. VALUES are V1,V2,... or log:FROM:TO:COUNT, so many values in a geometric series "
			"with both ends, or lin:FROM:TO:COUNT. Several --sweep multiply, and so do several networks and --seeds. "
			"Each run has the bits that it has alone; --threads says how many run at once. A run whose loss is not "
			"finite counts as diverged."},
	{"seeds", "N", "train with N seeds, from --seed on, and print mean and deviation", .kind = READ,
		.read = read_seeds, .needs = TRAINING},
	{"map", "X=RANGE Y=RANGE", "train with each value of X and of Y, and draw the last loss of each as a pixel",
		.kind = READ, .read = read_map, .needs = TRAINING,
		.more = "X and Y are names of -D, such as lr and init. RANGE is log:FROM:TO:COUNT or lin:FROM:TO:COUNT, as in "
			"--map lr=log:1e-4:100:256 init=log:0.01:100:256. Networks lie side by side; --seeds N shows the median. "
			"--plot FILE says where it is drawn (without it: in the terminal). White pixels: the loss is not finite."},
	{"runs", "FILE.jsonl", "JSON Lines: one object a run; those that the file has are not run again", .kind = TEXT,
		FIELD(sweep.runs),
		.more = "A run is the same if the network as --print shows it, the data, the settings and the seed are. So a "
			"command that was stopped goes on when it is given again. With --merge the file gets all runs."},
	{"shard", "I/N", "do only part I of N of the runs, counted from 0", .kind = TEXT, FIELD(sweep.shard),
		.needs = A_SWEEP,
		.more = "Without it, what the environment says: SLURM_ARRAY_TASK_ID and _COUNT, SLURM_PROCID and SLURM_NTASKS, "
			"OMPI_COMM_WORLD_RANK and _SIZE, PMI_RANK and PMI_SIZE; --shard 0/1 does all. Of several parts each has "
			"its own file: --runs FILE.jsonl is then FILE.I-of-N.jsonl. bnc --merge joins them."},
	{"merge", 0, "print the table of all runs in these files: bnc --merge FILE.jsonl ...", .kind = FLAG,
		FIELD(sweep.merge),
		.more = "A run that several files have counts once. With --runs FILE.jsonl, all go into that file."},

	{"plot", "[WHAT:][FILE]", "draw curves, boundary or confusion, in the terminal or as FILE.png, .svg, .pdf or .gp",
		.kind = READ, .read = read_plot, .repeats = true,
		.more = "curves, which need not be named: loss and accuracy of a training epoch by epoch, with those of "
			"--valid dashed; of --sweep and --merge against the first number that varies, as the median over the "
			"seeds with a band from the 10th to the 90th percentile; of --map the map. boundary: where a network "
			"with two inputs sees which class, and the samples. confusion: how many rows of each class it takes "
			"for which. These two are of the data of --eval, or else of --valid, or else of --train. --plot may "
			"be given for each. FILE.gp is a script for gnuplot with its data, which can be restyled; gnuplot "
			"(Debian's package gnuplot-nox) draws the others."},

	{"Hand over", .kind = TITLE},
	{"emit", "FILE.c", "the network and its training as C that needs nothing else, with FILE.h", .kind = TEXT,
		FIELD(emit.path),
		.needs = ONE_NETWORK | WHOLE,
		.more = "C99 without heap, stdio or state of its own. One struct holds everything. With --train or --weights "
			"the trained weights are in it. The generated code belongs to whoever generated it."},
	{"inference", 0, "without training: BatchNorm folded away, the weights constant", .kind = FLAG,
		FIELD(emit.inference),
		.needs = EMISSION, .more = "Needs weights, of --weights or of --train in the same command."},
	{"single-header", 0, "all in one FILE.h", .kind = FLAG, FIELD(emit.single_header), .needs = EMISSION,
		.more = "Then --emit takes FILE.h."},
	{"emit-test", "FILE.c", "a program that tests it, on the target too", .kind = TEXT, FIELD(emit.test_path),
		.needs = EMISSION},
	{"lanes", "N", "1: any C99 compiler; 4, 8, 16: vectors of gcc and clang (default 1)", .kind = CHOICE,
		.choices = lane_names,
		.choose = choose_lanes, .needs = EMISSION},
	{"max-batch", "N", "rows that it takes at once (default: the batch)", .kind = INT, FIELD(emit.max_batch),
		RANGE(1, MAX_BATCH), .needs = EMISSION},
	{"prefix", "NAME", "of all its names (default: the network's name)", .kind = TEXT, FIELD(emit.prefix),
		.needs = EMISSION},
	{"weights-as", "FORM", "decimal, or hex, which C++ has from C++17 on; both are exact", .kind = CHOICE,
		.choices = form_names, .choose = choose_form,
		.needs = EMISSION},
	{"ram", "BYTES", "say no when more memory would be needed; without --emit, by this machine's program",
		.kind = UINT64, FIELD(emit.ram), RANGE(1, INT64_MAX),
		.more = "The message names what takes most, and the largest batch that would fit."},

	{"Look", .kind = TITLE},
	{"summary", 0, "shapes, parameters, FLOPs, memory", .kind = FLAG, FIELD(summary), .needs = WHOLE,
		.more = "What bnc prints of a network when nothing else is asked."},
	{"verify", 0, "compare the program with other computations of the same; status 1 if one differs", .kind = FLAG,
		FIELD(verify), .needs = WHOLE,
		.more = "Of a random batch: results against the layers' references in double, gradients against differences "
			"of the loss, all values against scalar kernels that run step by step, the optimizer against its "
			"reference, and the C of --emit against the scalar kernels. Each line has the largest error and the "
			"tolerance, as parts of the largest such value. The tolerance is measured: how far "
			"roundings carry this network. A network that would take more than some seconds is verified with fewer "
			"rows and a sample of its tensors, which the table says. With --weights or --train, with those weights."},
	{"explain", 0, "which steps share a loop, and why their neighbours do not", .kind = FLAG, FIELD(explain),
		.needs = WHOLE},
	{"dump", "STAGE", "tokens, tree, network, steps, loops, calls, plan or c", .kind = CHOICE, .choices = stage_names,
		.choose = choose_stage, .needs = EARLY,
		.more = "Stops after this stage of the compiler and prints what it made. docs/internals.md follows one "
			"network through all."},
	{"print", 0, "the network's text, with all sizes", .kind = FLAG, FIELD(print), .needs = EARLY | ONE_NETWORK,
		.more = "Also that of a network which is kept with its weights: bnc FILE.safetensors --print."},
	{"check", 0, "report mistakes only", .kind = FLAG, FIELD(check), .needs = EARLY},
	{"isa", "NAME", "kernel set: %s", .kind = READ, .read = read_isa,
		.more = "Without it, the best that this processor has; of vectors of 512 and of 256 bits the shorter ones, if "
			"most layers of a network have fewer features than the longer ones have numbers."},
	{"dtype", "TYPE", "of all numbers: f32 or f64, which takes about twice the time and memory (default f32)",
		.kind = CHOICE, .choices = dtype_names, .choose = choose_dtype,
		.more = "With f64 weights, data, results and the emitted C are double, and a run agrees with PyTorch's in "
			"float64. --save writes F64; --weights reads either."},
	{"threads", "N", "share the panels of large loops among N threads (default: the cores, where it pays)", .kind = INT,
		FIELD(threads), RANGE(1, MAX_THREADS), .more = "Results do not depend on it, to the bit."},
	{"profile", 0, "time, FLOPs, bytes and share of peak of every loop, after training", .kind = FLAG, FIELD(profile),
		.needs = TRAINING | ONE_NETWORK},
	{"recompute", 0, "less memory: make activations again for backward where that is cheap", .kind = FLAG,
		FIELD(recompute)},
	{"no-fuse", 0, "every step in a loop of its own", .kind = FLAG, FIELD(no_fuse)},
	{"color", "WHEN", "of messages: auto, always or never (auto: on a terminal, without NO_COLOR)", .kind = CHOICE,
		.choices = colour_names, .choose = choose_colour, .repeats = true,
		.more = "auto heeds NO_COLOR: if it is in the environment and not empty, there are no colours."},
	{"list-layers", 0, "layers, losses, optimizers, schedules and augmentations", .kind = ANSWER,
		.question = ASK_LAYERS},
	{"list-settings", 0, "what else a network can say", .kind = ANSWER, .question = ASK_SETTINGS},
	{"list-data", 0, "built-in data sets with their arguments", .kind = ANSWER, .question = ASK_DATA},
	{"version", 0, "of bnc", .kind = ANSWER, .question = ASK_VERSION, .letters = "vV"},
	{"help", "[WHAT]", "all of this; or one option, layer, setting, data set or topic", .kind = ANSWER,
		.question = ASK_HELP,
		.letters = "h", .more = "Options may be written without their dashes: bnc --help lr. Several words are "
			"explained one after the other."},
	{"text", "TEXT", "the manual page, or completions for a shell", .kind = ANSWER, .question = ASK_TEXT,
		.hidden = true},
};
enum { SPECS = sizeof options_table / sizeof *options_table };
_Static_assert((int)SPECS <= (int)MAX_OPTIONS, "there is room for a flag of each option");

int options_count(void)
{
	return SPECS;
}

int option_index(const char *name)
{
	for (int i = 0; i < SPECS; i++)
		if (options_table[i].kind != TITLE && options_table[i].name && strcmp(options_table[i].name, name) == 0)
			return i;
	internal_error("there is no option --%s", name);
}

int option_names(const char *names[])
{
	int count = 0;
	for (int i = 0; i < SPECS; i++)
		if (options_table[i].kind != TITLE && options_table[i].name && !options_table[i].hidden)
			names[count++] = options_table[i].name;
	return count;
}
