/* bench.h: what `make bench` is made of. A row is one question ("a training step of 784-512-512-10"), its contenders
 * are asked in turns, round after round, and compared round by round. */
#ifndef BENCH_H
#define BENCH_H
#include "bnc.h"
#include "pool.h"
#include "profile.h"
#include "progress.h"

enum { MAX_ROUNDS = 32, MAX_CONTENDERS = 10, MAX_WIDTHS = 80 };

typedef struct Bench {
	const KernelSet *set;
	bool any_set;           /* a network may take one with shorter vectors */
	int cores;
	Pool *pool;             /* of cores threads; null with one core */
	int rounds;
	double seconds;         /* that a contender is given in a round */
	bool quick;
	const char *only;       /* rows whose title holds this, or null */
	const char *bnc, *python, *libtorch;    /* paths; python and libtorch may be null */
	FILE *json;             /* one object that is being written, or null */
	int rows_written;
	const char *heading;    /* of the rows to come, or null: printed */
} Bench;

/* ---- measure.c */

/* Seconds that one operation takes, a median over about so many seconds; 0: it cannot be had here. */
typedef double Measure(void *subject, double seconds);

typedef struct Contender {
	const char *name;
	Measure *measure;
	void *subject;
	double samples[MAX_ROUNDS];
} Contender;

typedef struct Row {
	char title[96];
	int threads;
	double flops, bytes;    /* of one operation, or 0; useful ones only */
	Contender contenders[MAX_CONTENDERS];   /* the first is what the others are compared with */
	int count;
	double ratios[MAX_CONTENDERS];          /* row_run: each contender's time by the first's, the median over rounds */
} Row;

/* The median time of one call. Short calls are timed many at once, so that the clock does not matter. */
double measure_calls(void (*call)(void *), void *subject, double seconds);

void row_name(Row *row, const char *format, ...) __attribute__((format(printf, 2, 3)));
void row_add(Row *row, const char *name, Measure *measure, void *subject);
/* Whether a row of this title was asked for. */
bool row_wanted(const Bench *bench, const Row *row);
/* Measures and prints, if it is wanted. */
void row_run(Bench *bench, Row *row);

/* ---- machine.c: what this processor could do */

/* The time that the row's FLOPs would take in registers alone. */
typedef struct Peak { const Bench *bench; const char *isa; int threads; double flops; } Peak;
Measure measure_peak, measure_tile;      /* tile: with the loads that a product's inner loop needs, from L1 */
bool peak_is_here(const char *isa);

/* The time that loading some bytes takes where a working set of that size lives. */
typedef struct Bandwidth {
	size_t working_set;
	double bytes;
	float *memory;
	void (*load)(const float *memory, size_t floats);
} Bandwidth;
bool bandwidth_open(Bandwidth *bandwidth, size_t working_set, double bytes);
void bandwidth_close(Bandwidth *bandwidth);
Measure measure_bandwidth;

/* ---- network.c: a network as bnc runs it */

typedef struct Shapes {
	int widths[MAX_WIDTHS], count;  /* features of the input, of each hidden layer, of the output */
	bool norm;                      /* BatchNorm before each activation */
	bool mse;                       /* the loss, instead of cross entropy */
	int batch;
	const char *activation;         /* a layer, as .net files and torch name it; null: relu */
	double momentum;
} Shapes;

typedef struct Net {
	Compilation compilation;
	void *memory;
	Host host;
	int rows;               /* of a call */
} Net;

/* "784-512-512-10" */
Shapes shapes_read(const char *widths, int batch, bool norm);
const char *shapes_text(const Shapes *shapes, char *text, size_t size);
/* A step's useful FLOPs: three products a layer, but for the first layer's dx. */
double step_flops(const Shapes *shapes);
/* The statements of a .net file. */
const char *shapes_source(const Shapes *shapes, char *text, size_t size);

bool net_open(Net *net, const Bench *bench, const Shapes *shapes, int threads, bool fuse);
/* The network of the text of a .net file; training counts its products' FLOPs, at borders of images too. */
bool net_open_text(Net *net, const Bench *bench, const char *source, int batch, int threads, bool fuse);
double net_flops(const Net *net);
void net_close(Net *net);
Measure measure_step, measure_predict;
size_t net_weight_bytes(const Net *net);

/* ---- peers.c: other people's programs */

typedef struct Peer Peer;               /* bench/torch_peer.py or .cpp, answering questions */
typedef struct Question { Peer *peer; char text[600]; } Question;

/* Null when there is no PyTorch. Those of the same threads are the same. */
Peer *peer_find(const Bench *bench, int threads);
const char *peer_version(const Peer *peer);
void peers_close(void);
/* What: "step" or "predict"; how: "eager" or "compiled", or "C++" for a step. */
void ask(const Bench *bench, Question *question, const char *what, const char *how, const Shapes *shapes, int threads);
/* About the network in a file that bnc --print has written; how may be "channels_last", too. */
void ask_of_file(const Bench *bench, Question *question, const char *what, const char *how, const char *file, int batch,
	int threads);
Measure measure_peer;

/* Whole processes. */
typedef struct Process { const char *arguments[20]; } Process;
double run_process(const Process *process);     /* seconds; 0: it failed */
Measure measure_process;

/* ---- deployed.c: what --emit --inference writes */

typedef struct Deployed {
	void *library;
	void (*predict_one)(const float *x, float *y);
	float *inputs, *outputs;
} Deployed;

/* False: the measure says that it is not here; close it all the same. */
bool deployed_open(Deployed *deployed, const Bench *bench, const char *source, int inputs, int outputs, int lanes);
void deployed_close(Deployed *deployed);
Measure measure_deployed;

/* ---- the rows, in products.c, kernels.c, training.c, images.c, fann.c, prediction.c, starting.c, sweeps.c */

void bench_machine(Bench *bench);
void bench_products(Bench *bench);
void bench_kernels(Bench *bench);
void bench_training(Bench *bench);
void bench_images(Bench *bench);
void bench_fann(Bench *bench);
void bench_prediction(Bench *bench);
void bench_epochs(Bench *bench);
void bench_starting(Bench *bench);
void bench_sweeps(Bench *bench);

#endif
