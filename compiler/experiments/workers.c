/* workers.c: a process for each core takes one run after another. A run that takes its process with it is lost, and no
 * other: a new process goes on. Results come back in memory that all share, and their numbers through pipes. */
#include "experiments.h"
#include "progress.h"
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the processes share. */
typedef struct Shared {
	_Atomic int64_t next;           /* the place in the list of the next run that nobody has taken */
	_Atomic int64_t present[MAX_THREADS];   /* the place of each worker's run; -1: it has none */
	Failure failures[MAX_THREADS];          /* why its last run has no result */
	Result results[];
} Shared;

typedef struct Worker { pid_t process; int results; } Worker;

typedef struct Crew {
	const Plan *plan;
	const int64_t *runs;
	int64_t count, ended_count;
	Shared *shared;
	size_t bytes;
	Worker workers[MAX_THREADS];
	int worker_count;
	Ended *ended;
	void *context;
	Progress progress;
	int64_t lost;
	Failure first_loss;
	bool unwritten;                 /* of some run; and why, of the first */
	Failure first_unwritten;
} Crew;

/* ---- in a worker */

/* A terminal sends its signals to workers, too: what is to be done about them is decided where all results are. */
static void leave_signals_to_parent(void)
{
	static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU,
		SIGVTALRM, SIGPROF};
	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
		signal(ending[i], SIG_IGN);
}

static void do_run(Crew *crew, Trials *trials, int worker, int64_t place, int results)
{
	Shared *shared = crew->shared;
	Failure failure;
	Result result;
	if (!trial_run(trials, crew->runs[place], &result, &failure)) {
		result.outcome = OUTCOME_LOST;
		shared->failures[worker] = failure;
	} else if (result.unwritten)
		shared->failures[worker] = failure;
	shared->results[place] = result;
	if (write(results, &place, sizeof place) != (ssize_t)sizeof place)
		_exit(1);       /* nobody waits for it any more */
}

static _Noreturn void work(Crew *crew, int worker, int results, pid_t parent)
{
	Shared *shared = crew->shared;
	Trials trials;
	leave_signals_to_parent();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || !trials_open(&trials, crew->plan, &shared->failures[worker]))
		_exit(1);
	for (;;) {
		const int64_t place = atomic_fetch_add(&shared->next, 1);
		if (place >= crew->count)
			_exit(0);
		atomic_store(&shared->present[worker], place);
		do_run(crew, &trials, worker, place, results);
		atomic_store(&shared->present[worker], -1);
	}
}

/* ---- in the process that waits for them */

static bool start_worker(Crew *crew, int index, Failure *failure)
{
	int ends[2];
	const pid_t parent = getpid();
	if (pipe(ends) != 0)
		return fail(failure, "no pipe can be had: %s", strerror(errno));
	atomic_store(&crew->shared->present[index], -1);
	const pid_t process = fork();
	if (process == 0) {
		close(ends[0]);
		work(crew, index, ends[1], parent);
	}
	close(ends[1]);
	if (process < 0) {
		close(ends[0]);
		return fail(failure, "no process can be had: %s", strerror(errno));
	}
	crew->workers[index] = (Worker){process, ends[0]};
	return true;
}

static void end_run(Crew *crew, int64_t place)
{
	const Result *result = &crew->shared->results[place];
	crew->ended_count++;
	progress_step(&crew->progress, 0);
	crew->ended(crew->context, crew->runs[place], result);
}

static void lose_run(Crew *crew, int64_t place, const char *reason)
{
	const Plan *plan = crew->plan;
	const int64_t run = crew->runs[place];
	const Configuration *c = &plan->configurations[run / plan->sweep->seeds];
	crew->shared->results[place].outcome = OUTCOME_LOST;
	if (crew->lost++ == 0)
		fail(&crew->first_loss, "%s %.200s, seed %llu: %.500s", c->network->name, c->settings,
			(unsigned long long)seed_of_run(plan, run), reason);
}

/* Takes what the worker has sent. False: it has ended. */
static bool take_results(Crew *crew, int index)
{
	int64_t places[512];
	ssize_t bytes = read(crew->workers[index].results, places, sizeof places);
	for (ssize_t i = 0; i < bytes / (ssize_t)sizeof *places; i++) {
		if (crew->shared->results[places[i]].outcome == OUTCOME_LOST)
			lose_run(crew, places[i], crew->shared->failures[index].text);
		else if (crew->shared->results[places[i]].unwritten && !crew->unwritten) {
			crew->unwritten = true;
			crew->first_unwritten = crew->shared->failures[index];
		}
		end_run(crew, places[i]);
	}
	return bytes > 0 || (bytes < 0 && errno == EINTR);
}

/* If it did not end of itself, its run is lost, and another worker takes its place. */
static bool replace_worker(Crew *crew, int index, Failure *failure)
{
	Worker *worker = &crew->workers[index];
	int status = 0;
	char reason[100];
	close(worker->results);
	while (waitpid(worker->process, &status, 0) < 0 && errno == EINTR)
		;
	*worker = (Worker){0, -1};
	const int64_t place = atomic_load(&crew->shared->present[index]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (place < 0 || crew->shared->results[place].outcome != OUTCOME_NONE)
		return fail(failure, "%s", crew->shared->failures[index].text[0] ? crew->shared->failures[index].text
			: "a process that trains has ended");
	snprintf(reason, sizeof reason, "its process has ended (%s)",
		WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "without a reason");
	lose_run(crew, place, reason);
	end_run(crew, place);
	return start_worker(crew, index, failure);
}

static void end_workers(Crew *crew)
{
	for (int i = 0; i < crew->worker_count; i++)
		if (crew->workers[i].process > 0) {
			kill(crew->workers[i].process, SIGKILL);
			while (waitpid(crew->workers[i].process, 0, 0) < 0 && errno == EINTR)
				;
			while (take_results(crew, i))
				;
			close(crew->workers[i].results);
		}
}

/* A process that ended just after it had taken a run has not said which. */
static void find_lost(Crew *crew)
{
	for (int64_t place = 0; place < crew->count; place++)
		if (crew->shared->results[place].outcome == OUTCOME_NONE) {
			lose_run(crew, place, "its process has ended");
			end_run(crew, place);
		}
}

static bool is_stopped(const Crew *crew)
{
	return crew->plan->sweep->stop && *crew->plan->sweep->stop;
}

/* Waits until all workers have ended, or a signal comes. */
static bool wait_for_all(Crew *crew, Failure *failure)
{
	enum { MILLISECONDS = 100 };
	for (int left = crew->worker_count; left > 0 && !is_stopped(crew);) {
		struct pollfd pipes[MAX_THREADS];
		for (int i = 0; i < crew->worker_count; i++)
			pipes[i] = (struct pollfd){.fd = crew->workers[i].results, .events = POLLIN};
		const int ready = poll(pipes, (nfds_t)crew->worker_count, MILLISECONDS);
		if (ready == 0)
			crew->ended(crew->context, -1, 0);
		left = 0;
		for (int i = 0; i < crew->worker_count; i++) {
			if (ready > 0 && pipes[i].revents && !take_results(crew, i) && !replace_worker(crew, i, failure))
				return false;
			left += crew->workers[i].process > 0;
		}
	}
	return true;
}

static bool open_crew(Crew *crew, Failure *failure)
{
	crew->bytes = sizeof *crew->shared + (size_t)crew->count * sizeof *crew->shared->results;
	crew->shared = mmap(0, crew->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crew->shared == MAP_FAILED)
		return fail(failure, "not enough memory for the results of %lld runs", (long long)crew->count);
	crew->worker_count = crew->count < crew->plan->workers ? (int)crew->count : crew->plan->workers;
	crew->progress = progress_start(crew->count, !crew->plan->sweep->quiet);
	crew->progress.action = "sweeping";
	return true;
}

bool runs_do(const Plan *plan, const int64_t *runs, int64_t count, Ended *ended, void *context, bool *stopped,
	Failure *failure)
{
	Crew crew = {.plan = plan, .runs = runs, .count = count, .ended = ended, .context = context};
	if (!open_crew(&crew, failure))
		return false;
	bool done = true;
	fflush(stdout);
	for (int i = 0; i < crew.worker_count; i++)
		crew.workers[i] = (Worker){0, -1};
	for (int i = 0; done && i < crew.worker_count; i++)
		done = start_worker(&crew, i, failure);
	done = done && wait_for_all(&crew, failure);
	end_workers(&crew);
	progress_clear(&crew.progress);
	*stopped = is_stopped(&crew) && crew.ended_count < count;
	if (done && !*stopped)
		find_lost(&crew);
	munmap(crew.shared, crew.bytes);
	if (done && crew.lost)
		done = fail(failure, "%lld run%s not be trained. The first: %s", (long long)crew.lost,
			crew.lost == 1 ? " could" : "s could", crew.first_loss.text);
	if (done && crew.unwritten)
		done = fail(failure, "%s", crew.first_unwritten.text);
	return done;
}
