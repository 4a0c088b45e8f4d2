/* The topics that --help and the manual explain besides the options. An indented line is an example and is printed
 * unchanged. */
#include "options_table.h"
#include <string.h>

static void list_examples(FILE *out)
{
	fputs("  bnc net.net                                     what is in it: shapes, parameters, memory\n"
		"  bnc net.net --train moons --save net.st         train, and keep the weights\n"
		"  bnc a.net b.net --train data.npz --epochs 20    two networks on the same batches\n"
		"  bnc net.net --weights net.st --emit net.c       C for another program, with these weights\n"
		"  bnc -e 'linear 2 64; relu; linear 64 2' --train moons\n", out);
}

static const struct { const char *name, *form, *help; } statements[] = {
	{"let", "let NAME = VALUE", "names a value, from here to the end of the braces around it: let WIDTH = 64"},
	{"repeat", "repeat N { ... }", "the statements in braces, N times"},
	{"block", "block NAME(a, b) { ... }", "defines a block, which `NAME 1 2` uses; (a, b) may be left out"},
	{"residual", "residual { main } [{ shortcut }]", "adds its input, or the shortcut's result, to main's result"},
	{"label", "LABEL: NAME ...", "gives a layer's tensors a name instead of a number: head: linear 2 has head.weight"},
};
enum { STATEMENTS = sizeof statements / sizeof *statements };

bool statement_print(const char *name, FILE *out)
{
	bool found = false;
	for (int i = 0; i < STATEMENTS; i++)
		if (!name || strcmp(statements[i].name, name) == 0) {
			fprintf(out, "  %s\n      %s\n", statements[i].form, statements[i].help);
			found = true;
		}
	return found;
}

int statement_names(const char *names[])
{
	for (int i = 0; i < STATEMENTS; i++)
		names[i] = statements[i].name;
	return STATEMENTS;
}

static void list_statements(FILE *out)
{
	statement_print(0, out);
}

const Topic topics[] = {
	{"networks", "language net syntax statements values shapes true false comments labels names braces", "Networks",
		"A network is a text of statements, each on a line or separated by `;`. # begins a comment. A layer is its "
		"name and its values: `linear 2 64` has 2 inputs and 64 outputs, and sizes that follow from the layer before "
		"may be left out. A setting is its name and its value. Values are whole numbers (64), real ones (0.1, 1e-4), "
		"true and false, shapes (1x28x28) and names of values. Everything but the layers may be left out.",
		list_statements},
	{"layers", "losses optimizers schedules augmentations", "Layers", 0, layer_list},
	{"settings", 0, "Settings", 0, setting_list},
	{"data", "datasets npz sets numpy", "Data",
		"--train takes a built-in set, with parameters after a colon, or a file.", data_list},
	{"training", "learning epoch progress bar accuracy evaluation", "Training",
		"Each epoch goes once through the data in batches, in an order that the seed draws, and prints a line with "
		"the mean loss of its batches. On a terminal a bar shows the epoch, the loss of the last step and the time "
		"that is left. Several networks train side by side on the same batches. Options take the place of the "
		"network's own settings. Ctrl-C ends the training after its step, and all files are written; a second one "
		"ends bnc at once and leaves the files as they were, but for the log. The weights are written first; then a "
		"classifier is run on all of the data, which Ctrl-C ends, too, and --no-eval leaves out.", 0},
	{"files", "formats safetensors logs state_dict jsonl last-finite", "Files",
		"Weights are safetensors with the names of PyTorch's state_dict. Logs are JSON Lines. Files are written "
		"beside their target and renamed over it, so that a run that is killed leaves the old file or the new one. A "
		"file that cannot be replaced or has several names is written over, once there is room for all of it. A log "
		"grows by whole lines. `--save -` and `--log -` write to standard output.", 0},
	{"embedding", "c code emitted", "Embedding",
		"--emit writes C99 without heap, stdio or state of its own: a struct, functions to initialise, train, "
		"predict, save and load, and a table of the tensors. --inference writes prediction alone. --emit-test writes "
		"a program that tests it on its target.", 0},
	{"environment", "variables NO_COLOR TERM", "Environment",
		"NO_COLOR: if it is not empty, messages have no colours unless --color=always. TERM: if it is missing or "
		"`dumb`, there are no colours, and lines instead of a bar.", 0},
	{"status", "exit signals SIGINT SIGTERM ctrl-c", "Exit status",
		"0 done, 1 the network is wrong, 2 the command line is wrong, 3 data or files are wrong or the loss is not "
		"finite, 4 a fault of bnc, 128 + N stopped by signal N after a step, with all files written. Signals are "
		"SIGINT (2, Ctrl-C), SIGTERM (15), SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM, SIGVTALRM, SIGPROF, "
		"and SIGPIPE (13) when nobody reads the output any more; one that comes after the last step stops nothing but "
		"the evaluation. If the output cannot be written for another reason, the training goes on and the status is 3.",
		0},
	{"examples", "example", "Examples", 0, list_examples},
	{0},
};
