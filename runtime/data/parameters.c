/* parameters.c: reads what follows the colon in moons:n=1000,noise=0.1,seed=42. */
#include "data.h"
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40 };    /* how many characters of a wrong word a message repeats */

int parameter_count(const DataSet *set)
{
	int count = 0;
	while (count < MAX_PARAMETERS && set->parameters[count].name)
		count++;
	return count;
}

/* Numbers must be plain decimals: strtod alone would also accept hexadecimal, nan and inf. */
static bool number_read(double *value, ParameterKind kind, const char *text, size_t length)
{
	const char *allowed = kind == PARAMETER_INTEGER ? "+-0123456789" : "+-.eE0123456789";
	if (length == 0 || strspn(text, allowed) < length)
		return false;
	char *end;
	*value = strtod(text, &end);
	return end == text + length;
}

static bool value_read(double *value, const DataSet *set, const Parameter *parameter, const char *text, size_t length,
	Failure *failure)
{
	bool good = number_read(value, parameter->kind, text, length);
	if (good && *value >= parameter->lowest && *value <= parameter->highest)
		return true;
	return fail(failure, "%s: %s must be %s from %.15g to %.15g, found `%.*s`", set->name, parameter->name,
		parameter->kind == PARAMETER_INTEGER ? "an integer" : "a number", parameter->lowest, parameter->highest,
		length < SHOWN ? (int)length : SHOWN, text);
}

void join_names(char *out, size_t size, const char *const *names, int count)
{
	size_t length = 0;
	out[0] = 0;
	for (int i = 0; i < count && length < size; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%s", i > 0 ? ", " : "", names[i]);
}

static bool no_such_parameter(const DataSet *set, const char *name, Failure *failure)
{
	const char *names[MAX_PARAMETERS];
	int count = parameter_count(set);
	if (count == 0)
		return fail(failure, "%s has no parameters, found `%s`", set->name, name);
	for (int i = 0; i < count; i++)
		names[i] = set->parameters[i].name;
	char list[200];
	join_names(list, sizeof list, names, count);
	const char *nearest = nearest_name(name, names, count);
	if (nearest)
		return fail(failure, "%s has no parameter `%s`; did you mean `%s`? It has %s", set->name, name, nearest, list);
	return fail(failure, "%s has no parameter `%s`; it has %s", set->name, name, list);
}

static bool parameter_find(int *index, const DataSet *set, const char *text, size_t length, Failure *failure)
{
	char name[SHOWN + 1];
	snprintf(name, sizeof name, "%.*s", length < SHOWN ? (int)length : SHOWN, text);
	int count = parameter_count(set);
	for (*index = 0; *index < count; ++*index)
		if (strcmp(set->parameters[*index].name, name) == 0)
			return true;
	return no_such_parameter(set, name, failure);
}

bool parameters_read(double *values, const DataSet *set, const char *text, Failure *failure)
{
	bool given[MAX_PARAMETERS] = {false};
	for (int i = 0; i < MAX_PARAMETERS; i++)
		values[i] = set->parameters[i].default_value;
	while (text) {
		size_t length = strcspn(text, ","), key_length = strcspn(text, ",=");
		if (key_length == length)
			return fail(failure, "%s: expected a parameter and its value, such as n=1000, found `%.*s`", set->name,
				length < SHOWN ? (int)length : SHOWN, text);
		int index;
		if (!parameter_find(&index, set, text, key_length, failure))
			return false;
		if (given[index])
			return fail(failure, "%s: %s is given twice: keep one of them", set->name, set->parameters[index].name);
		given[index] = true;
		const char *value = text + key_length + 1;
		if (!value_read(&values[index], set, &set->parameters[index], value, length - key_length - 1, failure))
			return false;
		text = text[length] == ',' ? text + length + 1 : NULL;
	}
	return true;
}
