/* What --help and the manual say beside the options. An indented line is an example and is printed as it is. */
#include "options_table.h"

static void list_examples(FILE *out)
{
	fputs("  bnc net.net                                     what is in it: shapes, parameters, memory\n"
		"  bnc net.net --train moons --save net.st         train, and keep the weights\n"
		"  bnc a.net b.net --train data.npz --epochs 20    two networks on the same batches\n"
		"  bnc net.net --weights net.st --emit net.c       C for another program, with these weights\n"
		"  bnc -e 'linear 2 64; relu; linear 64 2' --train moons\n", out);
}

const Topic topics[] = {
	{"networks", "language net syntax statements", "Networks",
		"A network is a text of statements, each on a line or separated by `;`. # begins a comment. A layer is its name and its values: "
		"`linear 2 64` has 2 inputs and 64 outputs, and sizes that follow from the layer before may be left out. A setting is its name "
		"and its value. `let WIDTH = 64` names a value, `repeat 3 { ... }` repeats, `block NAME(a) { ... }` defines a block, "
		"`residual { ... }` adds its input to its result, and `head: linear 2` gives a layer a name. Everything but the layers may "
		"be left out.", 0},
	{"layers", "losses optimizers", "Layers", 0, layer_list},
	{"settings", 0, "Settings", 0, setting_list},
	{"data", "datasets npz sets", "Data",
		"--train takes a built-in set, with parameters after a colon, or a file.", data_list},
	{"training", "learning epoch progress", "Training",
		"Each epoch goes once through the data in batches, in an order that the seed draws, and prints a line with the mean loss of its "
		"batches. On a terminal a bar shows the epoch, the loss of the last step and the time that is left. Several networks train side "
		"by side on the same batches. Options take the place of the network's own settings. Ctrl-C ends the training after its step, "
		"and all files are written; a second one ends bnc at once and leaves the files as they were, but for the log. The weights are "
		"written first; then a classifier is run on all of the data, which Ctrl-C ends, too, and --no-eval leaves out.", 0},
	{"files", "formats safetensors logs", "Files",
		"Weights are safetensors with the names of PyTorch's state_dict. Logs are JSON Lines. Files are written beside their target and "
		"renamed over it, so that a run that is killed leaves the old file or the new one. A file that cannot be replaced or has several "
		"names is written over, once there is room for all of it. A log grows by whole lines. `--save -` and `--log -` write to standard "
		"output.", 0},
	{"embedding", "c code emitted", "Embedding",
		"--emit writes C99 without heap, stdio or state of its own: a struct, functions to initialise, train, predict, save and load, and "
		"a table of the tensors. --inference writes prediction alone. --emit-test writes a program that tests it on its target.", 0},
	{"environment", "variables", "Environment",
		"NO_COLOR: if it is not empty, messages have no colours unless --color=always. TERM: if it is missing or `dumb`, there are no "
		"colours, and lines instead of a bar.", 0},
	{"status", "exit signals", "Exit status",
		"0 done, 1 the network is wrong, 2 the command line is wrong, 3 data or files are wrong or the loss is not finite, 4 a fault of "
		"bnc, 128 + N stopped by signal N after a step, with all files written. Signals are SIGINT (2, Ctrl-C), SIGTERM (15), SIGHUP, "
		"SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM, SIGVTALRM, SIGPROF, and SIGPIPE (13) when nobody reads the output any more; one that "
		"comes after the last step stops nothing but the evaluation. If the output cannot be written for another reason, the training "
		"goes on and the status is 3.", 0},
	{"examples", "example", "Examples", 0, list_examples},
	{0},
};
