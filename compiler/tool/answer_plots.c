/* answer_plots.c: --plot boundary and --plot confusion: what trained networks say of data, as pictures. */
#include "answers.h"
#include "stop.h"
#include "terminal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 160 };    /* places of a boundary's grid, in each direction */

/* Those that the networks were not trained with, if there are such. */
static const Data *data_of(const Session *s)
{
	return s->options.eval ? &s->eval : s->options.valid ? &s->valid : &s->data;
}

/* How many classes a network tells apart; 0: none. */
static int classes_of(const Program *program)
{
	return program->truth == TRUTH_LABELS ? program->outputs
		: program->truth == TRUTH_CHANCES && program->outputs == 1 ? 2 : 0;
}

static bool check_one(const Session *s, const Program *program, Failure *failure)
{
	const bool boundary = s->options.plots[PLOT_BOUNDARY].given, confusion = s->options.plots[PLOT_CONFUSION].given;
	const int classes = classes_of(program);
	if (!classes)
		return fail(failure, "--plot %s is of a network that tells classes apart, and %s does not",
			boundary ? "boundary" : "confusion", program->name);
	if (boundary && program->inputs != 2)
		return fail(failure, "--plot boundary is of a network with 2 inputs, and %s has %d", program->name,
			program->inputs);
	if (boundary && classes > MAX_SERIES)
		return fail(failure, "--plot boundary shows at most %d classes, and %s has %d", MAX_SERIES, program->name,
			classes);
	return !confusion || classes <= MAX_CONFUSED || fail(failure, "--plot confusion shows at most %d classes, and %s "
		"has %d", MAX_CONFUSED, program->name, classes);
}

bool answer_plots_check(const Session *s, Failure *failure)
{
	if (!plots_answers(&s->options))
		return true;
	if (s->count > MAX_PANELS)
		return fail(failure, "--plot would show %d networks, more than %d: give fewer", s->count, MAX_PANELS);
	for (int i = 0; i < s->count; i++)
		if (!check_one(s, &s->compilations[i].module->program, failure))
			return false;
	return true;
}

/* ---- answers */

/* The outputs for all rows, to be freed. Null: no memory, which failure says, or a signal. */
static bool open_answers(const Session *s, int index, const Run *run, const Host *host, const Data *data, Answers *out,
	Failure *failure)
{
	*out = (Answers){.session = s, .program = run->program, .network = s->compilations[index].network, .data = data,
		.outputs = malloc((size_t)data->rows * (size_t)run->program->outputs * data->number_bytes)};
	if (!out->outputs)
		return fail(failure, "not enough memory for the outputs of %d rows", data->rows);
	return predict_all(run, data, host, &stop_signal, true, out->outputs)
		|| fail(failure, "the picture was interrupted");
}

/* Names of data, without what a terminal would act on. */
static const char *clean(Arena *arena, const char *name)
{
	char text[100];
	terminal_text(text, sizeof text, name);
	return arena_copy(arena, text, strlen(text));
}

/* number: what stands before the number of a class without a name. */
static const char *const *class_names(Arena *arena, const Answers *a, int classes, const char *number)
{
	const char **names = NEW_ARRAY(arena, const char *, classes);
	for (int i = 0; i < classes; i++) {
		char text[NUMBER_TEXT];
		const char *name = class_name(a, i, text);
		names[i] = name == text ? arena_print(arena, "%s%s", number, name) : clean(arena, name);
	}
	return names;
}

static const char *title_of(Arena *arena, const Session *s, const Data *data)
{
	const char *title = "";
	for (int i = 0; i < s->count; i++)
		title = arena_print(arena, "%s%s%s", title, !i ? "" : i + 1 < s->count ? ", " : " and ",
			s->compilations[i].module->program.name);
	return arena_print(arena, "%s on %.60s", title, clean(arena, data->name));
}

/* ---- confusion */

static bool add_confusion(Session *s, Picture *picture, int index, const Run *run, const Host *host, Failure *failure)
{
	Answers answers;
	Metrics metrics = {.class_count = 0};
	bool done = open_answers(s, index, run, host, data_of(s), &answers, failure)
		&& metrics_find(&metrics, run->program->truth, answers.outputs, run->program->outputs, answers.data, failure);
	if (done && picture) {
		const int classes = metrics.class_count;
		int *counts = NEW_ARRAY(picture->arena, int, classes * classes);
		memcpy(counts, metrics.confusion, (size_t)(classes * classes) * sizeof *counts);
		const char *const *names = class_names(picture->arena, &answers, classes, "");
		confusion_panel(picture, counts, names, classes)->title = run->program->name;
	} else if (done) {
		printf("%s on ", run->program->name);
		print_name_of_data(answers.data->name, stdout);
		printf("\n");
		print_confusion(&answers, &metrics);
	}
	metrics_free(&metrics);
	free(answers.outputs);
	return done;
}

/* ---- boundary */

/* What the two inputs are: as the data have them, before --standardize. */
typedef struct Inputs { double centres[2], deviations[2]; const char *names[2]; } Inputs;

static Inputs inputs_of(const Session *s, const Data *data)
{
	Inputs inputs = {{0, 0}, {1, 1}, {"input 0", "input 1"}};
	const Schema *schema = schema_of(s) ? schema_of(s) : data->schema;
	const double *centres, *deviations;
	if (schema && schema_scale(schema, &centres, &deviations))
		for (int i = 0; i < 2; i++) {
			inputs.centres[i] = centres[i];
			inputs.deviations[i] = deviations[i];
		}
	for (int i = 0; i < 2; i++)
		if (schema_input(schema, i))
			inputs.names[i] = schema_input(schema, i);
	return inputs;
}

static double shown(const Inputs *inputs, int input, double value)
{
	return inputs->centres[input] + inputs->deviations[input] * value;
}

/* The range of an input, and a little around it. */
static void find_range(const Data *data, int input, double *low, double *high)
{
	*low = INFINITY;
	*high = -INFINITY;
	for (int i = 0; i < data->rows; i++) {
		const double value = number_at(data->x_any, data->number_bytes, 2 * (size_t)i + (size_t)input);
		*low = fmin(*low, value);
		*high = fmax(*high, value);
	}
	const double around = *high > *low ? 0.08 * (*high - *low) : 1;
	*low -= around;
	*high += around;
}

/* The grid's places as rows that can be predicted; to be closed. */
static bool open_places(const Grid *g, const Data *like, Data *out, Failure *failure)
{
	*out = (Data){.name = like->name, .rows = g->columns * g->rows, .features = 2, .rank = 1, .dims = {2},
		.number_bytes = like->number_bytes};
	out->x_any = malloc(2 * (size_t)out->rows * out->number_bytes);
	if (!out->x_any)
		return fail(failure, "not enough memory for the picture");
	for (int i = 0; i < out->rows; i++) {
		const double at[] = {
			g->x_from + (g->x_to - g->x_from) * (i % g->columns) / (g->columns - 1),
			g->y_from + (g->y_to - g->y_from) * (i / g->columns) / (g->rows - 1),
		};
		for (int k = 0; k < 2; k++)
			if (out->number_bytes == sizeof(double))
				out->x_f64[2 * i + k] = at[k];
			else
				out->x[2 * i + k] = (float)at[k];
	}
	return true;
}

/* The probability of each class. */
static void find_chances(const Answers *a, int row, int classes, double *out)
{
	const size_t bytes = a->data->number_bytes, first = (size_t)row * (size_t)a->program->outputs;
	double largest = -INFINITY, sum = 0;
	for (int i = 0; i < classes; i++) {
		out[i] = a->program->outputs > 1 ? number_at(a->outputs, bytes, first + (size_t)i)
			: i ? number_at(a->outputs, bytes, first) : 0;
		largest = fmax(largest, out[i]);
	}
	for (int i = 0; i < classes; i++)
		sum += out[i] = exp(out[i] - largest);
	for (int i = 0; i < classes; i++)
		out[i] /= sum;
}

static void add_samples(const Data *data, const Inputs *inputs, int classes, Picture *picture, Panel *panel)
{
	for (int i = 0; i < data->rows; i++) {
		const size_t row = (size_t)i;
		const int class = data->labels ? data->labels[i] : number_at(data->targets_any, data->number_bytes, row) > 0.5;
		if (class >= 0 && class < classes)
			boundary_sample(picture, panel, class,
				shown(inputs, 0, number_at(data->x_any, data->number_bytes, 2 * row)),
				shown(inputs, 1, number_at(data->x_any, data->number_bytes, 2 * row + 1)));
	}
}

static bool add_boundary(Session *s, Picture *picture, int index, const Run *run, const Host *host, Failure *failure)
{
	const Data *data = data_of(s);
	const Inputs inputs = inputs_of(s, data);
	const int classes = classes_of(run->program);
	double *chances = NEW_ARRAY(picture->arena, double, SIDE * SIDE * classes);
	Grid grid = {.columns = SIDE, .rows = SIDE};
	Answers answers = {.outputs = 0};
	Data places;
	find_range(data, 0, &grid.x_from, &grid.x_to);
	find_range(data, 1, &grid.y_from, &grid.y_to);
	const bool done = open_places(&grid, data, &places, failure)
		&& open_answers(s, index, run, host, &places, &answers, failure);
	if (done) {
		for (int i = 0; i < places.rows; i++)
			find_chances(&answers, i, classes, chances + (size_t)i * (size_t)classes);
		grid.x_from = shown(&inputs, 0, grid.x_from);
		grid.x_to = shown(&inputs, 0, grid.x_to);
		grid.y_from = shown(&inputs, 1, grid.y_from);
		grid.y_to = shown(&inputs, 1, grid.y_to);
		Panel *panel = boundary_panel(picture, &grid, chances, class_names(picture->arena, &answers, classes,
			"class "), classes);
		panel->title = run->program->name;
		panel->x_label = clean(picture->arena, inputs.names[0]);
		panel->y_label = clean(picture->arena, inputs.names[1]);
		add_samples(data, &inputs, classes, picture, panel);
	}
	free(answers.outputs);
	free(places.x_any);
	return done;
}

/* ---- all networks */

bool answer_plots_show(Session *s, const Run *runs, const Host *host, Failure *failure)
{
	const CommandLine *o = &s->options;
	Arena *arena = arena_open();
	bool done = true;
	for (int kind = PLOT_BOUNDARY; done && kind <= PLOT_CONFUSION; kind++) {
		const PlotOption *plot = &o->plots[kind];
		const bool text = kind == PLOT_CONFUSION && !plot->path;
		Picture picture = {.arena = arena, .title = title_of(arena, s, data_of(s))};
		for (int i = 0; plot->given && done && i < s->count; i++)
			done = kind == PLOT_BOUNDARY ? add_boundary(s, &picture, i, &runs[i], host, failure)
				: add_confusion(s, text ? 0 : &picture, i, &runs[i], host, failure);
		if (plot->given && done && !text)
			done = plot_show(plot, &picture, failure);
	}
	arena_close(arena);
	return done;
}
