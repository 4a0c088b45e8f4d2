/* Checks which options go together. */
#include "options_table.h"
#include <limits.h>
#include <string.h>

static bool check_needs(const CommandLine *options, const bool *given, Failure *failure)
{
	const char *early = 0;
	for (int i = 0; i < options_count(); i++) {
		const char *name = options_table[i].name;
		int needs = given[i] ? options_table[i].needs : 0;
		if (needs & EARLY && early)
			return fail(failure, "--%s and --%s do not go together: give one of them", early, name);
		if (needs & EARLY)
			early = name;
		if (needs & TRAINING && !options->train)
			return fail(failure, "--%s needs --train DATA", name);
		if (needs & DATA && !options->train && !options->eval && !options->predict)
			return fail(failure, "--%s needs --train, --eval or --predict DATA", name);
		if (needs & RESULTS && !options->train && !has_weights(options))
			return fail(failure, "--%s needs weights: give --weights FILE, or --train DATA in the same command", name);
		if (needs & EMISSION && !options->emit.path)
			return fail(failure, "--%s needs --emit FILE.c", name);
		if (needs & A_LOG && !options->log)
			return fail(failure, "--%s needs --log FILE", name);
		if (needs & A_CHECKPOINT && !options->checkpoint)
			return fail(failure, "--%s needs --checkpoint FILE", name);
		if (needs & A_SWEEP && !is_sweep(options))
			return fail(failure, "--%s needs --sweep NAME=VALUES, --seeds N or --map", name);
		if (needs & ONE_NETWORK && options->network_count > 1)
			return fail(failure, "--%s is for one network, but %d are given", name, options->network_count);
	}
	for (int i = 0; early && i < options_count(); i++)
		if (given[i] && options_table[i].needs & WHOLE)
			return fail(failure, "--%s stops before there is anything for --%s: give one of them", early,
				options_table[i].name);
	return true;
}

/* Lists what this run does that an option could affect. */
static int list_uses(const CommandLine *options)
{
	int uses = 0;
	uses |= options->train ? BY_TRAINING : 0;
	uses |= options->emit.path ? BY_EMISSION : 0;
	uses |= options->save && !has_weights(options) ? BY_SAVING : 0;     /* the initial weights are saved */
	uses |= options->summary ? BY_SUMMARY : 0;
	uses |= options->explain ? BY_EXPLANATION : 0;
	uses |= options->verify ? BY_VERIFICATION : 0;
	uses |= options->check ? BY_CHECK : 0;
	uses |= options->emit.ram ? BY_RAM : 0;
	uses |= options->print || options->dump == STAGE_NETWORK ? BY_NETWORK : 0;
	uses |= options->dump > STAGE_NETWORK ? BY_STEPS : 0;
	return uses;
}

static bool check_uses(const CommandLine *options, const bool *given, Failure *failure)
{
	static const struct { int use; const char *option; } ways[] = {
		{BY_TRAINING, "--train DATA"}, {BY_EMISSION, "--emit FILE.c"}, {BY_SAVING, "--save FILE (of initial weights)"},
		{BY_SUMMARY, "--summary"}, {BY_EXPLANATION, "--explain"}, {BY_VERIFICATION, "--verify"},
	};
	enum { WAYS = sizeof ways / sizeof *ways };
	int uses = list_uses(options);
	for (int i = 0; i < options_count(); i++) {
		int wanted = options_table[i].uses, count = 0;
		const char *names[WAYS];
		char list[200];
		if (!given[i] || !wanted || wanted & uses)
			continue;
		for (int k = 0; k < WAYS; k++)
			if (wanted & ways[k].use)
				names[count++] = ways[k].option;
		join_choices(list, sizeof list, names, count);
		return fail(failure, "nothing is trained, so --%s has no effect: give %s with it", options_table[i].name, list);
	}
	return true;
}

/* Refuses to write a file twice, or over a network, the data or the weights. But --save may replace a file of weights
 * that is read. */
static bool check_paths(const CommandLine *options, Failure *failure)
{
	char header[PATH_MAX] = "", data[4][PATH_MAX] = {"", "", "", ""};
	const char *const read[] = {options->train, options->eval, options->predict,
		options->valid_fraction > 0 ? 0 : options->valid};
	for (int i = 0; i < 4; i++)
		if (read[i])
			snprintf(data[i], sizeof data[i], "%.*s", (int)data_path_length(read[i]), read[i]);
	if (options->emit.path)
		snprintf(header, sizeof header, "%.*s.h", (int)strlen(options->emit.path) - 2, options->emit.path);
	const struct { const char *option, *path; } outputs[] = {
		{"--save", options->save}, {"--checkpoint", options->checkpoint}, {"--log", options->log},
		{"--predict", options->predictions}, {"--runs", options->sweep.runs},
		{"--plot", options->plots[PLOT_CURVES].path}, {"--plot boundary", options->plots[PLOT_BOUNDARY].path},
		{"--plot confusion", options->plots[PLOT_CONFUSION].path}, {"--tensorboard", options->tensorboard},
		{"--health", options->health},
		{"--emit", options->emit.path},
		{"--emit-test", options->emit.test_path},
		{"the header of --emit", options->emit.single_header || !*header ? 0 : header},
	};
	enum { OUTPUTS = sizeof outputs / sizeof *outputs };
	for (int i = 0; i < OUTPUTS; i++) {
		const char *path = outputs[i].path;
		for (int k = 0; path && k < i; k++)
			if (outputs[k].path && is_same_file(outputs[k].path, path))
				return fail(failure, "%s and %s would both write %s: give each a file of its own", outputs[k].option,
					outputs[i].option, path);
		for (int k = 0; path && k < options->network_count; k++)
			if (!options->networks[k].text
				&& !(options->networks[k].saved && (path == options->save || path == options->checkpoint))
				&& is_same_file(options->networks[k].path, path))
				return fail(failure, "%s would write over the network %s: give another file", outputs[i].option, path);
		for (int k = 0; path && k < 4; k++)
			if (*data[k] && is_same_file(data[k], path))
				return fail(failure, "%s would write over the data %s: give another file", outputs[i].option, path);
		if (path && path != options->checkpoint && options->resume && is_same_file(options->resume, path))
			return fail(failure, "%s would write over the checkpoint %s: give another file", outputs[i].option, path);
		if (path && path != options->save && options->weights && is_same_file(options->weights, path))
			return fail(failure, "%s would write over the weights %s: give another file", outputs[i].option, path);
	}
	return true;
}

static bool check_windows(const CommandLine *options, Failure *failure)
{
	const bool known = options->resume || (!options->suggest && has_weights(options));
	if (options->data.stride && !options->data.window && !known)
		return fail(failure, "--stride is how many rows lie between the beginnings of windows: give --window N, too");
	if (options->data.window && options->data.missing == MISSING_DROP)
		return fail(failure, "--missing drop would take rows out of the middle of windows: give --missing mean");
	return true;
}

static bool is_page(const char *path)
{
	const size_t length = strlen(path);
	return length > 5 && strcmp(path + length - 5, ".html") == 0;
}

/* Standard input can be read once; and each row that is to be predicted must be there. */
static bool check_data_options(const CommandLine *options, Failure *failure)
{
	const char *const read[] = {options->train, options->eval, options->predict, options->valid};
	int streams = 0;
	for (int i = 0; i < 4; i++)
		streams += read[i] && strcmp(read[i], "-") == 0;
	if (streams > 1)
		return fail(failure, "standard input can be read once, but is named as data %d times: give files", streams);
	if (!check_windows(options, failure))
		return false;
	if (options->patience && !options->valid)
		return fail(failure, "--patience waits for a smaller loss on data that are not trained on: give --valid 0.2, "
			"or --valid DATA");
	if (options->tensorboard && (!*options->tensorboard || strcmp(options->tensorboard, "-") == 0))
		return fail(failure, "--tensorboard takes a folder, found `%s`", options->tensorboard);
	if (options->health && !is_page(options->health))
		return fail(failure, "--health writes FILE.html, found `%.200s`", options->health);
	if (options->resume && options->weights)
		return fail(failure, "--resume goes on with the weights of the checkpoint: leave out --weights");
	if (options->json && !options->eval)
		return fail(failure, "--json is for the report of --eval DATA: give it, too");
	if (options->predictions && !options->predict)
		return fail(failure, "-o %.200s is for what --predict DATA finds: give it, too", options->predictions);
	if (options->predict && !options->train && !options->eval && options->data.missing == MISSING_DROP)
		return fail(failure, "--missing drop would leave out rows that --predict should tell something of: give "
			"--missing mean to the training, or fill them in");
	return true;
}

/* What is of one run, and what would be given twice. */
static bool check_sweep(const CommandLine *options, const bool *given, Failure *failure)
{
	static const char *const alone[] = {"eval", "json", "predict", "save", "checkpoint", "resume", "log", "emit",
		"summary", "verify", "explain", "dump", "print", "check", "profile", "until", "ram", "precise-bn", "health"};
	static const char *const also[] = {"lr", "batch", "epochs"};
	const SweepOptions *s = &options->sweep;
	const char *word = s->map ? "map" : s->axes.count ? "sweep" : "seeds";
	if (s->map && given[option_index("sweep")])
		return fail(failure, "--map varies its two axes, and --sweep would vary more: give one of them");
	if (s->map == 1)
		return fail(failure, "--map has two axes, but only %s is given: as in --map lr=log:1e-4:100:256 "
			"init=log:0.01:100:256", s->axes.items[0].name);
	for (size_t i = 0; is_sweep(options) && i < sizeof alone / sizeof *alone; i++)
		if (given[option_index(alone[i])])
			return fail(failure, "--%s is of one run, and --%s makes several: leave one of them out", alone[i], word);
	if (is_sweep(options) && options->overrides.epochs == 0 && options->steps == 0)
		return fail(failure, "--epochs 0 trains nothing, so that --%s has nothing to compare", word);
	for (int i = 0; i < s->definitions.count + s->axes.count; i++) {
		const int axis = i - s->definitions.count;
		const char *name = axis < 0 ? s->definitions.items[i].name : s->axes.items[axis].name;
		const char *option = axis < 0 ? "-D" : s->map ? "--map" : "--sweep";
		for (size_t k = 0; k < sizeof also / sizeof *also; k++)
			if (strcmp(name, also[k]) == 0 && given[option_index(name)])
				return fail(failure, "%s %s and --%s are the same: give one of them", option, name, name);
		if (strcmp(name, "init") == 0 && (options->weights || options->emit.path || options->resume))
			return fail(failure, "%s init scales initial weights, and --%s has %s: leave one of them out", option,
				options->weights ? "weights" : options->resume ? "resume" : "emit",
				options->emit.path ? "a function that draws them as they are" : "others");
		for (int k = 0; k < i && k < s->definitions.count; k++)
			if (strcmp(name, s->definitions.items[k].name) == 0)
				return fail(failure, "%s %s is given a value by -D already: give it once", option, name);
	}
	if (s->runs && !is_sweep(options) && !s->merge)
		return fail(failure, "--runs needs --sweep NAME=VALUES, --seeds N or --map; --log is of one run");
	return true;
}

static bool check_plots(const CommandLine *options, Failure *failure)
{
	const SweepOptions *s = &options->sweep;
	const char *several = s->merge ? "merge" : s->map ? "map" : s->axes.count ? "sweep" : s->seeds ? "seeds" : 0;
	for (int i = 0; i < PLOT_KINDS; i++) {
		const PlotOption *plot = &options->plots[i];
		if (plot->path && !plot_check(plot->path, failure))
			return false;
		if (!plot->given)
			continue;
		if (i == PLOT_CURVES && !options->train && !s->merge)
			return fail(failure, "--plot shows what comes of a training: give --train DATA, or --merge FILE.jsonl");
		if (i != PLOT_CURVES && several)
			return fail(failure, "--plot %s is of one run, and --%s has several: leave one of them out", plot_names[i],
				several);
		if (i != PLOT_CURVES && !options->train && !options->eval)
			return fail(failure, "--plot %s shows a trained network and data: give --train DATA, or weights and "
				"--eval DATA", plot_names[i]);
	}
	return true;
}

/* Whether nothing is given but what `with` names, a null after the last, and options of any run. */
static bool check_alone(const char *const *with, const char *takes, const bool *given, Failure *failure)
{
	for (int i = 0; i < options_count(); i++) {
		const char *name = options_table[i].name ? options_table[i].name : "e";
		bool fits = strcmp(name, "color") == 0 || strcmp(name, "quiet") == 0;
		for (const char *const *word = with; *word; word++)
			fits |= strcmp(name, *word) == 0;
		if (given[i] && !fits)
			return fail(failure, "%s: leave out --%s", takes, name);
	}
	return true;
}

/* With --merge the files have runs, and nothing is trained. */
static bool check_merge(const bool *given, Failure *failure)
{
	static const char *const with[] = {"merge", "runs", "plot", 0};
	return check_alone(with, "--merge takes files of runs, and --runs FILE.jsonl for all of them", given, failure);
}

static bool check_suggest(const CommandLine *options, const bool *given, Failure *failure)
{
	static const char *const with[] = {"suggest", "target", "ignore", "missing", "window", "stride", 0};
	if (options->network_count)
		return fail(failure, "--suggest makes a network from data: leave out %.200s, or train it with --train %.200s",
			options->networks[0].text ? "-e" : options->networks[0].path, options->suggest);
	return check_alone(with, "--suggest prints a network, and does no more", given, failure)
		&& check_windows(options, failure);
}

/* A part without the network's end has no loss. */
static bool check_part(const CommandLine *options, Failure *failure)
{
	const char *loser = options->train ? "train" : options->eval ? "eval" : options->verify ? "verify"
		: options->emit.path && !options->emit.inference ? "emit without --inference" : 0;
	if (!options->overrides.until || !loser)
		return true;
	return fail(failure, "--until leaves out the end of the network and its loss, which --%s needs: what is left can "
		"be used with --weights FILE, and --emit FILE.c --inference or --predict DATA", loser);
}

/* Refuses a name from which PyTorch, or a person, would expect another format. */
static bool check_save(const char *path, Failure *failure)
{
	const char *what;
	if (!path || !foreign_name(path, &what))
		return true;
	int stem = (int)(strrchr(path, '.') - path);
	return fail(failure, "--save writes safetensors, but %.200s is named like %s: give %.*s.safetensors", path, what,
		stem, path);
}

bool options_check(const CommandLine *options, const bool *given, Failure *failure)
{
	if (options->sweep.merge && options->network_count == 0)
		return fail(failure, "--merge takes files of runs, but none is given: bnc --merge FILE.jsonl ...");
	if (options->sweep.merge)
		return check_merge(given, failure) && check_plots(options, failure);
	if (options->suggest)
		return check_suggest(options, given, failure);
	if (options->network_count == 0)
		return fail(failure, "no network: give a FILE.net, or -e 'linear 2 64; relu; linear 64 2'; bnc --help lists "
			"the options");
	if (!check_needs(options, given, failure) || !check_uses(options, given, failure))
		return false;
	if (options->emit.inference && !has_weights(options) && !options->train)
		return fail(failure, "--inference needs weights: give --weights FILE, or --train DATA in the same command");
	return check_sweep(options, given, failure) && check_plots(options, failure)
		&& check_save(options->save, failure) && check_part(options, failure) && check_data_options(options, failure)
		&& (!options->emit.path || standalone_check(&options->emit, failure)) && check_paths(options, failure);
}
