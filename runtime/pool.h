/* pool.h: threads that share the panels of a loop. */
#ifndef BNC_POOL_H
#define BNC_POOL_H

typedef struct Pool Pool;

/* The part of a loop from panel begin up to end; thread says whose scratch memory it may use. */
typedef void LoopBody(void *task, int begin, int end, int thread);

/* threads - 1 workers, which sleep until there is something to do; null when they cannot be had. */
Pool *pool_open(int threads);
void pool_close(Pool *pool);

/* Runs body over panels 0 to panels - 1, cut into one run of neighbours for each thread, and waits. The cut depends on the
 * numbers alone, and no panel on another: the results are the same bits for any number of threads. */
void pool_run(Pool *pool, LoopBody *body, void *task, int panels);

/* Cores of this machine that the process may use; threads of one core count once. */
int physical_cores(void);

#endif
