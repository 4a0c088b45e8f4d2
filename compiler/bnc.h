/* bnc.h: the compiler's internal header: all structs, then the functions of each .c file, in the order in which a
 * network passes through them: text -> tree -> network -> steps -> loops -> memory -> C -> machine code. */
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
/* Returns items, in twice the memory if count has reached *capacity. */
void *arena_grow(Arena *arena, void *items, int count, int *capacity, size_t size);

#define NEW(arena, type) ((type *)arena_alloc((arena), 1, sizeof(type)))
#define NEW_ARRAY(arena, type, count) ((type *)arena_alloc((arena), (size_t)(count), sizeof(type)))
/* A list is a struct { T *items; int count, capacity; }. */
#define APPEND(arena, list, item) \
	((list)->items = arena_grow((arena), (list)->items, (list)->count, &(list)->capacity, sizeof *(list)->items), \
	 (list)->items[(list)->count++] = (item))

/* ---- internal.c */

/* For a fault of bnc itself: says so, asks for a report, and ends the process with status 4. */
_Noreturn void internal_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- map.c: names -> values */

typedef struct Map Map;         /* a null pointer is the empty map */

const void *map_get(const Map *map, const char *name);         /* null: the map does not have it */
/* Returns a map that also has this value for the name, in place of any other; map itself does not change. */
const Map *map_put(Arena *arena, const Map *map, const char *name, const void *value);

/* ---- error.c: diagnostics with place, source line and caret */

typedef struct Source {
	const char *path;       /* as the user wrote it; "-e" for a network on the command line */
	const char *text;       /* text[length] is 0 */
	size_t length;
} Source;

typedef struct Span { uint32_t begin, end; } Span;      /* byte offsets into the source */

typedef struct Diagnostics Diagnostics;

Diagnostics *diagnostics_open(Arena *arena, const Source *source);
void error_at(Diagnostics *diagnostics, Span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
void warning_at(Diagnostics *diagnostics, Span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Belongs to the last error or warning, and is printed below it. */
void note_at(Diagnostics *diagnostics, Span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* An error of the command line, which has no place in the source. */
void misuse(Diagnostics *diagnostics, const char *format, ...) __attribute__((format(printf, 2, 3)));
int error_count(const Diagnostics *diagnostics);        /* of both kinds */
int misuse_count(const Diagnostics *diagnostics);
/* Prints everything in the order of the source: at most 20 errors in full, then the number of the others. */
void diagnostics_print(const Diagnostics *diagnostics, FILE *out);
/* Prints a mistake that has no place in the source. The text may quote names of files and arguments, which may hold
 * control characters: they are printed so that a terminal does not act on them. */
void print_mistake(const char *message, FILE *out);

/* Where an offset is, for people: line and column count from 1, columns in characters of UTF-8. */
typedef struct Place {
	int line, column;
	uint32_t offset, line_begin;
} Place;

Place place_first(const Source *source);
/* Counts on from place, so that one pass over the source finds all places that are asked for in its order. */
Place place_next(const Source *source, Place place, uint32_t offset);
/* The text of a span for a message: one line, short, and harmless to a terminal. */
const char *quote_source(Arena *arena, const Source *source, Span span);
/* Writes text, and escapes everything that a terminal might act upon. */
void print_safely(const char *text, size_t length, FILE *out);

/* ---- lex.re, parse.y: characters -> tokens -> tree */

enum { MAX_NESTING = 64, MAX_SOURCE_BYTES = 64 << 20 };

typedef enum LiteralKind { LITERAL_NUMBER, LITERAL_NAME, LITERAL_SHAPE, LITERAL_LIST } LiteralKind;

typedef struct Literal {
	LiteralKind kind;
	Span span;
	bool integer;           /* a number without point or exponent; its value is exactly: */
	bool negative, overflow;/* overflow: an integer beyond 64 bits, or a real beyond double */
	uint64_t magnitude;
	double number;          /* any number's value */
	const char *name;       /* true and false are names */
	int rank;               /* of a shape, at most MAX_RANK; a dimension that is too large becomes INT64_MAX */
	int64_t dims[MAX_RANK];
	const struct Literal *items;    /* of a list, which has at least two: numbers, names and shapes */
	int item_count;
} Literal;

typedef struct Argument {
	const char *key;        /* null when positional */
	Span key_span;          /* of the key, or of the value if positional */
	Literal value;
	struct Argument *next;
} Argument;

typedef enum StatementKind {
	/* [label:] name {value} {key=value{,value}}: a layer, a setting or a block; network.c finds out which */
	STATEMENT_CALL,
	STATEMENT_LET,          /* let name = value         (value in arguments) */
	STATEMENT_REPEAT,       /* repeat value { body }    (value in arguments) */
	STATEMENT_BLOCK,        /* block name(parameters) { body }   (each parameter a LITERAL_NAME in arguments) */
	STATEMENT_RESIDUAL,     /* [label:] residual { body } [{ shortcut }] */
} StatementKind;

typedef struct Statement {
	StatementKind kind;
	Span span;              /* from its first to its last token; without its body, if it has one */
	Span name_span;
	const char *label;      /* null without one */
	Span label_span;
	const char *name;
	Argument *arguments;
	struct Statement *body, *shortcut;
	bool broken;            /* a syntax error in it was reported; its name may be null */
	struct Statement *next;
} Statement;

/* Returns what somebody who wrote `name = value` probably meant, as a statement of bnc. */
typedef const char *Meant(Arena *arena, const char *name, const char *value);

/* Returns the file's statements in order. Reports each syntax error once, and keeps the statements around it. The
 * grammar knows no layers and no settings: `meant` does, for messages. */
Statement *parse(Arena *arena, Diagnostics *diagnostics, const Source *source, Meant *meant);

/* ---- dump_tree.c: --dump tokens and --dump tree: a line for each token or statement, with its place */

void dump_tokens(const Source *source, FILE *out);
void dump_tree(const Source *source, const Statement *statements, FILE *out);

/* ---- kernels.c: the rows of runtime/kernels.h as the passes see them */

typedef enum OperandClass {
	OPERAND_INT, OPERAND_FLOAT, OPERAND_DOUBLE,     /* by value */
	OPERAND_FUNCTION,               /* a kernel: that of an optimizer */
	OPERAND_TENSOR,
} OperandClass;

/* A type of kernels.h: `in_rows`, `int`, ... */
typedef struct OperandType {
	const char *name, *c_type;
	OperandClass class;
	bool reads, writes;
	bool own;               /* a call touches its own panel only; else the whole tensor */
	bool any_layout;
	Layout layout;
} OperandType;

enum { MAX_OPERANDS = 28 };

typedef struct KernelParameter {
	const char *name;
	const OperandType *type;
	bool maybe;             /* may be absent (null) */
	bool grad;              /* lanes past the last feature are 0 */
} KernelParameter;

typedef bool VariantFits(Sizes sizes);

typedef struct Kernel {
	const char *name;
	const char *prototype;  /* the row's parameter list, as C */
	bool in_place, product, activation, optimizer, contrast, image;
	int states;             /* of an optimizer: the number of values that it keeps for a weight, at most */
	size_t entry;           /* the offset of its function in a KernelTable */
	int panels;             /* how many panels a call is for */
	const struct Kernel *row;       /* the kernel that it is a variant of; itself if it is none */
	VariantFits *fits;      /* of a variant: whether it is for these sizes; else null */
	int bits;               /* of a vector: a set with shorter ones does not have this variant */
	bool winograd;          /* of WINOGRAD_VARIANTS */
	int parameter_count;
	KernelParameter parameters[MAX_OPERANDS];
} Kernel;

typedef struct Kernels { Kernel *items; int count; } Kernels;

/* Reads the table. A row that cannot be read is a fault of bnc, an internal_error. */
Kernels kernel_table(Arena *arena);
const Kernel *kernel_find(const Kernels *kernels, const char *name, size_t length);
/* Whether the kernel is for these sizes; one that is not a variant is for all. */
bool kernel_fits(const Kernel *kernel, Sizes sizes);
/* Returns the row's first variant for these sizes whose calls take so many panels, or null. */
const Kernel *kernel_variant(const Kernels *kernels, const Kernel *row, Sizes sizes, int panels);
/* These read the texts of the tables. Each skips space, and moves *text to what follows the thing that it has read. A
 * word consists of letters, digits and underscores; read_word returns "" if there is none. A call is `kernel(name,
 * ...)`, and must fit its kernel. */
const char *read_word(Arena *arena, const char **text);
/* false: the text has something else there, and *text only skips space */
bool read_mark(const char **text, char mark);
const Kernel *read_call(Arena *arena, const Kernels *kernels, const char **text, const char *names[]);

/* ---- number_text.c: numbers as literals of C */

/* An exact C literal for an OPERAND_INT, FLOAT or DOUBLE, independent of the locale. */
const char *number_text(Arena *arena, double number, OperandClass class);
/* The class of numbers of 4 or 8 bytes, and the type in C. */
static inline OperandClass number_class(size_t bytes)
{
	return bytes == sizeof(double) ? OPERAND_DOUBLE : OPERAND_FLOAT;
}

static inline const char *number_type(size_t bytes)
{
	return bytes == sizeof(double) ? "double" : "float";
}
enum { FLOAT_TEXT = 32 };
/* The same for a number of 4 or 8 bytes, written to text[FLOAT_TEXT]: with at least `digits` digits, and more only as
 * far as the number needs. */
void write_number(char *text, double value, size_t bytes, int digits);

/* ---- layers/: one const Layer each. The passes know of a layer only what is said here, and name none. */

enum { MAX_ARGUMENTS = 10, MAX_TENSORS = 6, MAX_LOCALS = 4, MAX_INPUTS = 2, MAX_EXAMPLES = 10 };

/* The shape of one sample: features, or channels x height x width. A rank may also be UNKNOWN_RANK, not known yet, or
 * BROKEN_RANK, where an error was reported. */
enum { UNKNOWN_RANK = 0, BROKEN_RANK = -1 };
typedef struct Shape { int rank; int dims[MAX_RANK]; } Shape;

typedef enum ArgumentKind {
	ARGUMENT_SIZE, ARGUMENT_REAL, ARGUMENT_FLAG,
	ARGUMENT_PAIR,          /* height and width: 3x1, or 3 for both */
	ARGUMENT_LIST,          /* real numbers; as a number it is how many there are, 0 unless it is given */
} ArgumentKind;
typedef enum ArgumentUse {
	REQUIRED = 1,
	INFERRED = 2,           /* may be left out; the layer's infer finds it, or checks it if it is given */
	POSITIONAL = 4,         /* may be written without its name */
	OPTIONAL = 8,           /* printed only with another value than the default, which may be out of range */
} ArgumentUse;

typedef struct ArgumentSpec {
	const char *name;       /* null ends the list */
	ArgumentKind kind;
	int use;                /* ArgumentUse, combined with | */
	double default_value;
	/* of a REAL, or of each in a LIST: null, ">= 0", "> 0", ">= 0 and < 1", ">= 0 and <= 1", "> 0 and <= 1"; of a PAIR:
	 * null, which means "> 0", ">= 0" */
	const char *range;
	const char *with;       /* text to add after it where it has no effect alone, such as " momentum=0.9"; or null */
	const char *word;       /* a PAIR may be this word; it is then -1x-1, for the layer's infer to replace; or null */
	const char *summary;    /* of one that all layers of a kind take; else null */
} ArgumentSpec;

/* A tensor that the network keeps: a parameter (trained), or a statistic (written by forward). Both are saved. */
typedef struct TensorSpec {
	const char *name;       /* null ends the list */
	Layout layout;
	bool trainable;
	Init init;
	const char *when;       /* the tensor exists only if this FLAG or REAL argument is not 0; null: always */
} TensorSpec;

/* A tensor that forward writes for backward, or that one call of a rule writes for the next. */
typedef struct LocalSpec {
	const char *name;
	Layout layout;
	const char *groups;     /* of STATISTICS: the argument that says how many groups there are; null: 1 */
} LocalSpec;

typedef enum LayerKind {
	KIND_LAYER, KIND_LOSS, KIND_OPTIMIZER, KIND_SCHEDULE, KIND_AUGMENT, LAST_KIND = KIND_AUGMENT
} LayerKind;

/* What a layer's reference computes on: row-major doubles. */
typedef struct Reference {
	int rows, inputs, outputs;      /* inputs, outputs: number of values in a row of x, y */
	const double *arguments, *widths;
	const double *const *lists;     /* by argument, as in Node */
	const Shape *x_shape, *y_shape;
	const double *tensors[MAX_TENSORS];     /* in the order of the Layer; null for one that does not exist */
	const double *x, *x2;
	double *y;
	bool training;
	Random *random;                         /* of a layer that draws, in training: torch's generator */
	double *updated[MAX_TENSORS];           /* in training: what becomes of each statistic; null: nobody asks */
	/* of a loss, as targets; its y is one value. Losses add up terms in a long double: with a thousand equal ones, such
	 * as those of a relu's zeros, a plain sum of doubles is less exact than the kernels' */
	const int *labels;
	const double *targets;
	/* of an optimizer: y is w, which it updates with the gradient x; states has those of its tensors that exist */
	double *states[MAX_TENSORS];
	double lr;
	int64_t step;                   /* 0 for the first step */
	/* 0, or about a rounding: a difference of states that the step has computed is to be taken as if the first were
	 * larger, and the others smaller, by this share of themselves */
	double off;
} Reference;

struct Node;
struct Network;
struct Value;

/* What an optimizer's first step does with a gradient dw, so that a test can tell dw from the result. If squared is
 * false, it computes scale (dw + decay w); if true, scale times the square of that. If state has a name, the result is
 * in that state; if not, lr times the result is subtracted from w. */
typedef struct FirstStep { const char *state; double scale, decay; bool squared; } FirstStep;

/* y = (x - centre) scale + shift. x is expected to be about one `deviation` away from the centre. */
typedef struct Scaling { double centre, deviation, scale, shift; } Scaling;

/* Whether a network that names no loss, optimizer or schedule gets this one. */
typedef enum DefaultLayer { NOT_DEFAULT, DEFAULT, DEFAULT_FOR_ONE_OUTPUT } DefaultLayer;

/* forward, predict and backward are kernel calls, separated by `;`. A call that starts with `[name]` exists only if
 * that argument is not 0, and one with `[!name]` only if it is 0; where several stand before it, all must be so. `dx =
 * dy` passes a gradient on unchanged, and `y = x` alone a value: then the layer does nothing. A call is dropped if
 * nothing reads its results.
 *
 * Names in a call:
 *   the node's tensors, locals and arguments; d<tensor>, a tensor's gradient
 *   one_minus_<argument>, one_over_<argument>     computed in double: a kernel would get it from a float, less exactly
 *   1                       that number; 0: an operand that is absent
 *   x, y, dx, dy            input, output and their gradients; x2 and dx2 of a second input
 *   inputs, outputs         the number of features of x and of y
 *   rows, panel, lr, step
 *   height, width           of x; y_height, y_width of y
 *   generator               that of the network's random numbers
 *   <local>_size            of a mask: the floats of its panel
 *   positions, y_rows       the pixels of x, the rows of y: its pixels for all images
 *   images                  the samples of the batch
 *   fan_in                  the number of inputs of a sum in a product with weights
 *   <pair>_height           of an argument that is a pair; <pair>_width
 *   label, target, loss, correct      in a loss
 *   w, dw, size, numbers    in an optimizer; prepare writes numbers once a step */
typedef struct Layer {
	LayerKind kind;
	const char *name, *summary;
	ArgumentSpec arguments[MAX_ARGUMENTS + 1];
	TensorSpec tensors[MAX_TENSORS + 1];
	LocalSpec locals[MAX_LOCALS + 1];
	/* the shape of the weights for one output; null: the features of x */
	Shape (*weight_shape)(const struct Node *node);
	/* checks arguments and shapes, and sets the shape of y, which a loss has not; null: y has the shape of x. May
	 * replace node->layer by a special case of it */
	bool (*infer)(struct Node *node, Diagnostics *diagnostics);
	const char *forward;
	const char *predict;                    /* null: the same as forward */
	const char *backward;
	const char *prepare;                    /* of an optimizer: called once a step, before all updates */
	DefaultLayer is_default;
	Truth truth;                            /* of a loss */
	const char *contains;                   /* of a loss: the layer that it applies to x itself; or null */
	bool normalises_batch;                  /* so it needs two rows: one has no variance */
	bool cancels_shift;                     /* in training, adding a constant to a feature of x does not change y */
	/* of an optimizer: if this argument is 0, w stays the same where dw is 0; null: always */
	const char *decay;
	FirstStep (*first_step)(const double *arguments);       /* of an optimizer: see FirstStep */
	Rate *rate;                             /* of a schedule; null: always the optimizer's lr */
	const char *rate_name;                  /* the name of that function in kernels/rates.h, for emitted C */
	bool each_step;                         /* of a schedule: see Schedule */
	Transform *transform;                   /* of an augmentation: what it does to an image */
	const char *shift;                      /* the tensor that is added to the features of y, or null */
	const char *product;                    /* the tensor W if y = x W' + shift and nothing else; or null */
	/* What prediction does to a feature of x if it only scales and shifts it; or null. tensors: in the order of the
	 * Layer, in double. */
	Scaling (*scales)(const double *arguments, const double *const tensors[], int feature);
	void (*reference)(const Reference *reference);
	/* Tests run all of them: networks that use this layer and name no loss, or name this loss; or lists of this
	 * optimizer's or schedule's arguments. */
	const char *examples[MAX_EXAMPLES + 1];
} Layer;

/* ---- layer.c */

extern const ArgumentSpec optimizer_arguments[];       /* what every optimizer takes besides its own */
/* The layer's own arguments come first, then those that all of its kind take. Null: there are no more. */
const ArgumentSpec *argument_spec(const Layer *layer, int index);
int argument_index(const Layer *layer, const char *name);      /* -1: none */
int tensor_index(const Layer *layer, const char *name);        /* -1: none */
/* Whether the layer passes x on as y. */
bool layer_does_nothing(const Layer *layer, bool training);
/* The sizes and arguments for the reference of a layer or a loss; the caller sets the values. */
Reference reference_of(const struct Node *node, int rows);
/* The value of a node's argument as it is written in a network; "" for a list that is not given. */
const char *argument_text(Arena *arena, const struct Node *node, int index);
/* " name=value name=value" of all arguments, but those that only the training will know, and the one called `except`
 * (null: none). */
const char *arguments_text(Arena *arena, const struct Node *node, const char *except);
const char *pair_text(Arena *arena, const ArgumentSpec *spec, double height, double width);

/* ---- optimizer.c: what all optimizers have in common */

/* Calls of an optimizer's node: with each gradient, if an update is for several batches; with all of them, before the
 * update; and after an update for several batches. Besides the names of an optimizer there are
 *   dw_sum                the sum of the gradients dw since the last update
 *   batches               how many they are */
extern const char gradient_calls[], ready_calls[], updated_calls[];

/* How many batches an update is for: their gradients are added up. */
int batches_of_update(const struct Node *optimizer);
/* Whether the update needs all gradients at once. */
bool updates_at_once(const struct Node *optimizer);
/* What the first batch leaves of a gradient. */
FirstStep first_step_of(const struct Node *optimizer);

/* ---- shape.c */

static inline bool shape_is_known(const Shape *shape) { return shape->rank > 0; }
static inline bool shape_is_broken(const Shape *shape) { return shape->rank == BROKEN_RANK; }
bool same_shape(const Shape *a, const Shape *b);
int shape_features(const Shape *shape);         /* dims[0] */
int shape_positions(const Shape *shape);        /* the product of the other dims: rows per sample */
int64_t shape_size(const Shape *shape);         /* floats in a sample */
const char *shape_text(Arena *arena, const Shape *shape);
/* For a layer's infer. The argument is the number of x's features: takes it from x, or x's from it, and reports an
 * error if they differ or x is not a vector. True: x's shape is known. */
bool infer_features(struct Node *node, const char *argument, Diagnostics *diagnostics);
/* The same for the channels of an image, or for features. */
bool infer_channels(struct Node *node, const char *argument, Diagnostics *diagnostics);
/* Notes where the size of x comes from: "the 3 channels come from here". */
void note_source(Diagnostics *diagnostics, const struct Value *x, const char *what, const char *verb);
/* The infer of a layer whose y has the shape of x, which must be known. */
bool infer_unchanged(struct Node *node, Diagnostics *diagnostics);
/* Reports an error if x is no image, and returns false. */
bool infer_image(struct Node *node, Diagnostics *diagnostics);
/* Sets the output, or reports an error if it has more values than an int can count. */
bool set_image(struct Node *node, int channels, int height, int width, Diagnostics *diagnostics);
/* Sets the output of a window with the arguments kernel, stride and padding over x, with so many channels; reports an
 * error if the window is larger than the padded image. */
bool infer_window(struct Node *node, int channels, Diagnostics *diagnostics);
/* The infer of a pooling layer. */
bool infer_pool(struct Node *node, Diagnostics *diagnostics);
/* The shape of the weights for one output: that of a tensor whose layout is LAYOUT_WEIGHTS, without its first
 * dimension. */
Shape weight_shape(const struct Node *node);
bool set_output(struct Node *node, Shape shape);
/* Whether x has no shape. The network's input gets that of the data's samples first, if they are known, as they are;
 * the functions above turn them into features or an image. Reports an error, unless the data are still awaited or one
 * was reported. */
bool shape_is_missing(struct Node *node, Diagnostics *diagnostics);

/* ---- table.c */

extern const Layer *const layers[];             /* all layers; the last is null */
const Layer *layer_find(LayerKind kind, const char *name);
/* What a network with this number of outputs gets if it names no loss, optimizer or schedule; null: none. */
const Layer *layer_default(LayerKind kind, int outputs);
void layer_write_default(LayerKind kind, int outputs, char *out, size_t size);  /* "sgd lr=0.01" */
const Layer *layer_sum(void);                   /* adds the results of a residual's two branches */
/* The names of all layers of a kind, for messages. */
int layer_names(LayerKind kind, const char *names[], int capacity);
bool layer_needs_value(const Layer *layer);     /* an argument may not be left out */
/* The nearest name of that kind, which is not KIND_LAYER, with the arguments that it cannot be without: "sgd",
 * "step 30"; null: none is near. */
const char *rule_text(Arena *arena, LayerKind kind, const char *name);
void layer_list(FILE *out);                     /* --list-layers */
/* The part of that list on an argument that all layers of a kind take, or, with a null pointer, on all of these; false:
 * there is none of that name. */
bool layer_print_common(const char *argument, FILE *out);
/* its part of that list; false: there is no layer of that name */
bool layer_print(LayerKind kind, const char *name, FILE *out);

/* ---- settings.c */

void setting_list(FILE *out);                   /* --list-settings */
bool setting_print(const char *name, FILE *out);
int setting_names(const char *names[]);
Schedule schedule_of(const struct Network *network);
/* Allocated, with all that they point to, in that arena. */
Augments augments_of(Arena *arena, const struct Network *network);

/* ---- unknown.c */

Meant meant_assignment;

/* ---- network.c: tree -> network: expands let, repeat, block and residual, looks up names, checks arguments */

/* What the data say of a network's input, if the network leaves it out. */
typedef struct Sample {
	const char *name;               /* of the data; null: there are none, or they are awaited */
	Shape shape;
	bool awaited;                   /* the data are not read yet */
} Sample;

typedef struct Value {
	Shape shape;
	const Sample *sample;           /* of the network's input: where its shape may come from; else null */
	bool waits;                     /* the network's input needs a shape, and the data are awaited */
	const char *data;               /* the name of the data that determine its size; null: the source does */
	struct Node *producer;          /* null: the network's input */
	Span span;                      /* the place in the source that determines its size */
	int readers;                    /* infer.c: how many nodes read it; the loss counts too */
	struct Node *reader;            /* the last node that reads it */
} Value;

typedef struct Node {
	const Layer *layer;
	int index;                      /* its place in network->nodes; the loss and the optimizer have the next two */
	const char *path;               /* "3.shortcut.0": the prefix of its tensors' names */
	Span span;
	double arguments[MAX_ARGUMENTS];        /* of a pair, the height */
	double widths[MAX_ARGUMENTS];           /* of a pair */
	const double *lists[MAX_ARGUMENTS];     /* of a list that is given, its numbers */
	Span argument_spans[MAX_ARGUMENTS];
	bool given[MAX_ARGUMENTS];
	bool as_word[MAX_ARGUMENTS];            /* of a pair: it was given as its word, which infer replaces */
	Value *inputs[MAX_INPUTS];
	int input_count;
	Value *output;
} Node;

typedef struct Nodes { Node **items; int count, capacity; } Nodes;

/* Nothing changes it once its shapes are known. */
typedef struct Network {
	Arena *arena;
	const char *path;               /* of its source file */
	const char *name;               /* a C identifier */
	Nodes nodes;                    /* in the order of the source, which is also an order of evaluation */
	int index_count;                /* of nodes, loss and optimizer: every index is below it */
	Value *input, *output;
	Node *loss, *optimizer, *schedule;
	Nodes augments;                 /* what is done to each image before it is trained on, in this order */
	const char *from, *until;       /* the layers that a part of a network begins with and ends before; else null */
	int batch, epochs;
	bool epochs_unused;             /* it is not trained now, or for a number of steps */
	uint64_t seed;
	bool seed_given;
	double init;                    /* what initial weights are multiplied with; 1 unless the command line says so */
	const Diagnostics *refused;     /* what is wrong with a definition of the command line; null: nothing */
} Network;

/* A value that the command line gives to a `let`, to an argument of the optimizer or the schedule, to batch, epochs or
 * init. All spans are of its source, which is the command line's text as a statement: `define WIDTH=64`. */
typedef struct Definition {
	const char *name;
	Span name_span;
	Literal value;
	const Source *source;
} Definition;

/* What the command line overrides; a negative number or null keeps the file's value. */
typedef struct Overrides {
	int batch, epochs;
	double lr;
	const char *from, *until;
	const Definition *definitions;
	int definition_count;
	bool epochs_unused;             /* as in Network */
} Overrides;

enum { MAX_NODES = 100000, MAX_BATCH = 1 << 20, MAX_THREADS = 64 };

Network *network_build(Arena *arena, Diagnostics *diagnostics, const Statement *tree, const Source *source,
	const Overrides *overrides);

/* ---- define.c: values of the command line */

typedef struct Definitions { Definition *items; int count, capacity; } Definitions;

/* Adds what `NAME=VALUE` gives; with several values, `NAME=VALUE,VALUE,...`, one for each. word: how the source begins;
 * option: for messages. */
bool definitions_read(Arena *arena, const char *option, const char *word, const char *text, Definitions *out,
	Failure *failure);
/* The value as the command line has it. */
const char *definition_text(Arena *arena, const Definition *definition);

/* ---- unused.c */

/* Warns of lets, blocks and parameters that nothing uses. */
void warn_of_unused(Arena *arena, const Statement *tree, Diagnostics *diagnostics);

/* ---- infer.c: shapes along the graph */

/* Also sets the default loss, every value's readers and every index. If the network leaves its input out and the data
 * are awaited, only network->input->waits is set. */
void infer_shapes(Network *network, const Sample *sample, Diagnostics *diagnostics);
/* Reports what keeps the network from such batches, and returns false: the first value that is too large, or, for
 * training, a layer that needs more rows. */
bool check_batch(const Network *network, int batch, bool training, Diagnostics *diagnostics);
/* The number of a value among those of its network: 0 for the input, then the results of the nodes. */
static inline int value_index(const Value *value) { return value->producer ? value->producer->index + 1 : 0; }

/* ---- part.c: a part of a network */

/* Leaves the layers from network->from on, and those before network->until, if they are given. A part without the end
 * has no loss. All shapes must be known, but those that wait for data. */
void cut_network(Network *network, Diagnostics *diagnostics);

/* ---- fit.c: a network and the data for it */

/* The samples of the data, for infer_shapes. */
Sample sample_of(const Data *data);
/* Reports the sizes in which network and data differ; false: it cannot be trained on them. */
/* trained: its sizes are those of saved weights. */
bool check_data(const Network *network, const Data *data, bool trained, Diagnostics *diagnostics);

/* ---- print.c: network -> text */

/* The shortest decimal that reads as the same number. */
const char *exact_text(Arena *arena, double number);
/* A .net that makes the same network; all shapes must be known. */
const char *network_text(Arena *arena, const Network *network);
/* The node as a statement of the language: with its sizes, and with the arguments that do not have their default
 * values. */
const char *statement_text(Arena *arena, const Node *node);

/* ---- fold.c: merges layers that only scale and shift in prediction into the products next to them */

/* A node's tensors in the order of its Layer, row-major; null for one that does not exist. */
typedef struct Weights { double *tensors[MAX_TENSORS]; } Weights;

typedef struct Folded {
	const Network *network;
	Weights *weights;               /* by a node's index */
	struct { const char **items; int count, capacity; } notes;      /* what happened to each layer that was merged */
} Folded;

/* Returns a network for prediction, with weights of its own; the network itself and its weights stay as they are. */
Folded fold(Arena *arena, const Network *network, const Weights *weights);

/* ---- the module: a network as kernel calls over tensors */

typedef enum Role {
	ROLE_PARAMETER,         /* trained and saved */
	ROLE_STATISTIC,         /* saved */
	ROLE_STATE,             /* kept by the optimizer */
	ROLE_GENERATOR,         /* of random numbers */
	ROLE_GRADIENT,          /* of a parameter, if it is kept after the loop that computes it, but not after the step */
	ROLE_BLOCK,             /* tensors of one role side by side, for all parameters that are updated */
	ROLE_INPUT, ROLE_LABEL, ROLE_TARGET, ROLE_RESULT,       /* filled in or read by the caller */
	ROLE_TEMPORARY,         /* exists during one call of a routine; exactly one step writes it */
} Role;

typedef struct Tensor {
	const char *name;       /* a C identifier, made by bnc */
	const char *path;       /* "0.weight" for saved tensors */
	const Node *node;       /* of saved tensors: the node that has it */
	Role role;
	Layout layout;
	Init init;
	int features;           /* the dimension that is cut into panels */
	int inputs;             /* LAYOUT_WEIGHTS: rows of the matrix */
	int rank, kernel_height, kernel_width;  /* as in ProgramTensor */
	int positions;          /* LAYOUT_ROWS: rows per sample */
	const struct Tensor *parameter; /* ROLE_STATE, ROLE_GRADIENT: the parameter that it belongs to, or null */
	Role parts;             /* ROLE_BLOCK: the role of its parts */
	struct Tensor *block;   /* the ROLE_BLOCK that it is a part of, or null */
	size_t in_block;        /* where in the block it begins, in floats */
	int id;                 /* its number in the module: what a pass notes of tensors is in an array by id */
	/* plan.c */
	bool one_panel;         /* exists within one iteration of one loop: it needs storage for one panel only */
	size_t offset;          /* persistent: in bytes in the struct; temporary: in floats in working memory */
	int first, last;        /* the times of its first write and its last use */
} Tensor;

typedef struct Tensors { Tensor **items; int count, capacity; } Tensors;

typedef enum OperandKind {
	OPERAND_ABSENT, OPERAND_AT, OPERAND_NUMBER, OPERAND_ROWS, OPERAND_PANEL, OPERAND_RATE, OPERAND_PANEL_SIZE,
	OPERAND_KERNEL, OPERAND_LIST
} OperandKind;

typedef struct Operand {
	OperandKind kind;
	Tensor *tensor;         /* OPERAND_AT; OPERAND_PANEL_SIZE: the tensor whose panel size it is */
	double number;          /* OPERAND_NUMBER; OPERAND_ROWS: rows per sample */
	const Kernel *kernel;   /* OPERAND_KERNEL */
	/* OPERAND_LIST: an argument's numbers, which the program has in a constant of this name; number: how many */
	const double *list;
	const char *name;
} Operand;

enum { MAX_PARTS = 12 };

typedef struct Step {
	const Kernel *kernel;
	const Kernel *pair;     /* variants.c: the kernel that does two panels at once, or null */
	Operand operands[MAX_OPERANDS];
	const Node *node;
	int features;           /* of its own-panel operands: it runs once for each panel; 0: it runs once */
	struct Step *after;     /* recompute.c: this step must be in a later loop than that one */
	bool after_all;         /* this step must be in a later loop than all steps before it */
	struct Loop *loop;      /* fuse.c; null: combine.c has put another call in its place */
	int time;               /* its position in the final order */
	struct Step *parts[MAX_PARTS];  /* combine.c: the steps that this call combines */
	int part_count;
} Step;

typedef struct Steps { Step **items; int count, capacity; } Steps;

/* Two steps whose order matters, and the tensor that makes it matter. */
typedef struct Edge {
	int from, to;           /* indices of steps */
	const Tensor *tensor;
	bool panel_local;       /* both touch it panel by panel, so that they may share a loop */
} Edge;
typedef struct Edges { Edge *items; int count, capacity; } Edges;

/* Activations that must stay in the cache while a loop runs, as it reads all of each for every panel. */
typedef struct Resident { const Tensor **items; int count, capacity; } Resident;

typedef struct Loop {
	int features;           /* it runs once for each panel of this many features; 0: it runs once */
	Steps steps;
	Resident resident;
	int number;             /* its index in the routine's loops */
	bool paired;            /* variants.c: it takes two panels at a time */
	bool parallel;          /* cost.c: threads share its panels */
} Loop;
typedef struct Loops { Loop **items; int count, capacity; } Loops;

/* One function of the generated program. */
typedef struct Routine {
	const char *name;       /* "train", "predict" or "update" */
	Steps steps;            /* diff.c: in program order; fuse.c: in the order of the loops */
	Edges edges;            /* dependences.c: sorted by `to` */
	int *first_edge;        /* of a step: its edges are first_edge[step] to first_edge[step + 1] - 1 */
	Tensors crowded;        /* fuse.c: temporaries whose writer and reader need too much of the cache together */
	Loops loops;            /* fuse.c: in the order in which they run */
	Tensors temporaries;
	size_t work;            /* plan.c: floats of working memory */
	size_t scratch;         /* plan.c: floats more for each thread, for temporaries of one panel */
	size_t peak;            /* plan.c: floats in use at the worst moment; no plan can need less */
} Routine;

/* How a network is compiled. */
typedef struct Options {
	const KernelSet *target;
	int batch;              /* the largest number of rows; 0: the network's */
	int threads;            /* 0 and 1: threads share no loop */
	bool pairs;             /* use kernels that do two panels at once, where they are faster */
	bool profile;           /* measure the time of every loop */
	bool keep_rounding;     /* combine calls only if that changes no bit */
	bool recompute;         /* save memory at the cost of time: see recompute.c */
	/* one call of the optimizer for all parameters, after all gradients are known; in any case if the network's
	 * optimizer needs that */
	bool update_at_once;
	bool any_target;        /* target is the set with the longest vectors, but a shorter one may suit a network more */
	bool fuse;              /* false: each step gets a loop of its own, for tests that compare */
	bool share_all;         /* threads share every loop that they can, for the same tests */
	Sample sample;          /* a network that leaves its input out takes it from here */
} Options;

/* Pages of machine code. */
typedef struct MachineCode { void *pages; size_t bytes; } MachineCode;

/* What a network becomes: tensors, and the routines that compute with them. differentiate makes it, and each later pass
 * adds to it. */
typedef struct Module {
	Arena *arena;
	const Network *network;
	Options options;        /* batch and threads are what it was compiled for in the end */
	Kernels kernels;
	Tensors tensors;        /* persistent, in the order of the struct */
	int tensor_count;       /* with the temporaries of both routines: every id is below it */
	Tensor *(*owned)[MAX_TENSORS];  /* by a node's index: its tensors in the order of its Layer; null: does not exist */
	Tensor *input, *label, *target_values, *loss, *correct, *output, *step, *generator;
	Tensor *batches;        /* if an update is for several batches: how many there were since the last one */
	Routine train, predict;
	Routine update;         /* if an update is for several batches: what train calls after the last of them */
	Routine *routines[3];   /* those that the program has */
	int routine_count;
	/* floats of working memory, which the routines share, and where it begins in the struct */
	size_t work, work_offset;
	size_t bytes;           /* of the struct */
	const char *text;       /* emit.c: the C program */
	Program program;        /* jit.c: the compiled program */
	MachineCode code;
	double tcc_seconds;
} Module;

/* ---- tensor.c: sizes */

/* Returns a new tensor; temporaries belong to the routine, all others to the module. */
Tensor *add_tensor(Module *module, Routine *routine, Tensor tensor);
int panel_count(const Module *module, int features);
/* The size in floats of a panel, and of the whole tensor, for the largest batch. */
size_t panel_floats(const Module *module, const Tensor *tensor);
size_t tensor_floats(const Module *module, const Tensor *tensor);
/* The tensor as the runtime knows it. */
ProgramTensor program_view(const Tensor *tensor);
/* The number of values, without padding and rows. */
size_t element_count(const Tensor *tensor);

/* ---- dependences.c: the order that steps must keep */

/* Finds the edges between the routine's steps in their present order, and sets each step's time. */
void find_dependences(Module *module, Routine *routine);

/* ---- diff.c, bind.c: network -> module: forward, loss, backward, update */

/* The size of a number in the module's program: 4 for float, 8 for double. */
static inline size_t number_bytes(const Module *m) { return m->options.target->number_bytes; }

Module *differentiate(Arena *arena, const Network *network, const Options *options);
/* Whether this tensor of the node adds a constant that the next layer subtracts again, so that training leaves it
 * alone. */
bool shift_is_cancelled(const Network *network, const Node *node, int tensor);

/* ---- recompute.c: activations that backward recomputes, so that they need not be kept */

void recompute(Module *module, Routine *routine);

/* ---- fuse.c: steps -> loops over panels */

void fuse(Module *module, Routine *routine);
/* Puts the steps in the order of the loops, numbers the loops, and finds the dependences in that order. */
void settle_order(Module *module, Routine *routine);

/* ---- combine.c: several calls of a loop -> one call */

void combine(Module *module, Routine *routine);

/* ---- variants.c: chooses the kernels for the network's sizes */

/* Replaces kernels by their variants, and marks the loops that do two panels at a time. */
void choose_variants(Module *module);
/* Whether one call does the step for two panels. */
bool is_paired(const Step *step);

/* ---- cost.c: the cost of steps and loops */

/* The floating-point operations of a loop's products for a full batch. Elementwise work is not counted, nor is
 * padding. */
double loop_flops(const Module *module, const Loop *loop);
/* The bytes that a loop reads and writes, without tensors that exist within one iteration only. */
double loop_bytes(const Module *module, const Loop *loop);
void add_resident(const Module *module, Resident *resident, const Tensor *tensor);
void add_step_residents(const Module *module, Resident *resident, const Step *step);
/* Whether all of a and b stay in the cache if a loop reads them in turns. */
bool share_cache(const Module *module, const Resident *a, const Resident *b);
/* Marks the loops that are worth sharing among threads; sets the option to 1 if there is none. */
void choose_parallel(Module *module);
/* Differentiates the network for the options' target, or for the kernel set with half as many lanes if many of the
 * target's would have no feature. */
Module *choose_set(Arena *arena, const Network *network, const Options *options);

/* ---- plan.c: tensors -> memory */

void plan_memory(Module *module);

/* ---- memory.c: the memory plan in words */

size_t element_size(const Module *module, const Tensor *tensor);     /* of one number, label, counter or word */
size_t tensor_bytes(const Module *module, const Tensor *tensor);
size_t role_bytes(const Module *module, Role role);           /* of what is in the struct */
/* activations that forward keeps for backward */
size_t saved_activation_bytes(const Module *module);
/* A line for each place in the routine's working memory: which temporaries are stored there, one after another in time.
 * Each line begins with margin. */
const char *shared_storage(const Module *module, const Routine *routine, const char *margin);
/* False: needed is more than the budget (0: there is none). The message then names the largest buffers. */
bool check_ram(const Module *module, const Routine *routine, bool with_weights, size_t needed,
	uint64_t budget, Failure *failure);

/* ---- emit.c: loops -> C */

void emit(Module *module);
/* The class of a number that is passed by value, as the target has it. */
OperandClass literal_class(const Module *module, const OperandType *type);

/* ---- jit.c: C -> machine code */

typedef struct Symbol { const char *name; void *address; } Symbol;
typedef struct Symbols { Symbol *items; int count, capacity; } Symbols;

/* function: where its address is */
void add_symbol(Arena *arena, Symbols *symbols, const char *name, const void *function);
/* Compiles C, which may use nothing but the symbols that it is given, and finds the addresses of those that are wanted.
 * False: failure has libtcc's first message; a warning is one, too. */
bool load_code(const char *text, const Symbols *given, Symbol *wanted, int wanted_count, MachineCode *code,
	Failure *failure);
void unload_code(MachineCode *code);

/* False: failure says why; the C text is saved for a report, and failure says where. */
bool jit(Module *module, Failure *failure);
void jit_free(Module *module);

/* ---- compile.c: runs the passes */

/* The stages of --dump. */
typedef enum Stage {
	STAGE_TOKENS, STAGE_TREE, STAGE_NETWORK, STAGE_STEPS, STAGE_LOOPS, STAGE_CALLS, STAGE_PLAN, STAGE_C, STAGE_RUN
} Stage;

/* A network from its text to the program. */
typedef struct Compilation {
	Arena *arena;
	Source source;
	Options options;
	Diagnostics *diagnostics;
	Statement *tree;
	const Network *network;
	Module *module;
	bool waits;             /* options.sample is awaited, and needed: compile again once it is known */
	double seconds;
} Compilation;

/* Runs the passes up to `last`. False: there is an error in the diagnostics, or in failure. May be called again after
 * one that waits. */
bool compile(Compilation *compilation, Stage last, const Overrides *overrides, Failure *failure);
void compilation_close(Compilation *compilation);

/* Runs the passes from the network on, which must stay as long as the module. Null: failure says why libtcc failed;
 * only STAGE_RUN needs it. */
Module *compile_network(Arena *arena, const Network *network, const Options *options, Stage last, Failure *failure);
/* Frees the program; its arena frees the rest. */
void module_close(Module *module);

/* ---- report.c: what --dump, --summary and --explain print */

void dump(const Compilation *compilation, Stage stage, FILE *out);
void print_summary(const Module *module, FILE *out);
void explain(const Module *module, FILE *out);
/* Prints time, FLOPs and bytes of each loop of training; the profile has the measured times. */
void print_profile(const Module *module, const struct Profile *profile, FILE *out);

#endif
