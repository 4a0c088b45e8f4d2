/* What this processor could do: multiply-adds in registers, and loads from each level of its memory. */
#include "bench.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNROLLED _Pragma("GCC unroll 32")

enum { AT_ONCE = 8 };

/* What is loaded must be in a register, and nothing is done with it: `or` would cost a quarter of the loads from L1. */
#define LOAD_LOOP(name, target, Type, load, in_register) \
	target static void name(const float *memory, size_t floats) \
	{ \
		enum { EACH = sizeof(Type) / sizeof(float) }; \
		for (const float *end = memory + floats; memory + AT_ONCE * EACH <= end; memory += AT_ONCE * EACH) { \
			UNROLLED \
			for (int i = 0; i < AT_ONCE; i++) \
				__asm__ volatile("" : : in_register(load(memory + i * EACH))); \
		} \
	}

typedef struct LoadProbe {
	const char *isa;        /* as in --isa */
	void (*load)(const float *memory, size_t floats);
} LoadProbe;

#if defined __x86_64__
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512dq")))
LOAD_LOOP(load_avx512, AVX512, __m512, _mm512_loadu_ps, "v")
LOAD_LOOP(load_avx2, AVX2, __m256, _mm256_loadu_ps, "x")
static const LoadProbe probes[] = {
	{"avx512", load_avx512},
	{"avx2", load_avx2},
	{0},
};
#elif defined __aarch64__
#include <arm_neon.h>
LOAD_LOOP(load_neon, , float32x4_t, vld1q_f32, "w")
static const LoadProbe probes[] = {{"neon", load_neon}, {0}};
#else
static const LoadProbe probes[] = {{0}};
#endif

/* The named one, or the best that this processor has; null when there is none. */
static const LoadProbe *probe_find(const char *isa)
{
	for (const LoadProbe *probe = probes; probe->isa; probe++) {
		const KernelSet *set = kernel_set(probe->isa);
		if (set && set->usable() && (!isa || strcmp(isa, probe->isa) == 0))
			return probe;
	}
	return 0;
}

enum { TURNS = 4096 };

static volatile double sink;

typedef struct PeakCall { const Peak *peak; double (*work)(int turns); } PeakCall;

static void peak_part(void *task, int begin, int end, int thread)
{
	(void)thread;
	for (int i = begin; i < end; i++)
		sink = ((const PeakCall *)task)->work(TURNS);
}

static void call_peak(void *subject)
{
	const PeakCall *call = subject;
	if (call->peak->threads > 1)
		pool_run(call->peak->bench->pool, peak_part, subject, call->peak->threads);
	else
		sink = call->work(TURNS);
}

static double measure_work(const Peak *peak, double (*work)(int turns), int multiply_adds, double seconds)
{
	PeakCall call = {peak, work};
	double flops = 2.0 * TURNS * multiply_adds * peak->threads;
	return measure_calls(call_peak, &call, seconds < 0.02 ? seconds : 0.02) * peak->flops / flops;
}

double measure_peak(void *subject, double seconds)
{
	const Peak *peak = subject;
	const KernelSet *set = kernel_set(peak->isa);
	return measure_work(peak, set->multiply_add, set->multiply_adds, seconds);
}

double measure_tile(void *subject, double seconds)
{
	const Peak *peak = subject;
	const KernelSet *set = kernel_set(peak->isa);
	return measure_work(peak, set->multiply_add_loading, set->multiply_adds_loading, seconds);
}

/* ---- bandwidths */

bool bandwidth_open(Bandwidth *bandwidth, size_t working_set, double bytes)
{
	const LoadProbe *probe = probe_find(0);
	*bandwidth = (Bandwidth){.working_set = working_set, .bytes = bytes, .memory = aligned_alloc(64,
		(working_set + 63) / 64 * 64),
		.load = probe ? probe->load : 0};
	/* written: pages that were only read are all the same page of zeros, which lives in L1 */
	for (size_t i = 0; bandwidth->memory && i < working_set / sizeof(float); i++)
		bandwidth->memory[i] = (float)(i % 7);
	return bandwidth->memory;
}

void bandwidth_close(Bandwidth *bandwidth)
{
	free(bandwidth->memory);
}

static void call_load(void *subject)
{
	const Bandwidth *bandwidth = subject;
	bandwidth->load(bandwidth->memory, bandwidth->working_set / sizeof(float));
}

double measure_bandwidth(void *subject, double seconds)
{
	const Bandwidth *bandwidth = subject;
	if (!bandwidth->load)
		return 0;
	return measure_calls(call_load, subject, seconds) * bandwidth->bytes / (double)bandwidth->working_set;
}

static void bench_peak(Bench *bench, const char *isa, int threads)
{
	Row row = {.threads = threads, .flops = 1e9};
	Peak peak = {bench, isa, threads, row.flops};
	row_name(&row, "multiply-adds, %s%s", isa, threads > 1 ? ", all cores" : "");
	row_add(&row, "1 GFLOP", measure_peak, &peak);
	row_add(&row, "loading as a tile", measure_tile, &peak);
	row_run(bench, &row);
}

static void bench_bandwidth(Bench *bench, const char *level, size_t working_set)
{
	Row row = {.threads = 1, .bytes = 1e9};
	Bandwidth bandwidth;
	row_name(&row, "loads, %zu KiB (%s)", working_set >> 10, level);
	row_add(&row, "1 GB", measure_bandwidth, &bandwidth);
	if (!row_wanted(bench, &row))
		return;
	if (bandwidth_open(&bandwidth, working_set, row.bytes))
		row_run(bench, &row);
	bandwidth_close(&bandwidth);
}

/* Half of a level's size, so that nothing else drives it out; the fallback where the system does not know. */
static size_t half_of(int name, size_t fallback)
{
	long size = sysconf(name);
	return size > 0 ? (size_t)size / 2 : fallback;
}

void bench_machine(Bench *bench)
{
	bench->heading = "the machine";
	for (const LoadProbe *probe = probes; probe->isa; probe++)
		if (probe_find(probe->isa)) {
			bench_peak(bench, probe->isa, 1);
			if (bench->pool)
				bench_peak(bench, probe->isa, bench->cores);
		}
	bench_bandwidth(bench, "L1", half_of(_SC_LEVEL1_DCACHE_SIZE, 16 << 10));
	bench_bandwidth(bench, "L2", half_of(_SC_LEVEL2_CACHE_SIZE, 256 << 10));
	bench_bandwidth(bench, "L3", 4 * half_of(_SC_LEVEL2_CACHE_SIZE, 256 << 10));
	bench_bandwidth(bench, "memory", (size_t)(bench->quick ? 256 : 1024) << 20);
}
