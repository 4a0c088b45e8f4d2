/* axes.c: the values that a sweep goes through. */
#include "experiments.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_VALUES = 100000 };

typedef struct Range { bool log; double from, to; int count; } Range;

static bool read_end(const char **text, double *out)
{
	char *end;
	*out = strtod(*text, &end);
	const bool read = end != *text && *end == ':' && isfinite(*out);
	*text = end + read;
	return read;
}

static bool read_range(const char *text, Range *range)
{
	char *end;
	range->log = strncmp(text, "log:", 4) == 0;
	text += 4;
	if (!read_end(&text, &range->from) || !read_end(&text, &range->to))
		return false;
	errno = 0;
	const long count = strtol(text, &end, 10);
	range->count = (int)count;
	return *text >= '0' && *text <= '9' && !*end && !errno && count >= 2 && count <= MOST_VALUES
		&& (!range->log || (range->from > 0 && range->to > 0));
}

/* Six digits are enough to choose a value, and few enough to write it down and repeat its run alone. */
static const char *value_at(Arena *arena, const Range *range, int i)
{
	const double part = (double)i / (range->count - 1);
	double value = range->log ? exp(log(range->from) + part * (log(range->to) - log(range->from)))
		: range->from + part * (range->to - range->from);
	value = i == 0 ? range->from : i == range->count - 1 ? range->to : value;
	return arena_print(arena, "%.6g", value);
}

/* NAME=log:FROM:TO:COUNT as a list of values. */
static const char *write_out(Arena *arena, const char *name, const Range *range)
{
	size_t used = strlen(name), size = used + (size_t)range->count * 16 + 2;
	char *text = arena_alloc(arena, size, 1);
	strcpy(text, name);
	for (int i = 0; i < range->count; i++)
		used += (size_t)snprintf(text + used, size - used, "%c%s", i ? ',' : '=', value_at(arena, range, i));
	return text;
}

static bool is_range(const char *values)
{
	return strncmp(values, "log:", 4) == 0 || strncmp(values, "lin:", 4) == 0;
}

static bool same_value(const Literal *a, const Literal *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == LITERAL_NAME)
		return strcmp(a->name, b->name) == 0;
	return a->kind == LITERAL_SHAPE ? a->rank == b->rank && memcmp(a->dims, b->dims, sizeof a->dims) == 0
		: a->number == b->number;
}

static bool check_values(Arena *arena, const char *option, const Axis *axis, Failure *failure)
{
	for (int i = 0; i < axis->values.count; i++)
		for (int k = 0; k < i && axis->values.count < 1000; k++)
			if (same_value(&axis->values.items[i].value, &axis->values.items[k].value))
				return fail(failure, "%s %s has %s twice: give each value once", option, axis->name,
					definition_text(arena, &axis->values.items[i]));
	return true;
}

/* Adds the axis that is read. */
static bool add_axis(Arena *arena, const char *option, const char *text, Axis *axis, Axes *axes, Failure *failure)
{
	const char *word = option + strspn(option, "-");
	if (!definitions_read(arena, option, word, text, &axis->values, failure)
		|| !check_values(arena, option, axis, failure))
		return false;
	for (int i = 0; i < axes->count; i++)
		if (strcmp(axes->items[i].name, axis->name) == 0)
			return fail(failure, "%s %s is given twice: give all of its values at once", option, axis->name);
	if (axes->count == MOST_AXES)
		return fail(failure, "--sweep is given more than %d times", MOST_AXES);
	APPEND(arena, axes, *axis);
	return true;
}

static bool read_axis(Arena *arena, const char *option, const char *text, bool ranged, Axes *axes, Failure *failure)
{
	const char *values = strchr(text, '=');
	Range range;
	Axis axis = {.name = arena_copy(arena, text, values ? (size_t)(values - text) : 0)};
	if (!values || values == text || !values[1] || (ranged && !is_range(values + 1)))
		return fail(failure, ranged ? "%s takes NAME=log:FROM:TO:COUNT or NAME=lin:FROM:TO:COUNT twice, for its two "
			"axes, as in lr=log:1e-4:100:256; found `%.100s`" : "%s takes NAME=VALUE,VALUE,... or "
			"NAME=log:FROM:TO:COUNT, found `%.100s`", option, text);
	if (is_range(values + 1)) {
		if (!read_range(values + 1, &range))
			return fail(failure, "%s takes %.3s:FROM:TO:COUNT, with %s and from 2 to %d values, as in "
				"lr=log:1e-4:1:9; found `%.100s`", option, values + 1,
				range.log ? "two numbers above 0" : "two numbers", MOST_VALUES, text);
		axis.log = range.log;
		axis.from = range.from;
		axis.to = range.to;
		text = write_out(arena, axis.name, &range);
	}
	return add_axis(arena, option, text, &axis, axes, failure);
}

bool axis_read(Arena *arena, const char *text, Axes *axes, Failure *failure)
{
	return read_axis(arena, "--sweep", text, false, axes, failure);
}

bool map_axis_read(Arena *arena, const char *text, Axes *axes, Failure *failure)
{
	return read_axis(arena, "--map", text, true, axes, failure);
}
