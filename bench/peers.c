/* Other people's programs: PyTorch behind a pipe, so that it can be asked in turns with bnc, and whole processes. */
#define _GNU_SOURCE             /* pipe2 */
#include "bench.h"
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

extern char **environ;

struct Peer {
	const char *program, *script;   /* script: of an interpreter, else null */
	int threads;
	pid_t process;
	FILE *to, *from;
	char version[64];       /* "" when there is none */
};

enum { MAX_PEERS = 4 };
static Peer peers[MAX_PEERS];
static int peer_count;

/* Both libraries of the peer read how many threads they may start before it can say so itself. */
static void run_peer(const Peer *peer, const int in[2], const int out[2])
{
	char text[16];
	snprintf(text, sizeof text, "%d", peer->threads);
	setenv("OMP_NUM_THREADS", text, 1);
	setenv("OPENBLAS_NUM_THREADS", text, 1);
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	close(in[1]);
	close(out[0]);
	if (peer->script)
		execl(peer->program, peer->program, peer->script, text, (char *)0);
	else
		execl(peer->program, peer->program, text, (char *)0);
	_exit(1);
}

static bool peer_start(Peer *peer)
{
	int in[2], out[2];
	if (!peer->program || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return false;
	signal(SIGPIPE, SIG_IGN);
	peer->process = fork();
	if (peer->process == 0)
		run_peer(peer, in, out);
	close(in[0]);
	close(out[1]);
	peer->to = fdopen(in[1], "w");
	peer->from = fdopen(out[0], "r");
	if (!peer->to || !peer->from || !fgets(peer->version, sizeof peer->version, peer->from))
		return false;
	peer->version[strcspn(peer->version, "\n")] = 0;
	return true;
}

static Peer *find(const char *program, const char *script, int threads)
{
	for (int i = 0; i < peer_count; i++)
		if (peers[i].threads == threads && peers[i].script == script)
			return peers[i].version[0] ? &peers[i] : 0;
	if (peer_count == MAX_PEERS)
		return 0;
	Peer *peer = &peers[peer_count++];
	*peer = (Peer){.program = program, .script = script, .threads = threads};
	return peer_start(peer) ? peer : 0;
}

Peer *peer_find(const Bench *bench, int threads)
{
	static const char script[] = "bench/torch_peer.py";
	return find(bench->python, script, threads);
}

const char *peer_version(const Peer *peer)
{
	return peer ? peer->version : "not here";
}

void peers_close(void)
{
	for (int i = 0; i < peer_count; i++) {
		if (peers[i].to)
			fclose(peers[i].to);
		if (peers[i].from)
			fclose(peers[i].from);
		if (peers[i].process > 0)
			waitpid(peers[i].process, 0, 0);
	}
}

void ask(const Bench *bench, Question *question, const char *what, const char *how, const Shapes *shapes, int threads)
{
	char widths[512];
	const bool from_c = strcmp(how, "C++") == 0;
	question->peer = from_c ? find(bench->libtorch, 0, threads) : peer_find(bench, threads);
	snprintf(question->text, sizeof question->text, "%s %s %s %d %d %s %g", what, from_c ? "eager" : how,
		shapes_text(shapes, widths, sizeof widths), shapes->batch, shapes->norm, shapes->activation ? shapes->activation
		: "relu", shapes->momentum);
}

void ask_of_file(const Bench *bench, Question *question, const char *what, const char *how, const char *file, int batch,
	int threads)
{
	question->peer = peer_find(bench, threads);
	snprintf(question->text, sizeof question->text, "%s %s %s %d", what, how, file, batch);
}

double measure_peer(void *subject, double seconds)
{
	const Question *question = subject;
	char answer[200] = "";
	if (!question->peer)
		return 0;
	fprintf(question->peer->to, "%s %g\n", question->text, seconds);
	fflush(question->peer->to);
	if (!fgets(answer, sizeof answer, question->peer->from))
		return 0;
	/* its threads look for work for a while before they sleep, and would disturb who is measured next */
	usleep(5000);
	return strtod(answer, 0);
}

/* ---- processes */

double run_process(const Process *process)
{
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status = 1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	double start = wall_seconds();
	if (posix_spawnp(&child, process->arguments[0], &actions, 0, (char **)process->arguments, environ) == 0)
		waitpid(child, &status, 0);
	double seconds = wall_seconds() - start;
	posix_spawn_file_actions_destroy(&actions);
	return status == 0 ? seconds : 0;
}

double measure_process(void *subject, double seconds)
{
	enum { MOST = 100 };
	double samples[MOST];
	int count = 0;
	if (run_process(subject) <= 0)
		return 0;
	double end = wall_seconds() + seconds;
	do
		samples[count++] = run_process(subject);
	while (count < MOST && wall_seconds() < end);
	return median(samples, count);
}
