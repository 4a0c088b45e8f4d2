/* make bench: how fast bnc is, beside what the machine could do and what others do, measured in turns. */
#include "bench.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"bench [options], from the folder with bench/\n"
	"  --quick           fewer and shorter rounds\n"
	"  --sweep           step time against width, depth and batch instead\n"
	"  --only TEXT       rows whose title holds TEXT\n"
	"  --rounds N        how often each contender is measured (7)\n"
	"  --seconds X       how long in each round (0.2)\n"
	"  --isa NAME        another kernel set than the best\n"
	"  --json FILE       append the figures to FILE, one object a run\n"
	"  --bnc FILE        the command, for rows about whole processes (build/bnc)\n"
	"  --python FILE     an interpreter that may have PyTorch (none)\n"
	"  --libtorch FILE   bench/torch_peer.cpp, compiled (none)\n";

typedef struct Choices { bool sweep; const char *json, *isa; } Choices;

/* False: an option is unknown or lacks its value. */
static bool read_options(Bench *bench, Choices *choices, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *option = argv[i], *value = i + 1 < argc ? argv[i + 1] : 0;
		if (strcmp(option, "--quick") == 0) {
			bench->quick = true;
			bench->rounds = 3;
			bench->seconds = 0.04;
			continue;
		}
		if (strcmp(option, "--sweep") == 0) {
			choices->sweep = true;
			continue;
		}
		if (!value)
			return false;
		i++;
		if (strcmp(option, "--only") == 0)
			bench->only = value;
		else if (strcmp(option, "--rounds") == 0)
			bench->rounds = atoi(value);
		else if (strcmp(option, "--seconds") == 0)
			bench->seconds = atof(value);
		else if (strcmp(option, "--isa") == 0)
			choices->isa = value;
		else if (strcmp(option, "--json") == 0)
			choices->json = value;
		else if (strcmp(option, "--bnc") == 0)
			bench->bnc = value;
		else if (strcmp(option, "--python") == 0)
			bench->python = value;
		else if (strcmp(option, "--libtorch") == 0)
			bench->libtorch = value;
		else
			return false;
	}
	return bench->rounds > 0 && bench->rounds <= MAX_ROUNDS && bench->seconds > 0;
}

static const char *processor_name(char *name, int size)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256], *colon = 0;
	snprintf(name, (size_t)size, "unknown");
	while (file && !colon && fgets(line, sizeof line, file))
		if (strncmp(line, "model name", 10) == 0 && (colon = strchr(line, ':')))
			snprintf(name, (size_t)size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
	if (file)
		fclose(file);
	return name;
}

static void print_setting(Bench *bench)
{
	char name[128], date[32];
	time_t now = time(0);
	strftime(date, sizeof date, "%Y-%m-%d %H:%M", gmtime(&now));
	printf("%s, %d core%s; kernels %s; compiled by %s with %s\n", processor_name(name, sizeof name), bench->cores,
		bench->cores == 1 ? "" : "s", bench->set->name, BENCH_COMPILER, BENCH_FLAGS);
	printf("PyTorch %s; %d rounds of %g s for each contender in turns; medians, least and most of the rounds; the last "
		"column is\nthe median over rounds of a contender's time divided by the first one's of the same round\n",
		peer_version(peer_find(bench, 1)), bench->rounds, bench->seconds);
	if (bench->json)
		fprintf(bench->json,
			"{\"date\": \"%s\", \"processor\": \"%s\", \"cores\": %d, \"kernels\": \"%s\", \"compiler\": \"%s\", "
			"\"flags\": \"%s\", \"torch\": \"%s\", \"rounds\": %d, \"seconds\": %g, "
			"\"columns\": [\"median\", \"least\", \"most\"], \"rows\": [", date, name,
			bench->cores, bench->set->name, BENCH_COMPILER, BENCH_FLAGS, peer_version(peer_find(bench, 1)),
			bench->rounds, bench->seconds);
}

static void run(Bench *bench, bool sweep)
{
	print_setting(bench);
	bench_machine(bench);
	if (sweep)
		bench_sweeps(bench);
	else {
		bench_training(bench);
		bench_images(bench);
		bench_fann(bench);
		bench_products(bench);
		bench_kernels(bench);
		bench_prediction(bench);
		bench_epochs(bench);
		bench_starting(bench);
	}
	if (bench->json)
		fprintf(bench->json, "\n]}\n");
}

int main(int argc, char **argv)
{
	Bench bench = {.cores = physical_cores(), .rounds = 7, .seconds = 0.2, .bnc = "build/bnc"};
	Choices choices = {0};
	if (!read_options(&bench, &choices, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	bench.set = kernel_set(choices.isa);
	bench.any_set = !choices.isa;
	if (!bench.set || !bench.set->usable()) {
		fprintf(stderr, "bench: this processor has no %s\n", choices.isa);
		return 2;
	}
	if (choices.json && !(bench.json = fopen(choices.json, "a"))) {
		perror(choices.json);
		return 3;
	}
	bench.pool = bench.cores > 1 ? pool_open(bench.cores) : 0;
	run(&bench, choices.sweep);
	peers_close();
	pool_close(bench.pool);
	return bench.json && fclose(bench.json) != 0 ? 3 : 0;
}
