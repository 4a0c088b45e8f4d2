/* pool.h: threads that share the panels of a loop. */
#ifndef BNC_POOL_H
#define BNC_POOL_H

typedef struct Pool Pool;

/* Runs a loop over the panels from begin to end; `thread` says whose scratch memory it may use. */
typedef void LoopBody(void *task, int begin, int end, int thread);

/* Starts threads - 1 workers, which sleep until there is work; null: they could not be started. */
Pool *pool_open(int threads);
void pool_close(Pool *pool);

/* Runs body over panels 0 to panels - 1, divided into one range for each thread, and waits. The ranges depend on these
 * numbers alone, and no panel depends on another: the results have the same bits for any number of threads. */
void pool_run(Pool *pool, LoopBody *body, void *task, int panels);

/* The number of cores that the process may use; several hardware threads of a core count once. */
int physical_cores(void);

#endif
