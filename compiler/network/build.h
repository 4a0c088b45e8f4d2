/* build.h: shared by the files that turn the tree into a network. */
#ifndef BUILD_H
#define BUILD_H
#include "bnc.h"

/* A name with the value that `let` or a block's parameter gave it, and the bindings before it. */
typedef struct Binding { const char *name; Literal value; const struct Binding *next; const Map *names; } Binding;

/* A block, and the bindings at its definition. */
typedef struct Block { const Statement *definition; const Binding *bindings; bool open; struct Block *next; } Block;

/* The place where layers are being added: the beginning of their tensors' names, and what the next layer reads. */
typedef struct Scope {
	const char *prefix;             /* "3." or "" */
	int count;                      /* the number of layers so far */
	Value *value;                   /* the result of the last layer */
	const Binding *bindings;
	bool top;                       /* settings are allowed here */
	bool repeated;                  /* labels are not allowed here */
} Scope;

enum { MAX_SETTINGS = 9, MAX_NAMES = 64, MAX_WINDOW = 4096 };

typedef struct Builder {
	Arena *arena;
	Diagnostics *diagnostics;
	Network *network;
	Block *blocks;                  /* the last one defined */
	const Map *block_names;         /* name -> Block */
	const Map *labels;              /* label -> Statement */
	Span settings[MAX_SETTINGS];    /* where each setting was first used; begin == end: not yet */
	const Overrides *overrides;
	bool *used;                     /* of each definition: a `let` has its name */
	struct { const char **items; int count, capacity; } lets;       /* the names of those so far */
	int expanded;                   /* the number of statements so far, to limit what repeat can do */
	bool full;
} Builder;

/* ---- node.c */

/* Adds a layer's node to the network, up to MAX_NODES; that of a loss, an optimizer or a schedule is only made. */
Node *add_node(Builder *b, const Layer *layer, const char *path, Span span);

/* ---- arguments.c */

/* The binding of the name, or null. */
const Binding *find_binding(const Scope *scope, const char *name);
/* Returns the bindings with one more. */
const Binding *bind_name(Arena *arena, const Binding *bindings, const char *name, Literal value);
/* Returns the literal that a name stands for; any other literal itself. In a list, of each item. */
Literal resolve(const Builder *b, const Scope *scope, const Literal *literal);
const char *describe(Arena *arena, const Literal *value);       /* for a message */
bool is_flag(const Literal *value);             /* true or false */
/* Reports a name without a meaning, and returns false; wanted: what was expected. */
bool unknown_name(Builder *b, const Scope *scope, const char *wanted, const Literal *value);
/* Checks that the value is a whole number from 1 to most; what: its name in the message. */
bool check_size(Builder *b, const Scope *scope, const char *what, const Literal *value, int most, double *out);
/* Checks that the value is a number in the range of an ArgumentSpec. */
bool check_real(Builder *b, const Scope *scope, const char *what, const Literal *value, const char *range,
	double *out);
/* Whether the number is in the range of an ArgumentSpec; null: every number is. */
bool in_range(const char *range, double number);
/* Sets the node's arguments, and reports everything that is wrong with them. */
void set_arguments(Builder *b, const Scope *scope, Node *node, const Argument *arguments);

/* Gives an argument another value, which is checked as one of the network is; the node's place stays where it is. */
void replace_argument(Builder *b, const Scope *scope, Node *node, int index, const Literal *value);

/* ---- define.c */

/* The value of the `let`: that of the command line, or its own. */
const Literal *defined_value(Builder *b, const Statement *let);
/* Gives the optimizer, the schedule and the settings the values of the command line that no `let` took. */
void apply_definitions(Builder *b, const Scope *scope);

/* ---- settings.c */

/* The setting's index, or -1. */
int setting_index(const char *name);
void build_setting(Builder *b, const Scope *scope, const Statement *statement, int index);
/* The text of the setting with this value if the setting takes it, or else with its usual value. */
const char *setting_with(Arena *arena, const char *name, const char *value);
/* Gives the network the default optimizer and schedule if it names none. */
void set_default_rules(Builder *b, const Scope *scope);

/* ---- unknown.c */

/* Reports that the statement's name has no meaning, and proposes what was probably meant. */
void unknown_statement(Builder *b, const Scope *scope, const Statement *statement);

#endif
