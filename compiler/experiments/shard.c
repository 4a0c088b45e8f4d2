/* shard.c: the part of a sweep that one of several processes does: every N-th run. */
#include "experiments.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The names by which batch systems and MPI say which of their processes this is. */
static const struct { const char *index, *count; } variables[] = {
	{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"}, {"SLURM_PROCID", "SLURM_NTASKS"},
	{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, {"PMI_RANK", "PMI_SIZE"},
};
enum { ARRAY, TASKS, VARIABLES = sizeof variables / sizeof *variables, MOST_SHARDS = 1000000 };

static bool read_count(const char *text, char end, int *out)
{
	char *after;
	errno = 0;
	const long number = text ? strtol(text, &after, 10) : -1;
	*out = (int)number;
	return text && *text >= '0' && *text <= '9' && *after == end && !errno && number <= MOST_SHARDS;
}

static bool wrong_variables(int i, Failure *failure)
{
	const char *index = getenv(variables[i].index), *count = getenv(variables[i].count);
	return fail(failure, "%s is `%.30s` and %s is `%.30s`, which do not say which part of the sweep is this process's: "
		"give --shard I/N, or --shard 0/1 for all of it", variables[i].index, index ? index : "", variables[i].count,
		count ? count : "");
}

/* The tasks of an array may be numbered from any number, in any step. */
static int array_index(int index)
{
	int first, step;
	if (!read_count(getenv("SLURM_ARRAY_TASK_MIN"), 0, &first))
		return index;
	if (!read_count(getenv("SLURM_ARRAY_TASK_STEP"), 0, &step) || step < 1)
		step = 1;
	return index >= first ? (index - first) / step : -1;
}

static bool read_variables(int i, Shard *shard, Failure *failure)
{
	*shard = (Shard){.from = variables[i].index};
	const bool read = read_count(getenv(variables[i].index), 0, &shard->index)
		&& read_count(getenv(variables[i].count), 0, &shard->count);
	if (read && i == ARRAY)
		shard->index = array_index(shard->index);
	return (read && shard->index >= 0 && shard->index < shard->count) || wrong_variables(i, failure);
}

/* A process that MPI has started alone, though Slurm has started several: each would do the whole sweep. */
static bool check_alone(const Shard *shard, Failure *failure)
{
	int tasks;
	if (shard->count > 1 || getenv("SLURM_PROCID") || !read_count(getenv("SLURM_NTASKS"), 0, &tasks) || tasks <= 1)
		return true;
	return fail(failure, "SLURM_NTASKS says that there are %d processes, but %s that this is 0 of 1, so that each "
		"would do the whole sweep: start them with srun --mpi=pmi2, or give --shard I/N, or --shard 0/1 for all of it",
		tasks,
		shard->from ? shard->from : "nothing else says which this is, or");
}

/* The tasks of a job of an array share its part. */
static bool read_environment(Shard *shard, Failure *failure)
{
	*shard = (Shard){0, 1, 0};
	bool array = getenv(variables[ARRAY].index);
	if (array && !read_variables(ARRAY, shard, failure))
		return false;
	for (int i = TASKS; i < VARIABLES; i++) {
		Shard tasks;
		if (!getenv(variables[i].index))
			continue;
		if (!read_variables(i, &tasks, failure))
			return false;
		*shard = (Shard){shard->index * tasks.count + tasks.index, shard->count * tasks.count,
			array && tasks.count == 1 ? shard->from : tasks.from};
		break;
	}
	return check_alone(shard, failure);
}

bool shard_read(const char *text, Shard *shard, Failure *failure)
{
	if (!text)
		return read_environment(shard, failure);
	const char *slash = strchr(text, '/');
	*shard = (Shard){.from = "--shard"};
	return (slash && read_count(text, '/', &shard->index) && read_count(slash + 1, 0, &shard->count)
			&& shard->index < shard->count)
		|| fail(failure, "--shard takes I/N, the part I of N, counted from 0, such as 0/4; found `%.100s`", text);
}

bool shard_has(const Shard *shard, int64_t run)
{
	return run % shard->count == shard->index;
}

const char *shard_path(Arena *arena, const Shard *shard, const char *path)
{
	if (shard->count == 1)
		return path;
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
	const int stem = dot && dot != path && dot != slash + 1 ? (int)(dot - path) : (int)strlen(path);
	return arena_print(arena, "%.*s.%d-of-%d%s", stem, path, shard->index, shard->count, path + stem);
}
