/* bnc.h: the compiler's one header: every struct, then the functions of each .c file, in the order in which a network
 * passes through them: text -> tree -> network -> steps -> loops -> memory -> C -> machine code. */
#ifndef BNC_H
#define BNC_H
#include "../runtime/kernels/few.h"
#include "../runtime/runtime.h"
#include <stdarg.h>

/* ---- arena.c: one arena per compilation; everything in it is freed at once */

typedef struct Arena Arena;

Arena *arena_open(void);
void arena_close(Arena *arena);
/* Zeroed memory for count objects of size bytes. Never null: out of memory ends the process with a message. */
void *arena_alloc(Arena *arena, size_t count, size_t size);
char *arena_copy(Arena *arena, const char *text, size_t length);        /* adds the final 0 */
char *arena_print(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* items, doubled when count has reached *capacity. */
void *arena_grow(Arena *arena, void *items, int count, int *capacity, size_t size);

#define NEW(arena, type) ((type *)arena_alloc((arena), 1, sizeof(type)))
#define NEW_ARRAY(arena, type, count) ((type *)arena_alloc((arena), (size_t)(count), sizeof(type)))
/* A list is a struct { T *items; int count, capacity; }. */
#define APPEND(arena, list, item) \
	((list)->items = arena_grow((arena), (list)->items, (list)->count, &(list)->capacity, sizeof *(list)->items), \
	 (list)->items[(list)->count++] = (item))

/* ---- map.c: from names to what they mean */

typedef struct Map Map;         /* null: the empty one */

const void *map_get(const Map *map, const char *name);         /* null: it is not there */
/* A map that has also, or instead, this value for the name; map itself stays as it is. */
const Map *map_put(Arena *arena, const Map *map, const char *name, const void *value);

/* ---- error.c: diagnostics with place, source line and caret */

typedef struct Source {
	const char *path;       /* as the user wrote it; "-e" for a network on the command line */
	const char *text;       /* ends with a 0 beyond length */
	size_t length;
} Source;

typedef struct Span { uint32_t begin, end; } Span;      /* byte offsets into the source */

typedef struct Diagnostics Diagnostics;

Diagnostics *diagnostics_open(Arena *arena, const Source *source);
void error_at(Diagnostics *diagnostics, Span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
void warning_at(Diagnostics *diagnostics, Span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Belongs to the error or warning reported last, and is printed below it. */
void note_at(Diagnostics *diagnostics, Span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
int error_count(const Diagnostics *diagnostics);
/* Prints everything in the order of the source, at most 20 errors in full and then how many more there are. */
void diagnostics_print(const Diagnostics *diagnostics, FILE *out);

/* Where an offset is, for people: both count from 1, columns in characters of UTF-8. */
typedef struct Place {
	int line, column;
	uint32_t offset, line_begin;
} Place;

Place place_first(const Source *source);
/* Counts on from place, so that places in the order of the source cost one pass together. */
Place place_next(const Source *source, Place place, uint32_t offset);
/* The source's own text for a message: one line, short, and harmless to a terminal. */
const char *quote_source(Arena *arena, const Source *source, Span span);
/* Writes text with everything escaped that a terminal might act upon. */
void print_safely(const char *text, size_t length, FILE *out);

/* ---- lex.re, parse.y: characters -> tokens -> tree */

typedef enum LiteralKind { LITERAL_NUMBER, LITERAL_NAME, LITERAL_SHAPE } LiteralKind;

typedef struct Literal {
	LiteralKind kind;
	Span span;
	bool integer;           /* a number written without point or exponent, and then exactly: */
	bool negative, overflow;/* overflow: beyond 64 bits, or a real beyond double */
	uint64_t magnitude;
	double number;          /* any number's value */
	const char *name;       /* true and false are names */
	int rank;               /* of a shape, at most MAX_RANK; each dimension saturates at INT64_MAX */
	int64_t dims[4];
} Literal;

typedef struct Argument {
	const char *key;        /* null when positional */
	Span key_span;          /* of the key, or of the value when positional */
	Literal value;
	struct Argument *next;
} Argument;

typedef enum StatementKind {
	STATEMENT_CALL,         /* [label:] name {value} {key=value}: a layer, a setting or a block; the tables decide */
	STATEMENT_LET,          /* let name = value         (value in arguments) */
	STATEMENT_REPEAT,       /* repeat value { body }    (value in arguments) */
	STATEMENT_BLOCK,        /* block name(parameters) { body }   (each parameter a LITERAL_NAME in arguments) */
	STATEMENT_RESIDUAL,     /* [label:] residual { body } [{ shortcut }] */
} StatementKind;

typedef struct Statement {
	StatementKind kind;
	Span span;              /* from its first to its last token; of a statement with a body, up to the body */
	Span name_span;
	const char *label;      /* null without one */
	Span label_span;
	const char *name;
	Argument *arguments;
	struct Statement *body, *shortcut;
	bool broken;            /* a syntax error was reported in it; its name may be null */
	struct Statement *next;
} Statement;

enum { MAX_NESTING = 64, MAX_SOURCE_BYTES = 64 << 20 };

/* The file's statements in order. Syntax errors are reported, each once, and the statements around them kept. */
Statement *parse(Arena *arena, Diagnostics *diagnostics, const Source *source);

/* ---- dump_tree.c: --dump tokens and --dump tree: one token or statement in a line, with its place */

void dump_tokens(const Source *source, FILE *out);
void dump_tree(const Source *source, const Statement *statements, FILE *out);

/* ---- kernels.c: the rows of runtime/kernels.h as the passes see them */

typedef enum OperandClass {
	OPERAND_INT, OPERAND_FLOAT, OPERAND_DOUBLE,     /* by value */
	OPERAND_FUNCTION,               /* a kernel, of an optimizer */
	OPERAND_TENSOR,
} OperandClass;

/* A type of kernels.h: `in_rows`, `int`, ... */
typedef struct OperandType {
	const char *name, *c_type;
	OperandClass class;
	bool reads, writes;
	bool own;               /* touches its own panel only, else the whole tensor */
	bool any_layout;
	Layout layout;
} OperandType;

enum { MAX_OPERANDS = 28 };

typedef struct KernelParameter {
	const char *name;
	const OperandType *type;
	bool maybe;             /* may be absent */
	bool grad;              /* lanes past the last feature are 0 */
} KernelParameter;

typedef bool VariantFits(Sizes sizes);

typedef struct Kernel {
	const char *name;
	const char *prototype;  /* the row's parameter list, as C */
	bool in_place, product, activation, optimizer, contrast;
	int states;             /* of an optimizer: the most that it keeps of a weight */
	size_t entry;           /* offset of its function in a KernelTable */
	int panels;             /* that a call is for */
	const struct Kernel *row;       /* itself, or of which it is a variant */
	VariantFits *fits;      /* of a variant: the sizes that it is for, from so many lanes on; else null */
	int lanes;
	int parameter_count;
	KernelParameter parameters[MAX_OPERANDS];
} Kernel;

typedef struct Kernels { Kernel *items; int count; } Kernels;

/* Reads the table. A row that cannot be read is a fault of bnc: internal_error. */
Kernels kernel_table(Arena *arena);
const Kernel *kernel_find(const Kernels *kernels, const char *name, size_t length);
/* Whether the kernel is for these sizes; a row is for all. */
bool kernel_fits(const Kernel *kernel, Sizes sizes);
/* The row's first variant for these sizes that takes so many panels, or null. */
const Kernel *kernel_variant(const Kernels *kernels, const Kernel *row, Sizes sizes, int panels);
/* Reading the tables' texts: each passes over space first, and moves *text behind what it read. A word is of letters, digits and
 * underscores, and "" where there is none; a call is `kernel(name, ...)`, and fits its kernel. */
const char *read_word(Arena *arena, const char **text);
bool read_mark(const char **text, char mark);           /* false: something else is there, and stays */
const Kernel *read_call(Arena *arena, const Kernels *kernels, const char **text, const char *names[]);

/* ---- layers/: one const Layer each; passes learn everything about a layer from here and never name one */

enum { MAX_ARGUMENTS = 8, MAX_TENSORS = 6, MAX_LOCALS = 4, MAX_INPUTS = 2, MAX_EXAMPLES = 10, MAX_RANK = 4 };

typedef enum ArgumentKind { ARGUMENT_SIZE, ARGUMENT_REAL, ARGUMENT_FLAG } ArgumentKind;
typedef enum ArgumentUse {
	REQUIRED = 1,
	INFERRED = 2,           /* may be left out, is checked when given: the Layer's infer does both */
	POSITIONAL = 4,         /* may be written without its name */
} ArgumentUse;

typedef struct ArgumentSpec {
	const char *name;       /* null ends the list */
	ArgumentKind kind;
	int use;                /* of ArgumentUse */
	double standard;        /* the default */
	const char *range;      /* what a REAL must satisfy: null, ">= 0", "> 0", ">= 0 and < 1" */
	const char *with;       /* what it has no effect or no meaning without, as written after it; or null */
} ArgumentSpec;

/* A tensor that belongs to the network: a parameter (trained), or a statistic (updated by forward, saved alike). */
typedef struct TensorSpec {
	const char *name;       /* null ends the list */
	Layout layout;
	bool trainable;
	Init init;
	const char *when;       /* the FLAG or REAL argument without which it does not exist, or null */
} TensorSpec;

/* A tensor that forward leaves for backward, or one call for the next. */
typedef struct LocalSpec { const char *name; Layout layout; } LocalSpec;

typedef enum LayerKind { KIND_LAYER, KIND_LOSS, KIND_OPTIMIZER } LayerKind;

/* What a reference computes on: row-major doubles. */
typedef struct Reference {
	int rows, inputs, outputs;      /* inputs, outputs: values in a row of x, y */
	const double *arguments;
	const double *tensors[MAX_TENSORS];     /* as declared; null for one that does not exist */
	const double *x, *x2;
	double *y;
	bool training;
	const int *labels;              /* losses only; y is then one value */
	const double *targets;
	/* an optimizer's: y is w, which it updates by the gradient x, and states are those of its tensors that exist */
	double *states[MAX_TENSORS];
	double lr;
	int64_t step;                   /* 0 for the first */
} Reference;

struct Node;

/* What an optimizer's first step leaves of a gradient: scale (dw + decay w), or scale times its square, is in the state; or, times lr, taken from w. */
typedef struct FirstStep { const char *state; double scale, decay; bool squared; } FirstStep;

/* y = (x - centre) scale + shift; x is thought to be about one deviation away from the centre. */
typedef struct Scaling { double centre, deviation, scale, shift; } Scaling;

/* Which rule a network gets that names none. */
typedef enum Standard { NOT_STANDARD, STANDARD, STANDARD_FOR_ONE_OUTPUT } Standard;

/* forward, predict and backward are kernel calls separated by `;`. A call may start with `[name]` or `[!name]`: it is
 * there only if that argument is not, or is, 0. Names in a call: the node's tensors, locals and arguments, one_minus_<argument>, which a
 * kernel could not make of a float as exactly; x (x2), y; dx
 * (dx2), dy and d<tensor>, gradients; rows, panel; inputs and outputs (features of x and y); lr, step. In an optimizer: w, dw, size and numbers, which prepare writes once a step;
 * in a loss: label, target, loss, correct. A call whose every result is unread is dropped. `dx = dy` passes a gradient on as
 * it is. */
typedef struct Layer {
	LayerKind kind;
	const char *name, *summary;
	ArgumentSpec arguments[MAX_ARGUMENTS + 1];
	TensorSpec tensors[MAX_TENSORS + 1];
	LocalSpec locals[MAX_LOCALS + 1];
	bool (*infer)(struct Node *node, Diagnostics *diagnostics);     /* shapes and what arguments must agree on; null: y is like x */
	const char *forward;
	const char *predict;                    /* null: as forward */
	const char *backward;
	const char *prepare;                    /* of an optimizer: before the first update of a step */
	Standard standard;
	bool takes_labels;                      /* a loss: on class indices, not values */
	bool normalises_batch;                  /* one row has no variance */
	bool cancels_shift;                     /* in training, a constant added to a feature of x does not change y */
	const char *decay;                      /* of an optimizer: the argument without which w stays where dw is 0, or null */
	FirstStep (*first_step)(const double *arguments);       /* of an optimizer */
	const char *shift;                      /* the tensor that adds a constant to each feature of y, or null */
	const char *product;                    /* y = x W' + shift, and nothing else: the tensor W, or null */
	/* What prediction does to a feature of x, if it is that and nothing else; or null. tensors: as declared, in double. */
	Scaling (*scales)(const double *arguments, const double *const tensors[], int feature);
	void (*reference)(const Reference *reference);
	const char *examples[MAX_EXAMPLES + 1]; /* networks of this layer, without loss; tests run them all */
} Layer;

extern const Layer *const layers[];             /* all of them, null at the end */
const Layer *layer_find(LayerKind kind, const char *name);
const Layer *layer_standard(LayerKind kind, int outputs);
const Layer *layer_sum(void);                   /* joins the two ways of a residual */
/* The kind's names, for messages. */
int layer_names(LayerKind kind, const char *names[], int capacity);
void layer_list(FILE *out);                     /* --list-layers */
bool layer_print(LayerKind kind, const char *name, FILE *out); /* its part of the list; false: there is none of that name */
int argument_index(const Layer *layer, const char *name);      /* -1: none */
int tensor_index(const Layer *layer, const char *name);        /* -1: none */

/* ---- settings.c */

void setting_list(FILE *out);                   /* --list-settings */
bool setting_print(const char *name, FILE *out);
int setting_names(const char *names[]);

/* ---- network.c: tree -> network: let, repeat, block and residual are gone, names are looked up, arguments checked */

/* Of one sample. Its rank may also say that it is not known yet, or that a mistake was reported where it arises. */
enum { UNKNOWN_RANK = 0, BROKEN_RANK = -1 };
typedef struct Shape { int rank; int dims[MAX_RANK]; } Shape;

struct Tensor;

typedef struct Value {
	Shape shape;
	struct Node *producer;          /* null for the network's input */
	Span span;                      /* where its size was said */
	int readers;                    /* diff.c: nodes, and the loss */
	struct Node *reader;            /* the last of the nodes */
	struct Tensor *tensor, *gradient;
} Value;

typedef struct Node {
	const Layer *layer;
	int index;                      /* in the network */
	const char *path;               /* "3.shortcut.0": the prefix of its tensors' names */
	Span span;
	double arguments[MAX_ARGUMENTS];
	Span argument_spans[MAX_ARGUMENTS];
	bool given[MAX_ARGUMENTS];
	Value *inputs[MAX_INPUTS];
	int input_count;
	Value *output;
	struct Tensor *tensors[MAX_TENSORS], *gradients[MAX_TENSORS];
	struct Tensor *locals[MAX_LOCALS];
} Node;

typedef struct Nodes { Node **items; int count, capacity; } Nodes;

typedef struct Network {
	Arena *arena;
	const char *path;               /* of its source */
	const char *name;               /* a C identifier */
	Nodes nodes;                    /* in the order of the source, which is an order of evaluation */
	Value *input, *output;
	Node *loss, *optimizer;
	int batch, epochs;
	uint64_t seed;
	bool seed_given;
} Network;

/* What the command line overrides; a negative number or null leaves the file's. */
typedef struct Overrides { int batch, epochs; double lr; } Overrides;

enum { MAX_NODES = 100000, MAX_BATCH = 1 << 20, MAX_THREADS = 64 };

Network *network_build(Arena *arena, Diagnostics *diagnostics, const Statement *tree, const Source *source, const Overrides *overrides);

/* ---- shape.c: shapes along the graph */

void infer_shapes(Network *network, Diagnostics *diagnostics);
static inline bool shape_is_known(const Shape *shape) { return shape->rank > 0; }
static inline bool shape_is_broken(const Shape *shape) { return shape->rank == BROKEN_RANK; }
bool same_shape(const Shape *a, const Shape *b);
int shape_features(const Shape *shape);         /* dims[0] */
int shape_positions(const Shape *shape);        /* the product of the others: rows per sample */
int64_t shape_size(const Shape *shape);         /* floats in a sample */
const char *shape_text(Arena *arena, const Shape *shape);
/* For infer: x's features, or a message when x is not a vector; takes them from the argument when x is not known. True: x is. */
bool infer_features(Node *node, const char *argument, Diagnostics *diagnostics);
bool set_output(Node *node, Shape shape);

/* ---- diff.c: network -> steps: forward, loss, backward, update as kernel calls over tensors */

typedef enum Role {
	ROLE_PARAMETER,         /* trained and saved */
	ROLE_STATISTIC,         /* saved */
	ROLE_STATE,             /* the optimizer's */
	ROLE_GRADIENT,          /* of a parameter, where it outlives the step's loops */
	ROLE_BLOCK,             /* all parameters side by side, or all their gradients */
	ROLE_INPUT, ROLE_LABEL, ROLE_TARGET, ROLE_RESULT,       /* meeting points with the caller */
	ROLE_TEMPORARY,         /* lives within a call; written by one step only */
} Role;

typedef struct Tensor {
	const char *name;       /* a C identifier, made by bnc */
	const char *path;       /* "0.weight" for saved tensors */
	const Node *node;       /* whose it is, of saved tensors */
	Role role;
	Layout layout;
	Init init;
	int features;           /* that the panels cut */
	int inputs;             /* LAYOUT_WEIGHTS: rows of the matrix */
	int positions;          /* LAYOUT_ROWS: rows per sample */
	const struct Tensor *parameter; /* ROLE_STATE: that it belongs to, or null */
	struct Tensor *block;   /* that it is a part of, from so many floats on; or null */
	size_t in_block;
	int row;                /* standalone.c: in the emitted table */
	bool touched, read;     /* diff.c: by a step that is not dead */
	int id;                 /* fuse.c: among the routine's tensors */
	bool contrast;          /* variants.c: only the differences between its features count, or they sum to 0 in each row */
	bool crowded;           /* fuse.c: its only reader is in a loop of its own for want of cache */
	/* plan.c */
	bool one_panel;         /* lives within one iteration of one loop: storage for one panel */
	size_t offset;          /* persistent: bytes in the struct; temporary: floats in work */
	int first, last;        /* times of its first write and last use */
} Tensor;

typedef struct Tensors { Tensor **items; int count, capacity; } Tensors;

typedef enum OperandKind {
	OPERAND_ABSENT, OPERAND_AT, OPERAND_NUMBER, OPERAND_ROWS, OPERAND_PANEL, OPERAND_RATE, OPERAND_PANEL_SIZE, OPERAND_KERNEL
} OperandKind;

typedef struct Operand {
	OperandKind kind;
	Tensor *tensor;         /* OPERAND_AT; OPERAND_PANEL_SIZE: whose panel */
	double number;          /* OPERAND_NUMBER; OPERAND_ROWS: rows per sample */
	const Kernel *kernel;   /* OPERAND_KERNEL */
} Operand;

enum { MAX_PARTS = 12 };

typedef struct Step {
	const Kernel *kernel;
	const Kernel *pair;     /* variants.c: what does it for two panels at once, or null */
	Operand operands[MAX_OPERANDS];
	Node *node;
	int features;           /* of its own-panel operands: it runs once per panel; 0: once */
	struct Step *after;     /* recompute.c: not in a loop with it, nor before */
	bool after_all;         /* not in a loop with any step before it */
	struct Loop *loop;      /* fuse.c */
	int time;               /* position in the final order */
	struct Step *parts[MAX_PARTS];  /* combine.c: what this call does at once */
	int part_count;
} Step;

typedef struct Steps { Step **items; int count, capacity; } Steps;

/* Two steps whose order matters, and the tensor that makes it matter. */
typedef struct Edge { int from, to; const Tensor *tensor; bool panel_local; } Edge;
typedef struct Edges { Edge *items; int count, capacity; } Edges;

/* Different activations that a loop reads whole for every panel, and so wants to keep in the cache. */
typedef struct Whole { const Tensor **items; int count, capacity; } Whole;

typedef struct Loop {
	int features;           /* it runs once per panel of so many; 0: once */
	Steps steps;
	Whole whole;
	int number;             /* its place among the routine's loops */
	bool paired;            /* variants.c: it takes two panels at a time */
	bool parallel;          /* cost.c: its panels are worth sharing among threads */
} Loop;
typedef struct Loops { Loop **items; int count, capacity; } Loops;

/* One function of the generated program. */
typedef struct Routine {
	const char *name;       /* "train" or "predict" */
	Steps steps;            /* diff.c: in program order */
	Edges edges;            /* fuse.c */
	Loops loops;            /* fuse.c: in the order in which they run */
	Tensors temporaries;
	size_t work;            /* plan.c: floats of working memory */
	size_t scratch;         /* plan.c: and for each thread so many more, for one panel */
	size_t peak;            /* plan.c: floats alive at once at the worst moment: no plan can need less */
} Routine;

/* A node's tensors as declared, row-major; null where there is none. */
typedef struct Weights { double *tensors[MAX_TENSORS]; } Weights;

/* Everything that is known of one network, filled in pass by pass. */
typedef struct Compilation {
	Arena *arena;
	Source source;
	Diagnostics *diagnostics;
	Kernels kernels;
	const KernelSet *target;
	int threads;            /* 0 and 1: no loop is shared */
	bool pairs;             /* take two panels at a time where that is faster */
	bool profile;           /* time every loop */
	bool keep_rounding;     /* combine calls only where no bit changes */
	bool recompute;         /* save memory, not time */
	bool update_at_once;    /* one call of the optimizer for all parameters, when all gradients are known */
	bool fuse;              /* false: every step in a loop of its own, for tests that compare */
	Statement *tree;
	Network *network;
	Tensors tensors;        /* persistent, in the order of the struct */
	Tensor *input, *label, *target_values, *loss, *correct, *output, *step;
	Weights *weights;       /* by a node's index: the network is for prediction with these; null: it is to be trained */
	int rows;               /* with weights: the batch, which may be a single row where training needs more */
	struct { const char **items; int count, capacity; } folded;     /* fold.c: what became of what, in words */
	Routine train, predict;
	size_t work, work_offset;       /* floats that the routines share, and their place in the struct */
	size_t bytes;                   /* of the struct */
	const char *text;       /* emit.c: the C program */
	Program program;        /* jit.c: what runs */
	void *code;
	size_t code_bytes;
	double compile_seconds, tcc_seconds;
} Compilation;

/* ---- fold.c: layers that only scale and shift in prediction -> the products beside them */

void fold(Compilation *compilation);

void differentiate(Compilation *compilation);
/* Fills in every value's readers; the loss is one of the network's output. */
void count_readers(const Network *network);
/* Whether tensor of node adds a constant that is subtracted again at once, so that training leaves it as it is. */
bool shift_is_cancelled(const Network *network, const Node *node, int tensor);

/* ---- recompute.c: activations that backward makes again instead of keeping them */

void recompute(Compilation *compilation, Routine *routine);

/* ---- fuse.c: steps -> loops over panels */

/* Numbers all tensors that a routine can touch from 0; returns how many there are. */
int number_tensors(const Compilation *compilation, Routine *routine);

void fuse(Compilation *compilation, Routine *routine);
/* The edges of the routine's steps in their present order, and each step's time. */
void find_dependences(Compilation *compilation, Routine *routine);

/* ---- combine.c: several calls of a loop -> one */

void combine(Compilation *compilation, Routine *routine);

/* ---- variants.c: the kernels for the network's sizes */

/* Replaces kernels by their variants, and marks the loops that take two panels at a time. */
void choose_variants(Compilation *compilation);
/* Whether the step is made for two panels by one call. */
bool is_paired(const Step *step);

/* ---- cost.c: what steps and loops cost, by the tables */

/* Useful floating-point operations of a loop's products at a full batch; elementwise work is not counted. */
double loop_flops(const Compilation *compilation, const Loop *loop);
/* Bytes that a loop reads and writes of tensors that outlive one of its iterations. */
double loop_bytes(const Compilation *compilation, const Loop *loop);
void add_whole(const Compilation *compilation, Whole *whole, const Tensor *tensor);
void add_step_whole(const Compilation *compilation, Whole *whole, const Step *step);
/* Whether both, read in turns, stay in the cache. */
bool share_cache(const Compilation *compilation, const Whole *a, const Whole *b);
/* Marks the loops that are worth sharing; leaves compilation->threads at 1 when there is none. */
void choose_parallel(Compilation *compilation);

/* ---- plan.c: tensors -> memory */

int panel_count(const Compilation *compilation, int features);
/* Floats of a panel, and of the whole, for batches of max rows. */
size_t panel_floats(const Compilation *compilation, const Tensor *tensor);
size_t tensor_floats(const Compilation *compilation, const Tensor *tensor);
void plan_memory(Compilation *compilation);

/* ---- memory.c: the plan in words */

size_t tensor_bytes(const Compilation *compilation, const Tensor *tensor);
size_t role_bytes(const Compilation *compilation, Role role);           /* of what persists */
size_t saved_activation_bytes(const Compilation *compilation);          /* what forward leaves for backward */
/* A line for each place of the routine's working memory, begun with margin: which temporaries are there, one after the other. */
const char *shared_storage(const Compilation *compilation, const Routine *routine, const char *margin);
/* False: needed is more than the budget, unless that is 0; the message names the largest buffers. */
bool check_ram(const Compilation *compilation, const Routine *routine, bool with_weights, size_t needed, uint64_t budget, Failure *failure);

/* ---- emit.c: loops -> C */

void emit(Compilation *compilation);
/* An exact C literal of an OPERAND_INT, FLOAT or DOUBLE, whatever the locale. */
const char *number_text(Arena *arena, double number, OperandClass class);
enum { FLOAT_TEXT = 32 };
/* The same of a float, into text[FLOAT_TEXT], with the fewest digits from `digits` on that mean it. */
void write_float(char *text, float value, int digits);

/* ---- jit.c: C -> machine code; false: the text is saved for a report and failure says where */

bool jit(Compilation *compilation, Failure *failure);
void jit_free(Compilation *compilation);

/* ---- compile.c: the passes in order */

/* Where to stop: the names of --dump. */
typedef enum Stage { STAGE_TOKENS, STAGE_TREE, STAGE_NETWORK, STAGE_STEPS, STAGE_LOOPS, STAGE_CALLS, STAGE_PLAN, STAGE_C, STAGE_RUN } Stage;

/* Runs the passes up to stage. False: the source's diagnostics say why, or failure does (internal errors). */
bool compile(Compilation *compilation, Stage last, const Overrides *overrides, Failure *failure);
void compilation_close(Compilation *compilation);
/* A fault of bnc itself: says so, asks for a report, and ends the process with status 4. */
_Noreturn void internal_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- report.c: what --dump, --summary and --explain print */

void dump(const Compilation *compilation, Stage stage, FILE *out);
void print_summary(const Compilation *compilation, FILE *out);
void explain(const Compilation *compilation, FILE *out);
/* Time, FLOPs and bytes of each loop of training, from a profile taken over its calls. */
void print_profile(const Compilation *compilation, const struct Profile *profile, FILE *out);

#endif
