/* table.c: what the runs of a sweep have in common: for each configuration mean, deviation and best over its seeds. */
#include "experiments.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- groups */

typedef struct Measure { double sum, mean, squares, best; } Measure;

/* The runs of one configuration. */
typedef struct Group {
	const RunRecord *records;
	int count, finite;
	int64_t number;         /* the smallest of its runs */
	Measure loss, accuracy;
} Group;

double result_loss(const Result *r)
{
	return r->outcome != OUTCOME_DONE ? INFINITY : r->validated ? r->valid_loss : r->loss;
}

double result_accuracy(const Result *r)
{
	return r->validated ? r->valid_accuracy : r->evaluated ? r->eval_accuracy : r->accuracy;
}

static bool is_finite(const Result *r)
{
	return isfinite(result_loss(r));
}

static void measure(Group *g, Measure *m, double (*value)(const Result *), bool smallest)
{
	*m = (Measure){.best = smallest ? INFINITY : -INFINITY};
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < g->count; i++) {
			const Result *r = &g->records[i].result;
			const double x = is_finite(r) ? value(r) : 0;
			if (!is_finite(r))
				continue;
			m->sum += pass ? 0 : x;
			m->mean = m->sum / g->finite;
			m->squares += pass ? (x - m->mean) * (x - m->mean) : 0;
			m->best = smallest ? fmin(m->best, x) : fmax(m->best, x);
		}
}

static Group make_group(const RunRecord *records, int count)
{
	Group g = {.records = records, .count = count, .number = records[0].number};
	for (int i = 0; i < count; i++) {
		g.finite += is_finite(&records[i].result);
		g.number = records[i].number < g.number ? records[i].number : g.number;
	}
	measure(&g, &g.loss, result_loss, true);
	measure(&g, &g.accuracy, result_accuracy, false);
	return g;
}

static int by_number(const void *left, const void *right)
{
	const Group *a = left, *b = right;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->records > b->records) - (a->records < b->records);
}

/* The records are sorted by what they are. */
static Group *make_groups(Arena *arena, const Records *sorted, int *count)
{
	Group *groups = NEW_ARRAY(arena, Group, sorted->count);
	*count = 0;
	for (int i = 0, end; i < sorted->count; i = end) {
		for (end = i + 1; end < sorted->count; end++)
			if (sorted->items[end].configuration != sorted->items[i].configuration)
				break;
		groups[(*count)++] = make_group(&sorted->items[i], end - i);
	}
	qsort(groups, (size_t)*count, sizeof *groups, by_number);
	return groups;
}

/* ---- cells */

enum { MAX_COLUMNS = MOST_AXES + 12 };

typedef struct Table {
	Arena *arena;
	const char *titles[MAX_COLUMNS];
	const char *(*cells)[MAX_COLUMNS];
	bool left[MAX_COLUMNS];
	int columns, rows, settings;
} Table;

static const char *setting_text(Arena *arena, const cJSON *item)
{
	if (cJSON_IsNumber(item))
		return arena_print(arena, "%.6g", item->valuedouble);
	if (cJSON_IsBool(item))
		return cJSON_IsTrue(item) ? "true" : "false";
	return cJSON_IsString(item) ? arena_print(arena, "%.40s", item->valuestring) : "-";
}

static int column_of(Table *t, const char *name)
{
	for (int i = 1; i < 1 + t->settings; i++)
		if (strcmp(t->titles[i], name) == 0)
			return i;
	if (t->settings == MOST_AXES)
		return -1;
	t->titles[++t->settings] = arena_copy(t->arena, name, strlen(name));
	return t->settings;
}

static void put_settings(Table *t, int row, const char *settings)
{
	cJSON *object = cJSON_Parse(settings);
	for (const cJSON *item = object ? object->child : 0; item; item = item->next) {
		const int column = column_of(t, item->string);
		if (column > 0)
			t->cells[row][column] = setting_text(t->arena, item);
	}
	cJSON_Delete(object);
}

static const char *loss_text(Arena *arena, double loss)
{
	const double size = fabs(loss);
	return !isfinite(loss) ? "-" : arena_print(arena, size == 0 || (size >= 0.001 && size < 1000) ? "%.4f" : "%.3g",
		loss);
}

static const char *percent_text(Arena *arena, double part)
{
	return isfinite(part) ? arena_print(arena, "%.1f%%", 100 * part) : "-";
}

static void put_measure(Table *t, int row, int column, const Group *g, const Measure *m,
	const char *(*text)(Arena *, double))
{
	const double deviation = g->finite > 1 ? sqrt(m->squares / (g->finite - 1)) : INFINITY;
	t->cells[row][column] = text(t->arena, g->finite ? m->mean : INFINITY);
	t->cells[row][column + 1] = text(t->arena, deviation);
	t->cells[row][column + 2] = text(t->arena, m->best);
}

static void add_titles(Table *t, const char *const *titles, int count)
{
	for (int i = 0; i < count; i++)
		t->titles[t->columns++] = titles[i];
}

static void put_results(Table *t, const Group *groups, const Result *like)
{
	const int first = t->columns = 1 + t->settings;
	const char *loss = like->validated ? "valid loss" : "loss";
	const char *accuracy = like->validated ? "valid accuracy" : "accuracy";
	add_titles(t, (const char *[]){"runs", "diverged", loss, "deviation", "best"}, 5);
	if (like->classifies)
		add_titles(t, (const char *[]){accuracy, "deviation", "best"}, 3);
	for (int row = 0; row < t->rows; row++) {
		const Group *g = &groups[row];
		t->cells[row][first] = arena_print(t->arena, "%d", g->count);
		t->cells[row][first + 1] = arena_print(t->arena, "%d", g->count - g->finite);
		put_measure(t, row, first + 2, g, &g->loss, loss_text);
		if (like->classifies)
			put_measure(t, row, first + 5, g, &g->accuracy, percent_text);
	}
}

static void print_row(const Table *t, const int *widths, const char *const *cells, FILE *out)
{
	for (int i = 0; i < t->columns; i++)
		fprintf(out, "%s%*s", i ? "  " : "", i ? widths[i] : -widths[i], cells[i] ? cells[i] : "-");
	fputc('\n', out);
}

static void print_table(const Table *t, FILE *out)
{
	int widths[MAX_COLUMNS];
	for (int i = 0; i < t->columns; i++) {
		widths[i] = (int)strlen(t->titles[i]);
		for (int row = 0; row < t->rows; row++) {
			const int width = t->cells[row][i] ? (int)strlen(t->cells[row][i]) : 1;
			widths[i] = width > widths[i] ? width : widths[i];
		}
	}
	print_row(t, widths, t->titles, out);
	for (int row = 0; row < t->rows; row++)
		print_row(t, widths, (const char *const *)t->cells[row], out);
}

/* The configuration with the smallest mean, of those in which no run diverged, if there are such. */
static void print_best(const Table *t, const Group *groups, FILE *out)
{
	int best = -1;
	for (int i = 0; i < t->rows; i++) {
		const Group *g = &groups[i];
		const bool all = g->finite == g->count, best_all = best >= 0 && groups[best].finite == groups[best].count;
		if (g->finite && (best < 0 || all > best_all || (all == best_all && g->loss.mean < groups[best].loss.mean)))
			best = i;
	}
	if (best < 0 || t->rows < 2)
		return;
	fprintf(out, "The smallest mean loss: %s", t->cells[best][0]);
	for (int i = 1; i < 1 + t->settings; i++)
		if (t->cells[best][i])
			fprintf(out, " %s=%s", t->titles[i], t->cells[best][i]);
	fputc('\n', out);
}

void table_print(Arena *arena, const Records *records, FILE *out)
{
	Table t = {.arena = arena, .titles = {"network"}};
	if (!records->count)
		return;
	const Group *groups = make_groups(arena, records, &t.rows);
	t.cells = arena_alloc(arena, (size_t)t.rows, sizeof *t.cells);
	for (int row = 0; row < t.rows; row++) {
		t.cells[row][0] = groups[row].records[0].network;
		put_settings(&t, row, groups[row].records[0].settings);
	}
	put_results(&t, groups, &groups[0].records[0].result);
	print_table(&t, out);
	print_best(&t, groups, out);
}
