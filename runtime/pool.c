/* A training step has a dozen loops that take microseconds to milliseconds each, and waking a thread that sleeps in the
 * kernel takes tens of microseconds. So a worker that has finished its part looks for the next loop for a while before
 * it sleeps. A worker may also have no core at the moment. So if a worker has not begun its part when the caller has
 * finished its own, the caller runs that part too. */
#define _GNU_SOURCE             /* the processors that a process may use */
#include "pool.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SPINS = 1 << 14,        /* how often a worker looks before it sleeps: for about 100 us */
	SPINS_HELD = 1 << 12,   /* how often the caller looks before it gives up its core, which another thread may need */
	MAX_CORES = 1024,
};

typedef struct Worker {
	Pool *pool;
	pthread_t thread;
	int number;
	/* the number of the last loop in which somebody has begun this worker's part */
	_Alignas(64) atomic_uint taken;
} Worker;

struct Pool {
	/* the present loop; written before `loops` is increased, and read after that */
	LoopBody *body;
	void *task;
	int panels;
	_Alignas(64) atomic_uint loops;         /* the number of loops that have been started */
	/* the parts of the present loop that are not finished, without the caller's */
	_Alignas(64) atomic_int running;
	_Alignas(64) atomic_int asleep;
	atomic_bool closing;
	pthread_mutex_t mutex;
	pthread_cond_t started;
	int threads;
	Worker *workers;
};

static void pause_briefly(void)
{
#if defined __x86_64__
	__builtin_ia32_pause();
#endif
}

static void run_part(const Pool *pool, int part, int thread)
{
	int begin = (int)((long)pool->panels * part / pool->threads),
		end = (int)((long)pool->panels * (part + 1) / pool->threads);
	if (begin < end)
		pool->body(pool->task, begin, end, thread);
}

/* Runs the worker's part of loop number `loop` on this thread, unless somebody has begun it. A worker that comes too
 * late finds that its part was taken, in this loop or in a later one, and does nothing. */
static void take_part(Pool *pool, Worker *worker, unsigned loop, int thread)
{
	unsigned before = loop - 1;
	if (!atomic_compare_exchange_strong(&worker->taken, &before, loop))
		return;
	run_part(pool, worker->number, thread);
	atomic_fetch_sub_explicit(&pool->running, 1, memory_order_release);
}

/* Waits until a loop after `seen` has been started. */
static unsigned wait_for_loop(Pool *pool, unsigned seen)
{
	for (int spin = 0; spin < SPINS; spin++) {
		unsigned loops = atomic_load_explicit(&pool->loops, memory_order_acquire);
		if (loops != seen)
			return loops;
		pause_briefly();
	}
	pthread_mutex_lock(&pool->mutex);
	atomic_fetch_add(&pool->asleep, 1);
	while (atomic_load(&pool->loops) == seen)
		pthread_cond_wait(&pool->started, &pool->mutex);
	atomic_fetch_sub(&pool->asleep, 1);
	pthread_mutex_unlock(&pool->mutex);
	return atomic_load(&pool->loops);
}

static void *work(void *argument)
{
	Worker *worker = argument;
	Pool *pool = worker->pool;
	unsigned seen = 0;
	for (;;) {
		seen = wait_for_loop(pool, seen);
		if (atomic_load(&pool->closing))
			return 0;
		take_part(pool, worker, seen, worker->number);
	}
}

/* Returns the number of the loop. */
static unsigned start_loop(Pool *pool)
{
	atomic_store_explicit(&pool->running, pool->threads - 1, memory_order_relaxed);
	unsigned loop = atomic_fetch_add(&pool->loops, 1) + 1;
	if (atomic_load(&pool->asleep) == 0)
		return loop;
	pthread_mutex_lock(&pool->mutex);
	pthread_cond_broadcast(&pool->started);
	pthread_mutex_unlock(&pool->mutex);
	return loop;
}

void pool_run(Pool *pool, LoopBody *body, void *task, int panels)
{
	pool->body = body;
	pool->task = task;
	pool->panels = panels;
	unsigned loop = start_loop(pool);
	run_part(pool, 0, 0);
	for (int i = 1; i < pool->threads; i++)
		take_part(pool, &pool->workers[i], loop, 0);
	for (int spin = 0; atomic_load_explicit(&pool->running, memory_order_acquire) > 0; spin++) {
		if (spin < SPINS_HELD)
			pause_briefly();
		else
			sched_yield();
	}
}

Pool *pool_open(int threads)
{
	Pool *pool = aligned_alloc(64, (sizeof *pool + 63u) & ~(size_t)63);
	if (!pool)
		return 0;
	*pool = (Pool){.threads = 1, .workers = aligned_alloc(64, (size_t)threads * sizeof *pool->workers)};
	pthread_mutex_init(&pool->mutex, 0);
	pthread_cond_init(&pool->started, 0);
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);    /* workers inherit this: only the calling thread gets signals */
	for (int i = 1; pool->workers && i < threads; i++) {
		pool->workers[i] = (Worker){.pool = pool, .number = i};
		if (pthread_create(&pool->workers[i].thread, 0, work, &pool->workers[i]) != 0)
			break;
		pool->threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, 0);
	if (pool->threads == threads)
		return pool;
	pool_close(pool);
	return 0;
}

void pool_close(Pool *pool)
{
	if (!pool)
		return;
	atomic_store(&pool->closing, true);
	start_loop(pool);
	for (int i = 1; i < pool->threads; i++)
		pthread_join(pool->workers[i].thread, 0);
	pthread_cond_destroy(&pool->started);
	pthread_mutex_destroy(&pool->mutex);
	free(pool->workers);
	free(pool);
}

/* Returns the first of the processors on the same core, from Linux's list ("0,4" or "0-1"); this processor if there is
 * no list. */
static int first_sibling(int processor)
{
	char path[100];
	int first = processor;
	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", processor);
	FILE *file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%d", &first) != 1)
			first = processor;
		fclose(file);
	}
	return first;
}

int physical_cores(void)
{
	cpu_set_t allowed;
	bool seen[MAX_CORES] = {false};
	int cores = 0;
	if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
		return 1;
	for (int processor = 0; processor < MAX_CORES && processor < CPU_SETSIZE; processor++) {
		if (!CPU_ISSET((size_t)processor, &allowed))
			continue;
		int first = first_sibling(processor);
		if (first >= 0 && first < MAX_CORES && !seen[first]) {
			seen[first] = true;
			cores++;
		}
	}
	return cores > 0 ? cores : 1;
}
