/* Rows: contenders in turns, medians, and the table. */
#include "bench.h"
#include <math.h>
#include <string.h>

static double time_calls(void (*call)(void *), void *subject, long calls)
{
	double start = wall_seconds();
	for (long i = 0; i < calls; i++)
		call(subject);
	return wall_seconds() - start;
}

double measure_calls(void (*call)(void *), void *subject, double seconds)
{
	enum { MOST = 1 << 13 };
	static double samples[MOST];
	const double sample_seconds = 50e-6;
	int count = 0;
	long calls = 1;
	call(subject);
	while (time_calls(call, subject, calls) < sample_seconds)
		calls *= 2;
	double end = wall_seconds() + seconds;
	do
		samples[count++] = time_calls(call, subject, calls) / (double)calls;
	while (count < MOST && wall_seconds() < end);
	return median(samples, count);
}

void row_name(Row *row, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	vsnprintf(row->title, sizeof row->title, format, values);
	va_end(values);
}

void row_add(Row *row, const char *name, Measure *measure, void *subject)
{
	row->contenders[row->count++] = (Contender){.name = name, .measure = measure, .subject = subject};
}

/* ---- printing */

static void print_heading(Bench *bench)
{
	if (bench->heading)
		printf("\n%-40s %-18s %10s %10s %10s %9s %8s %8s\n", bench->heading, "who", "median", "least", "most",
			"GFLOP/s", "GB/s", "time/1st");
	bench->heading = 0;
}

static const char *time_text(double seconds, char text[16])
{
	const double scale = seconds < 1e-6 ? 1e9 : seconds < 1e-3 ? 1e6 : seconds < 1 ? 1e3 : 1;
	const char *unit = seconds < 1e-6 ? "ns" : seconds < 1e-3 ? "us" : seconds < 1 ? "ms" : "s";
	snprintf(text, 16, "%.4g %s", seconds * scale, unit);
	return text;
}

static void print_rate(double amount, double seconds, int width)
{
	if (amount > 0)
		printf(" %*.1f", width, 1e-9 * amount / seconds);
	else
		printf(" %*s", width, "");
}

static void print_contender(const Bench *bench, Row *row, int index)
{
	Contender *contender = &row->contenders[index];
	char a[16], b[16], c[16], title[sizeof row->title + 16] = "";
	double least = INFINITY, most = 0;
	if (index == 0)
		snprintf(title, sizeof title, "%s", row->title);
	else if (index == 1 && row->threads > 1)
		snprintf(title, sizeof title, "  %d threads", row->threads);
	printf("%-40s %-18s ", title, contender->name);
	if (row->ratios[index] <= 0) {
		printf("%10s\n", "not here");
		return;
	}
	for (int round = 0; round < bench->rounds; round++) {
		least = fmin(least, contender->samples[round]);
		most = fmax(most, contender->samples[round]);
	}
	double middle = median(contender->samples, bench->rounds);
	printf("%10s %10s %10s", time_text(middle, a), time_text(least, b), time_text(most, c));
	print_rate(row->flops, middle, 9);
	print_rate(row->bytes, middle, 8);
	if (index > 0)
		printf(" %8.*f", row->ratios[index] < 10 ? 3 : 1, row->ratios[index]);
	printf("\n");
	if (bench->json)
		fprintf(bench->json, "%s\"%s\": [%.5g, %.5g, %.5g]", index ? ", " : "", contender->name, middle, least, most);
}

static void print_row(Bench *bench, Row *row)
{
	print_heading(bench);
	if (bench->json)
		fprintf(bench->json, "%s\n  {\"row\": \"%s\", \"threads\": %d, ", bench->rows_written++ ? "," : "", row->title,
			row->threads);
	for (int i = 0; i < row->count; i++)
		print_contender(bench, row, i);
	if (bench->json)
		fprintf(bench->json, "}");
	fflush(stdout);
}

bool row_wanted(const Bench *bench, const Row *row)
{
	return !bench->only || strstr(row->title, bench->only);
}

void row_run(Bench *bench, Row *row)
{
	double ratios[MAX_ROUNDS];
	if (!row_wanted(bench, row))
		return;
	for (int round = 0; round < bench->rounds; round++)
		for (int i = 0; i < row->count; i++) {
			Contender *contender = &row->contenders[i];
			contender->samples[round] = contender->measure(contender->subject, bench->seconds);
		}
	for (int i = 0; i < row->count; i++) {
		for (int round = 0; round < bench->rounds; round++)
			ratios[round] = row->contenders[i].samples[round] / row->contenders[0].samples[round];
		row->ratios[i] = median(ratios, bench->rounds);
	}
	print_row(bench, row);
}
