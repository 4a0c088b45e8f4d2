/* What is proposed for words that bnc does not know: slips of the fingers, and the words of other systems. */
#include "tool/options_table.h"
#include "network_support.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>
#include <string.h>

typedef enum Context { STATEMENT, OF_LOSS, OF_OPTIMIZER, OF_SCHEDULE, OF_AUGMENT, OF_SGD, OF_LINEAR, OF_BATCHNORM,
	OF_LEAKY_RELU, COMMAND, DATA_SET } Context;

static int list_arguments(LayerKind kind, const char *layer, const char *names[])
{
	int count = 0;
	for (const ArgumentSpec *a; (a = argument_spec(layer_find(kind, layer), count)); count++)
		names[count] = a->name;
	return count;
}

static int list_context(Context context, const char *names[], int capacity)
{
	switch (context) {
	case STATEMENT: {
		int count = layer_names(KIND_LAYER, names, capacity);
		return count + setting_names(names + count);
	}
	case OF_LOSS: return layer_names(KIND_LOSS, names, capacity);
	case OF_OPTIMIZER: return layer_names(KIND_OPTIMIZER, names, capacity);
	case OF_SCHEDULE: return layer_names(KIND_SCHEDULE, names, capacity);
	case OF_AUGMENT: return layer_names(KIND_AUGMENT, names, capacity);
	case OF_SGD: return list_arguments(KIND_OPTIMIZER, "sgd", names);
	case OF_LINEAR: return list_arguments(KIND_LAYER, "linear", names);
	case OF_BATCHNORM: return list_arguments(KIND_LAYER, "batchnorm", names);
	case OF_LEAKY_RELU: return list_arguments(KIND_LAYER, "leaky_relu", names);
	case COMMAND: return option_names(names);
	case DATA_SET: return data_names(names, capacity);
	}
	return 0;
}

/* meant: null if nothing may be proposed */
typedef struct Word { Context context; const char *word, *meant; } Word;

/* A word that has been added to bnc is no longer unknown, and is passed over. */
static bool is_there(const char *word, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(word, names[i]) == 0)
			return true;
	return false;
}

static void expect_meant(const Word *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *names[400];
		int known = list_context(words[i].context, names, 400);
		const char *near = nearest_name(words[i].word, names, known);
		if (is_there(words[i].word, names, known))
			continue;
		if (words[i].meant)
			cr_expect(near && strcmp(near, words[i].meant) == 0, "`%s`: expected `%s`, found `%s`", words[i].word,
				words[i].meant, near ? near : "nothing");
		else
			cr_expect(!near, "`%s`: expected nothing, found `%s`", words[i].word, near);
	}
}

Test(words, slips_of_the_fingers)
{
	static const Word slips[] = {
		{STATEMENT, "liner", "linear"}, {STATEMENT, "lienar", "linear"}, {STATEMENT, "linaer", "linear"},
			{STATEMENT, "lineaer", "linear"},
		{STATEMENT, "inear", "linear"}, {STATEMENT, "batchnrom", "batchnorm"}, {STATEMENT, "batchnom", "batchnorm"},
		{STATEMENT, "bathcnrom", "batchnorm"}, {STATEMENT, "batchnormm", "batchnorm"},
			{STATEMENT, "batchmorm", "batchnorm"},
		{STATEMENT, "rleu", "relu"}, {STATEMENT, "rellu", "relu"}, {STATEMENT, "reluu", "relu"},
			{STATEMENT, "rel", "relu"},
		{STATEMENT, "leaky_relo", "leaky_relu"}, {STATEMENT, "laeky_relu", "leaky_relu"},
			{STATEMENT, "leakyrelu", "leaky_relu"},
		{STATEMENT, "lekay_rleu", "leaky_relu"}, {STATEMENT, "tahn", "tanh"}, {STATEMENT, "tnh", "tanh"},
			{STATEMENT, "sigmoi", "sigmoid"},
		{STATEMENT, "sigmiod", "sigmoid"}, {STATEMENT, "simgoid", "sigmoid"}, {STATEMENT, "optimzer", "optimizer"},
		{STATEMENT, "optmizier", "optimizer"}, {STATEMENT, "optimizr", "optimizer"}, {STATEMENT, "bach", "batch"},
			{STATEMENT, "bacth", "batch"},
		{STATEMENT, "epcohs", "epochs"}, {STATEMENT, "epohs", "epochs"}, {STATEMENT, "seeed", "seed"},
			{STATEMENT, "sede", "seed"},
		{STATEMENT, "inptu", "input"}, {STATEMENT, "imput", "input"}, {STATEMENT, "los", "loss"},
			{STATEMENT, "lsos", "loss"},
		{STATEMENT, "nmae", "name"}, {OF_LOSS, "cross_entropi", "cross_entropy"},
			{OF_LOSS, "crosentropy", "cross_entropy"},
		{OF_LOSS, "cross_entrpy", "cross_entropy"}, {OF_LOSS, "corss_entorpy", "cross_entropy"},
			{OF_LOSS, "mes", "mse"}, {OF_LOSS, "msee", "mse"},
		{OF_OPTIMIZER, "sdg", "sgd"}, {OF_OPTIMIZER, "sgdd", "sgd"}, {OF_SGD, "momentun", "momentum"},
			{OF_SGD, "momemtum", "momentum"},
		{OF_SGD, "wieght_decay", "weight_decay"}, {OF_SGD, "weigth_deacy", "weight_decay"},
			{OF_SGD, "nestorov", "nesterov"},
		{OF_LINEAR, "bais", "bias"}, {OF_LINEAR, "biass", "bias"}, {OF_BATCHNORM, "momentm", "momentum"},
			{OF_BATCHNORM, "afine", "affine"},
		{OF_LEAKY_RELU, "slop", "slope"}, {COMMAND, "trian", "train"}, {COMMAND, "tarin", "train"},
			{COMMAND, "epoches", "epochs"},
		{COMMAND, "bacth", "batch"}, {COMMAND, "sedd", "seed"}, {COMMAND, "wieghts", "weights"},
			{COMMAND, "weigths", "weights"},
		{COMMAND, "summery", "summary"}, {COMMAND, "explian", "explain"}, {COMMAND, "emti", "emit"},
			{COMMAND, "emmit", "emit"},
		{COMMAND, "inferrence", "inference"}, {COMMAND, "prefxi", "prefix"}, {COMMAND, "no-shufle", "no-shuffle"},
		{COMMAND, "noshuffle", "no-shuffle"}, {COMMAND, "max_batch", "max-batch"},
			{COMMAND, "list-layer", "list-layers"},
		{COMMAND, "recompte", "recompute"}, {COMMAND, "queit", "quiet"}, {COMMAND, "quite", "quiet"},
			{COMMAND, "versoin", "version"},
		{COMMAND, "threds", "threads"}, {COMMAND, "EPOCHS", "epochs"}, {DATA_SET, "moon", "moons"},
			{DATA_SET, "mons", "moons"},
		{DATA_SET, "cirlces", "circles"}, {DATA_SET, "sprials", "spirals"}, {DATA_SET, "blob", "blobs"},
	};
	expect_meant(slips, sizeof slips / sizeof *slips);
}

Test(words, words_of_other_systems)
{
	static const Word foreign[] = {
		{STATEMENT, "Dense", "linear"}, {STATEMENT, "fc", "linear"}, {STATEMENT, "Linear", "linear"},
			{STATEMENT, "FullyConnected", "linear"},
		{STATEMENT, "bn", "batchnorm"}, {STATEMENT, "BatchNorm1d", "batchnorm"},
			{STATEMENT, "BatchNorm2d", "batchnorm"},
		{STATEMENT, "batch_norm", "batchnorm"}, {STATEMENT, "BatchNormalization", "batchnorm"},
			{STATEMENT, "ReLU", "relu"},
		{STATEMENT, "LeakyReLU", "leaky_relu"}, {STATEMENT, "lrelu", "leaky_relu"}, {STATEMENT, "Tanh", "tanh"},
			{STATEMENT, "Sigmoid", "sigmoid"},
		{STATEMENT, "batch_size", "batch"}, {STATEMENT, "batchsize", "batch"}, {STATEMENT, "bs", "batch"},
			{STATEMENT, "epoch", "epochs"},
		{STATEMENT, "num_epochs", "epochs"}, {STATEMENT, "n_epochs", "epochs"}, {STATEMENT, "optimiser", "optimizer"},
		{STATEMENT, "lr_scheduler", "schedule"}, {STATEMENT, "scheduler", "schedule"},
		{OF_SCHEDULE, "cosine_annealing", "cosine"}, {OF_SCHEDULE, "OneCycleLR", "one_cycle"},
		{OF_SCHEDULE, "StepLR", "step"}, {OF_SCHEDULE, "multi_step", 0}, {OF_SCHEDULE, "ExponentialLR", "exponential"},
		{OF_SCHEDULE, "reduce_on_plateau", 0},
		{OF_SCHEDULE, "warmup", "warmup_cosine"},
		{STATEMENT, "augmentation", "augment"}, {STATEMENT, "transforms", "augment"},
		{OF_AUGMENT, "RandomCrop", "random_crop"}, {OF_AUGMENT, "hflip", "random_horizontal_flip"},
			{OF_AUGMENT, "RandomHorizontalFlip", "random_horizontal_flip"},
		{OF_AUGMENT, "RandomVerticalFlip", 0}, {OF_AUGMENT, "RandomResizedCrop", 0}, {OF_AUGMENT, "random_rotation", 0},
		{STATEMENT, "criterion", "loss"}, {STATEMENT, "input_shape", "input"}, {STATEMENT, "input_size", "input"},
		{STATEMENT, "random_seed", "seed"}, {STATEMENT, "random_state", "seed"}, {STATEMENT, "manual_seed", "seed"},
		{OF_LOSS, "CrossEntropyLoss", "cross_entropy"}, {OF_LOSS, "CrossEntropy", "cross_entropy"},
			{OF_LOSS, "nll", "cross_entropy"},
		{OF_LOSS, "categorical_crossentropy", "cross_entropy"}, {OF_LOSS, "sparse_categorical_crossentropy",
			"cross_entropy"},
		{OF_LOSS, "MSELoss", "mse"}, {OF_LOSS, "mean_squared_error", "mse"}, {OF_LOSS, "MSE", "mse"},
			{OF_LOSS, "l2", "mse"},
		{OF_OPTIMIZER, "SGD", "sgd"}, {OF_OPTIMIZER, "gradient_descent", "sgd"}, {OF_SGD, "learning_rate", "lr"},
			{OF_SGD, "eta", "lr"}, {OF_SGD, "max_norm", "clip"}, {OF_SGD, "clip_grad_norm_", "clip"},
		{OF_SGD, "gradient_accumulation_steps", "accumulate"}, {OF_SGD, "acumulate", "accumulate"},
		{OF_SGD, "wd", "weight_decay"}, {OF_SGD, "l2", "weight_decay"}, {OF_SGD, "weightDecay", "weight_decay"},
			{OF_LINEAR, "units", "out"},
		{OF_LINEAR, "out_features", "out"}, {OF_LINEAR, "in_features", "in"}, {OF_LINEAR, "use_bias", "bias"},
		{OF_BATCHNORM, "epsilon", "eps"}, {OF_BATCHNORM, "num_features", "features"},
			{OF_LEAKY_RELU, "negative_slope", "slope"},
		{OF_LEAKY_RELU, "alpha", "slope"}, {COMMAND, "learning-rate", "lr"}, {COMMAND, "learning_rate", "lr"},
			{COMMAND, "batch-size", "batch"},
		{COMMAND, "epoch", "epochs"}, {COMMAND, "num-epochs", "epochs"}, {COMMAND, "data", "train"},
			{COMMAND, "dataset", "train"},
		{COMMAND, "iterations", "steps"}, {COMMAND, "max-steps", "steps"}, {COMMAND, "random-seed", "seed"},
			{COMMAND, "load", "weights"},
		{COMMAND, "save-weights", "save"}, {COMMAND, "silent", "quiet"}, {COMMAND, "jobs", "threads"},
			{COMMAND, "num-threads", "threads"},
		{COMMAND, "march", "isa"}, {COMMAND, "export", "emit"}, {COMMAND, "dry-run", "check"},
			{COMMAND, "log-file", "log"},
		{COMMAND, "colour", "color"}, {COMMAND, "datasets", "list-data"}, {DATA_SET, "make_moons", "moons"},
			{DATA_SET, "two_moons", "moons"},
		{STATEMENT, "Conv2D", "conv2d"}, {STATEMENT, "MaxPool", "maxpool2d"},
		/* what bnc has nothing for: no neighbour in the alphabet will do */
		{STATEMENT, "dropout", 0}, {STATEMENT, "dropout2d", 0},
		{STATEMENT, "LogSoftmax", "log_softmax"}, {STATEMENT, "Softmax", "softmax"},
			{STATEMENT, "GELU", "gelu"}, {STATEMENT, "swish", "silu"}, {STATEMENT, "selu", 0},
			{STATEMENT, "PReLU", 0},
		{STATEMENT, "ReLU6", "relu6"}, {STATEMENT, "hardtanh", 0}, {STATEMENT, "lstm", 0}, {STATEMENT, "embedding", 0},
		{STATEMENT, "layernorm", 0}, {OF_LOSS, "mae", "l1"}, {OF_LOSS, "L1Loss", "l1"},
			{OF_LOSS, "SmoothL1Loss", "huber"}, {OF_LOSS, "HuberLoss", "huber"}, {OF_LOSS, "rmse", 0},
			{OF_LOSS, "BCEWithLogitsLoss", "bce"}, {OF_LOSS, "binary_crossentropy", "bce"},
			{OF_LOSS, "hinge", 0}, {OF_OPTIMIZER, "adamax", 0},
		{OF_OPTIMIZER, "Adam", "adam"}, {OF_OPTIMIZER, "asgd", 0}, {OF_SGD, "beta1", 0}, {OF_SGD, "eps", 0},
		{COMMAND, "predict", 0}, {COMMAND, "valid", 0}, {COMMAND, "eval", 0}, {COMMAND, "resume", 0},
			{COMMAND, "checkpoint", 0},
		{COMMAND, "device", 0}, {COMMAND, "gpu", 0}, {COMMAND, "verbose", 0}, {COMMAND, "shuffle", 0},
			{COMMAND, "test", 0}, {COMMAND, "plot", 0},
		{COMMAND, "verify", 0}, {COMMAND, "target", 0}, {COMMAND, "json", 0}, {COMMAND, "format", 0},
			{COMMAND, "debug", 0}, {COMMAND, "all", 0},
		{COMMAND, "nothing", 0}, {COMMAND, "labels", 0}, {COMMAND, "dim", 0}, {COMMAND, "", 0}, {COMMAND, "-", 0},
			{STATEMENT, "x", 0},
		{STATEMENT, "lr", 0}, {STATEMENT, "to", 0}, {STATEMENT, "if", 0}, {STATEMENT, "_", 0}, {DATA_SET, "mnist", 0},
			{DATA_SET, "iris", 0},
	};
	expect_meant(foreign, sizeof foreign / sizeof *foreign);
}

/* The last words between ` and ` of all that is said of a network. */
static bool last_proposal(const char *text, char *out, size_t size)
{
	char *said = 0;
	size_t length;
	Failure failure;
	Compilation c = {.options = {.target = kernel_sets[0], .fuse = true}};
	bool ok = try_with_options(&c, text, STAGE_NETWORK, &failure);
	FILE *stream = open_memstream(&said, &length);
	diagnostics_print(c.diagnostics, stream);
	fclose(stream);
	char *newline = strchr(said, '\n');
	if (newline)
		*newline = 0;
	char *end = strrchr(said, '`'), *begin = end;
	while (begin && begin > said && begin[-1] != '`')
		begin--;
	snprintf(out, size, "%.*s", end ? (int)(end - begin) : 0, begin ? begin : "");
	free(said);
	compilation_close(&c);
	return ok;
}

Test(words, statements_that_are_proposed_are_taken)
{
	static const struct { const char *written, *proposed; } cases[] = {
		{"lr=0.1", "optimizer sgd lr=0.1"}, {"lr = 1", "optimizer sgd lr=1"},
			{"learning_rate = 1e-3", "optimizer sgd lr=1e-3"},
		{"lr = fast", "optimizer sgd lr=0.01"}, {"lr = -1", "optimizer sgd lr=0.01"}, {"lr =", "optimizer sgd lr=0.01"},
		{"lr = 1e999", "optimizer sgd lr=0.01"}, {"momentum = 0.9", "optimizer sgd momentum=0.9"},
			{"wd = 1e-4", "optimizer sgd weight_decay=1e-4"},
		{"nesterov = true", "optimizer sgd nesterov=true momentum=0.9"}, {"nesterov = 1",
			"optimizer sgd nesterov=true momentum=0.9"},
		{"batch = 64", "batch 64"}, {"batch_size=64", "batch 64"}, {"batch = 0", "batch 32"},
			{"batch = 1e3", "batch 32"}, {"batch = all", "batch 32"},
		{"epochs = 10 # ten", "epochs 10"}, {"num_epochs=5", "epochs 5"}, {"epochs = -5", "epochs 10"},
			{"epochs = 99999999999", "epochs 10"},
		{"seed = 0", "seed 0"}, {"seed = 18446744073709551615", "seed 18446744073709551615"},
			{"seed = 18446744073709551616", "seed 0"},
		{"name = moons", "name moons"}, {"name = 3", "name net"}, {"loss = mse", "loss mse"},
			{"loss = MSELoss", "loss mse"},
		{"criterion = unheard", "loss cross_entropy"}, {"mse = 1", "loss mse"}, {"optimizer = SGD", "optimizer sgd"},
		{"optimizer = adam", "optimizer adam"}, {"optimizer = lamb", "optimizer sgd lr=0.01"},
			{"beta1 = 0.8", "optimizer adam beta1=0.8"},
		{"beta1 = 5", "optimizer adam beta1=0.9"}, {"WIDTH = 64", "let WIDTH = 64"},
			{"SHARE = 0.5", "let SHARE = 0.5"},
		{"BIAS = true", "let BIAS = true"}, {"WIDTH = OTHER", "let WIDTH = 64"}, {"dropout = 0.5", "dropout"},
		{"fc1 = linear(2, 64)", "fc1: linear 64"}, {"act = ReLU()", "act: relu"}, {"linear = 64", "linear 64"},
			{"dense = 64", "linear 64"},
		{"linear = 2x3", "linear 64"}, {"relu = true", "relu"}, {"skip = 1", "residual { relu }"},
			{"x = res_block()", "x: residual { relu }"}, {"lr 0.1", "optimizer sgd lr=0.1"},
			{"lr -0.1", "optimizer sgd lr=0.01"},
		{"lr", "optimizer sgd lr=0.01"}, {"nesterov true", "optimizer sgd nesterov=true momentum=0.9"},
			{"MSELoss", "loss mse"}, {"SGD", "optimizer sgd"},
		{"scheduler = OneCycleLR", "schedule one_cycle 0.1"}, {"schedule = cosine", "schedule cosine"},
			{"schedule = unheard", "schedule constant"}, {"StepLR", "schedule step 30"},
			{"CosineAnnealingLR = 1", "schedule cosine"}, {"exponential = 0.5", "schedule exponential 0.9"},
			{"steps = 10", "let steps = 10"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[200], proposed[100], none[100];
		snprintf(text, sizeof text, "linear 2 2\n%s\n", cases[i].written);
		cr_assert_not(last_proposal(text, proposed, sizeof proposed), "%s", text);
		cr_expect_str_eq(proposed, cases[i].proposed, "%s: `%s`", cases[i].written, proposed);
		snprintf(text, sizeof text, "linear 2 2\n%s\n", proposed);
		cr_expect(last_proposal(text, none, sizeof none), "`%s` is proposed for `%s`, but not taken", proposed,
			cases[i].written);
	}
	char proposed[100];
	cr_assert_not(last_proposal("input_shape = 1x2\nlinear 2 2\n", proposed, sizeof proposed));
	cr_expect_str_eq(proposed, "input 1x2");
}

static bool has_help(const char *word, Failure *failure)
{
	fflush(stdout);
	int output = dup(STDOUT_FILENO), nothing = open("/dev/null", O_WRONLY);
	cr_assert(dup2(nothing, STDOUT_FILENO) >= 0);
	bool found = print_help(word, failure);
	fflush(stdout);
	dup2(output, STDOUT_FILENO);
	close(output);
	close(nothing);
	return found;
}

/* Every word of the language, of the command line and of the environment has help. */
Test(words, help_on_each)
{
	static const char *const more[] = {
		"let", "repeat", "block", "residual", "label", "labels", "statements", "comments", "shapes", "true", "false",
		"values", "NO_COLOR", "TERM",
		"environment", "status", "SIGTERM", "safetensors", "state_dict", "last-finite", "e", "o", "q", "h", "V", "--lr",
		"-o", "--lr=3",
	};
	enum { MOST = 64 };
	const char *names[MAX_OPTIONS + 6 * MOST];
	int count = option_names(names);
	for (LayerKind kind = KIND_LAYER; kind <= LAST_KIND; kind++)
		count += layer_names(kind, names + count, MOST);
	count += setting_names(names + count);
	count += statement_names(names + count);
	count += data_names(names + count, MOST);
	Failure failure;
	for (int i = 0; i < count; i++)
		cr_expect(has_help(names[i], &failure), "%s", failure.text);
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		cr_expect(has_help(more[i], &failure), "%s", failure.text);
	const ArgumentSpec *a;
	for (int i = 0; layers[i]; i++)
		for (int k = 0; (a = argument_spec(layers[i], k)); k++)
			cr_expect(has_help(a->name, &failure), "%s", failure.text);
	for (int i = 0; i < options_count(); i++)
		for (const char *const *choice = options_table[i].choices; choice && *choice && !options_table[i].hidden;
			choice++)
			cr_expect(has_help(*choice, &failure), "%s", failure.text);
	for (int i = 0; kernel_sets[i]; i++)
		cr_expect(has_help(kernel_sets[i]->name, &failure), "%s", failure.text);
	for (const Topic *topic = topics; topic->name; topic++)
		cr_expect(has_help(topic->name, &failure), "%s", failure.text);
	cr_expect(has_help("noise", &failure) && has_help("centers", &failure), "%s", failure.text);
	cr_expect_not(has_help("xyzzy", &failure));
}
