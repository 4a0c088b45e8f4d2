/* names.c: what networks, classes and targets are called. */
#include "answers.h"
#include "terminal.h"

void print_name_of_data(const char *name, FILE *out)
{
	for (int length; *name; name += length ? length : 1)
		if ((length = terminal_character(name)) > 0)
			fprintf(out, "%.*s", length, name);
		else
			putc('?', out);
}

const Schema *schema_of(const Session *s)
{
	return s->data.schema ? s->data.schema : s->schema;
}

const char *class_name(const Answers *a, int index, char text[NUMBER_TEXT])
{
	const Data *trained = &a->session->data, *data = trained->rows ? trained : a->data;
	const char *known = schema_class(schema_of(a->session), index);
	if (known)
		return known;
	if (data->class_names && index < data->classes)
		return data->class_names[index];
	snprintf(text, NUMBER_TEXT, "%d", index);
	return text;
}

const char *target_name(const Answers *a, int index)
{
	const Schema *schema = schema_of(a->session);
	if (a->session->options.overrides.until)
		return 0;       /* these are not the network's own outputs */
	return schema_target(schema ? schema : a->data->schema, index);
}

const char *name_apart(Arena *arena, const Map **names, const char *name)
{
	const char *apart = name;
	for (int number = 2; map_get(*names, apart); number++)
		apart = arena_print(arena, "%s_%d", name, number);
	*names = map_put(arena, *names, apart, apart);
	return apart;
}
