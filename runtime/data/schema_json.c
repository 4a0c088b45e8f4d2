/* schema_json.c: a schema as JSON, which is kept with the weights:
 *
 *   {"features": 4, "width": 5, "inputs": [{"place": 0, "name": "length"}, {"place": 2, "texts": ["blue", "red"]},
...],
 *    "targets": [{"place": 4, "name": "species", "texts": ["setosa", ...]}], "centres": [...], "deviations": [...],
 *    "missing": "mean", "window": 50, "stride": 10}
 *
 * What is read may be anything, so every rule of a schema is checked. */
#include "data.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const missing_words[] = {[MISSING_MEAN] = "mean", [MISSING_DROP] = "drop"};
enum { MISSING_WORDS = sizeof missing_words / sizeof *missing_words };

/* ---- writing */

static bool add_texts(cJSON *object, const char *key, char *const *texts, int count)
{
	return cJSON_AddItemToObject(object, key, cJSON_CreateStringArray((const char *const *)texts, count));
}

static bool add_numbers(cJSON *object, const char *key, const double *numbers, int count)
{
	return !numbers || cJSON_AddItemToObject(object, key, cJSON_CreateDoubleArray(numbers, count));
}

static bool add_column(cJSON *array, const Column *column)
{
	cJSON *object = cJSON_CreateObject();
	if (!object || !cJSON_AddItemToArray(array, object))
		return false;
	return cJSON_AddNumberToObject(object, "place", column->place)
		&& (!column->name || cJSON_AddStringToObject(object, "name", column->name))
		&& (!column->texts || add_texts(object, "texts", column->texts, column->text_count))
		&& (!column->whole || cJSON_AddTrueToObject(object, "whole"))
		&& add_numbers(object, "means", column->means, column_features(column));
}

static bool add_columns(cJSON *object, const char *key, const Column *columns, int count)
{
	cJSON *array = cJSON_AddArrayToObject(object, key);
	for (int i = 0; array && i < count; i++)
		if (!add_column(array, &columns[i]))
			return false;
	return array;
}

char *schema_write(const Schema *schema)
{
	cJSON *object = cJSON_CreateObject();
	bool done = object && cJSON_AddNumberToObject(object, "features", schema->features)
		&& cJSON_AddNumberToObject(object, "width", schema->width)
		&& add_columns(object, "inputs", schema->inputs, schema->input_count)
		&& add_columns(object, "targets", schema->targets, schema->target_count)
		&& add_numbers(object, "centres", schema->centres, schema->features)
		&& add_numbers(object, "deviations", schema->deviations, schema->features)
		&& (!schema->missing || cJSON_AddStringToObject(object, "missing", missing_words[schema->missing]))
		&& (!schema->window || (cJSON_AddNumberToObject(object, "window", schema->window)
			&& cJSON_AddNumberToObject(object, "stride", schema->stride)));
	char *text = done ? cJSON_PrintUnformatted(object) : NULL;
	cJSON_Delete(object);
	return text;
}

bool schema_equal(const Schema *a, const Schema *b)
{
	char *first = a ? schema_write(a) : NULL, *second = b ? schema_write(b) : NULL;
	bool equal = first && second ? strcmp(first, second) == 0 : !a && !b;
	free(first);
	free(second);
	return equal;
}

/* ---- reading */

static bool read_count(const cJSON *item, int most, int *count)
{
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= most))
		return false;
	*count = (int)item->valuedouble;
	return *count == item->valuedouble;
}

/* Absent numbers are fine: *numbers is then null. */
static bool read_numbers(const cJSON *object, const char *key, int count, bool positive, double **numbers)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, key), *item;
	int i = 0;
	if (!array)
		return true;
	if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) != count)
		return false;
	*numbers = malloc(((size_t)count + 1) * sizeof **numbers);
	if (!*numbers)
		return false;
	cJSON_ArrayForEach(item, array) {
		if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || (positive && !(item->valuedouble > 0)))
			return false;
		(*numbers)[i++] = item->valuedouble;
	}
	return true;
}

/* Whether the texts are sorted as whole numbers, or as texts, and all differ. */
static bool are_sorted(const Column *column)
{
	for (int i = 0; column->whole && i < column->text_count; i++) {
		const char *text = column->texts[i], *digits = text + (*text == '-');
		if (!*digits || strlen(digits) > 16 || digits[strspn(digits, "0123456789")])
			return false;
	}
	for (int i = 1; i < column->text_count; i++)
		if (column->whole ? atoll(column->texts[i - 1]) >= atoll(column->texts[i])
			: strcmp(column->texts[i - 1], column->texts[i]) >= 0)
			return false;
	return true;
}

static bool read_texts(const cJSON *object, Column *column)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, "texts"), *item;
	if (!array)
		return !column->whole;
	const int count = cJSON_GetArraySize(array);
	if (!cJSON_IsArray(array) || count == 0)
		return false;
	column->texts = calloc((size_t)count, sizeof *column->texts);
	cJSON_ArrayForEach(item, array) {
		char *copy = column->texts && cJSON_IsString(item) ? strdup(item->valuestring) : NULL;
		if (!copy)
			return false;
		column->texts[column->text_count++] = copy;
	}
	return are_sorted(column);
}

static bool read_column(const cJSON *object, int width, bool is_input, Column *column)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "name");
	column->whole = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "whole"));
	if (!cJSON_IsObject(object) || (name && !cJSON_IsString(name)) || (column->whole && is_input)
		|| !read_count(cJSON_GetObjectItemCaseSensitive(object, "place"), width - 1, &column->place))
		return false;
	column->name = name ? strdup(name->valuestring) : NULL;
	return (!name || column->name) && read_texts(object, column)
		&& read_numbers(object, "means", column_features(column), false, &column->means);
}

static bool read_columns(const cJSON *object, const char *key, int width, bool *taken, Column **columns, int *count)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, key), *item;
	const int size = cJSON_GetArraySize(array);
	if (!cJSON_IsArray(array) || size > width)
		return false;
	*columns = calloc((size_t)size + 1, sizeof **columns);
	if (!*columns)
		return false;
	cJSON_ArrayForEach(item, array) {
		Column *column = &(*columns)[(*count)++];
		if (!read_column(item, width, strcmp(key, "inputs") == 0, column) || taken[column->place])
			return false;
		taken[column->place] = true;
	}
	return true;
}

/* Earlier files do not say it, but have means if that was the answer. */
static bool read_missing(Schema *schema, const cJSON *object)
{
	const cJSON *word = cJSON_GetObjectItemCaseSensitive(object, "missing");
	for (int i = 0; !word && i < schema->input_count; i++)
		if (schema->inputs[i].means)
			schema->missing = MISSING_MEAN;
	for (int i = MISSING_REFUSED + 1; cJSON_IsString(word) && i < MISSING_WORDS; i++)
		if (strcmp(word->valuestring, missing_words[i]) == 0)
			schema->missing = (Missing)i;
	return !word || schema->missing;
}

static bool read_window(Schema *schema, const cJSON *object)
{
	const cJSON *window = cJSON_GetObjectItemCaseSensitive(object, "window");
	return !window || (read_count(window, MAX_WINDOW_ROWS, &schema->window) && schema->window > 0
		&& read_count(cJSON_GetObjectItemCaseSensitive(object, "stride"), MAX_WINDOW_ROWS, &schema->stride)
		&& schema->stride > 0 && schema->input_count > 0 && schema->missing != MISSING_DROP);
}

static bool read_schema(Schema *schema, const cJSON *object)
{
	if (!cJSON_IsObject(object)
		|| !read_count(cJSON_GetObjectItemCaseSensitive(object, "features"), MAX_VALUES, &schema->features)
		|| !read_count(cJSON_GetObjectItemCaseSensitive(object, "width"), 1 << 20, &schema->width))
		return false;
	bool *taken = calloc((size_t)schema->width + 1, sizeof *taken);
	bool done = taken
		&& read_columns(object, "inputs", schema->width, taken, &schema->inputs, &schema->input_count)
		&& read_columns(object, "targets", schema->width, taken, &schema->targets, &schema->target_count)
		&& read_numbers(object, "centres", schema->features, false, &schema->centres)
		&& read_numbers(object, "deviations", schema->features, true, &schema->deviations)
		&& read_missing(schema, object) && read_window(schema, object);
	free(taken);
	int64_t features = 0;
	for (int i = 0; done && i < schema->input_count; i++)
		features += (int64_t)column_features(&schema->inputs[i]) * (schema->window ? schema->window : 1);
	return done && !schema->centres == !schema->deviations && (schema->input_count == 0 || features == schema->features)
		&& (schema->target_count <= 1 || !schema->targets[0].texts);
}

Schema *schema_read(const char *text)
{
	cJSON *object = cJSON_Parse(text);
	Schema *schema = calloc(1, sizeof *schema);
	if (schema && !read_schema(schema, object)) {
		schema_free(schema);
		schema = NULL;
	}
	cJSON_Delete(object);
	return schema;
}
