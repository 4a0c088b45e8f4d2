/* records.c: the runs of a sweep as JSON Lines: one object for each run that has ended. */
#include "experiments.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

/* ---- writing */

static const char *const outcomes[] = {
	[OUTCOME_DONE] = "done", [OUTCOME_DIVERGED] = "diverged", [OUTCOME_LOST] = "lost",
};

typedef struct Number { const char *key; size_t offset; size_t there; } Number;

#define NUMBER(field, condition) {#field, offsetof(Result, field), offsetof(Result, condition)}

/* The numbers of a result, and whether it has them; the loss is always there. */
static const Number numbers[] = {
	NUMBER(accuracy, classifies), NUMBER(valid_loss, validated), NUMBER(valid_accuracy, validated),
	NUMBER(eval_accuracy, evaluated),
};
enum { NUMBER_COUNT = sizeof numbers / sizeof *numbers, VALID_ACCURACY = 2 };

static bool has(const Result *r, int i)
{
	const bool there = *(const bool *)(const void *)((const char *)r + numbers[i].there);
	return there && (i != VALID_ACCURACY || r->classifies);
}

static double *number_of(Result *r, int i)
{
	return (double *)(void *)((char *)r + numbers[i].offset);
}

/* As many digits as results of floats have, or those of doubles. JSON has no infinity. */
static const char *json_number(double value, char out[32])
{
	snprintf(out, 32, isfinite(value) ? "%.9g" : "null", value);
	if (isfinite(value) && strtod(out, 0) != value)
		snprintf(out, 32, "%.17g", value);
	return out;
}

void record_round(RunRecord *record, int digits)
{
	char text[32];
	Result *r = &record->result;
	for (int i = -1; i < NUMBER_COUNT; i++) {
		double *number = i < 0 ? &r->loss : number_of(r, i);
		snprintf(text, sizeof text, "%.*g", digits, *number);
		*number = strtod(text, 0);
	}
}

void record_write(LineFile *file, const RunRecord *record)
{
	char more[400] = "", text[32];
	Result r = record->result;
	size_t used = 0;
	for (int i = 0; i < NUMBER_COUNT; i++)
		if (has(&r, i))
			used += (size_t)snprintf(more + used, sizeof more - used, ",\"%s\":%s", numbers[i].key,
				json_number(r.outcome == OUTCOME_DONE ? *number_of(&r, i) : INFINITY, text));
	lines_print(file, "{\"event\":\"run\",\"run\":%" PRId64 ",\"id\":\"%016" PRIx64 "-%" PRIu64 "\",\"net\":\"%s\","
		"\"settings\":%s,\"seed\":%" PRIu64 ",\"outcome\":\"%s\",\"epochs\":%d,\"steps\":%" PRId64 ",\"loss\":%s%s,"
		"\"seconds\":%.3g}\n", record->number, record->configuration, record->seed, record->network, record->settings,
		record->seed, outcomes[r.outcome], r.epochs, r.steps,
		json_number(r.outcome == OUTCOME_DONE ? r.loss : INFINITY, text), more, r.seconds);
}

/* ---- reading */

static bool read_number(const cJSON *object, const char *key, double *out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	*out = cJSON_IsNumber(item) ? item->valuedouble : INFINITY;
	return cJSON_IsNumber(item) || cJSON_IsNull(item);
}

static const char *read_text(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool read_result(const cJSON *object, Result *r)
{
	const char *outcome = read_text(object, "outcome");
	double epochs, steps;
	for (Outcome i = OUTCOME_DONE; outcome && i <= OUTCOME_LOST; i++)
		if (strcmp(outcomes[i], outcome) == 0)
			r->outcome = i;
	for (int i = 0; i < NUMBER_COUNT; i++) {
		const bool there = read_number(object, numbers[i].key, number_of(r, i));
		*(bool *)(void *)((char *)r + numbers[i].there) |= there;
	}
	if (!r->outcome || !read_number(object, "loss", &r->loss) || !read_number(object, "epochs", &epochs)
		|| !read_number(object, "steps", &steps) || !(epochs >= 0 && epochs <= INT32_MAX && steps >= 0 && steps < 1e18))
		return false;
	read_number(object, "seconds", &r->seconds);
	r->epochs = (int)epochs;
	r->steps = (int64_t)steps;
	return true;
}

static bool read_id(const char *text, RunRecord *record)
{
	int length = 0;
	return text && sscanf(text, "%16" SCNx64 "-%" SCNu64 "%n", &record->configuration, &record->seed, &length) == 2
		&& length > 0 && !text[length];
}

static bool is_identifier(const char *text)
{
	return text && *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

static bool read_record(Arena *arena, const char *line, RunRecord *record)
{
	cJSON *object = cJSON_Parse(line);
	const cJSON *settings = cJSON_GetObjectItemCaseSensitive(object, "settings");
	const char *name = read_text(object, "net");
	double number;
	*record = (RunRecord){.number = 0};
	const bool read = cJSON_IsObject(settings) && is_identifier(name) && read_id(read_text(object, "id"), record)
		&& read_number(object, "run", &number) && number >= 0 && number < 1e15 && read_result(object, &record->result);
	if (read) {
		char *text = cJSON_PrintUnformatted(settings);
		record->number = (int64_t)number;
		record->network = arena_copy(arena, name, strlen(name));
		record->settings = arena_copy(arena, text ? text : "{}", text ? strlen(text) : 2);
		cJSON_free(text);
	}
	cJSON_Delete(object);
	return read;
}

/* A last line without its end was cut off when its process ended: its run counts as not done. */
static bool read_lines(Arena *arena, FILE *file, const char *path, Records *records, LogPlace *place, Failure *failure)
{
	char *line = 0;
	size_t size = 0;
	bool read = true;
	place->sum = (uint32_t)crc32_z(0, 0, 0);
	for (int number = 1; read; number++) {
		const ssize_t length = getline(&line, &size, file);
		RunRecord record;
		if (length <= 0 || line[length - 1] != '\n')
			break;
		read = read_record(arena, line, &record) || fail(failure, "%s:%d: expected the line of a run, as --runs writes "
			"them: give another file", path, number);
		if (read && record.result.outcome != OUTCOME_LOST)
			APPEND(arena, records, record);
		place->length += length;
		place->sum = (uint32_t)crc32_z(place->sum, (const unsigned char *)line, (size_t)length);
	}
	free(line);
	return read && (!ferror(file) || fail(failure, "%s: cannot be read", path));
}

bool records_read(Arena *arena, const char *path, Records *records, LogPlace *place, Failure *failure)
{
	struct stat status;
	*place = (LogPlace){.length = 0};
	if (output_is_named(path) || (stat(path, &status) == 0 && !S_ISREG(status.st_mode)))
		return true;
	FILE *file = fopen(path, "rb");
	if (!file)
		return errno == ENOENT || fail(failure, "%s: %s", path, strerror(errno));
	const bool read = read_lines(arena, file, path, records, place, failure);
	fclose(file);
	return read;
}

/* ---- looking up */

static int by_identity(const void *left, const void *right)
{
	const RunRecord *a = left, *b = right;
	if (a->configuration != b->configuration)
		return a->configuration < b->configuration ? -1 : 1;
	return (a->seed > b->seed) - (a->seed < b->seed);
}

/* Of the same run, the first in the sweep comes first, whichever ended first. */
static int by_identity_and_number(const void *left, const void *right)
{
	const RunRecord *a = left, *b = right;
	const int order = by_identity(a, b);
	return order ? order : (a->number > b->number) - (a->number < b->number);
}

void records_sort(Records *records)
{
	if (records->count)
		qsort(records->items, (size_t)records->count, sizeof *records->items, by_identity_and_number);
}

void records_once(Records *records)
{
	int count = 0;
	records_sort(records);
	for (int i = 0; i < records->count; i++)
		if (i == 0 || by_identity(&records->items[i], &records->items[count - 1]) != 0)
			records->items[count++] = records->items[i];
	records->count = count;
}

const RunRecord *record_find(const Records *sorted, uint64_t configuration, uint64_t seed)
{
	const RunRecord wanted = {.configuration = configuration, .seed = seed};
	return sorted->count
		? bsearch(&wanted, sorted->items, (size_t)sorted->count, sizeof wanted, by_identity) : 0;
}
