/* build.h: what network.c, settings.c and arguments.c share while the tree becomes a network. */
#ifndef BUILD_H
#define BUILD_H
#include "bnc.h"

/* A name that `let` or a block's parameter gave a value, and all names that have one with it. */
typedef struct Binding { const char *name; Literal value; const struct Binding *next; const Map *names; } Binding;

/* A block, and the names that had a value where it was defined. */
typedef struct Block { const Statement *definition; const Binding *bindings; bool open; struct Block *next; } Block;

/* Where layers are being added: names of their tensors, and what the next one reads. */
typedef struct Scope {
	const char *prefix;             /* "3." or "" */
	int count;                      /* layers so far */
	Value *value;                   /* the last layer's result */
	const Binding *bindings;
	bool top;                       /* settings are allowed here */
	bool repeated;                  /* labels are not */
} Scope;

enum { MAX_SETTINGS = 8, MAX_NAMES = 64 };

typedef struct Builder {
	Arena *arena;
	Diagnostics *diagnostics;
	Network *network;
	Block *blocks;                  /* the last one defined */
	const Map *block_names;         /* to Block */
	const Map *labels;              /* to Statement */
	Span settings[MAX_SETTINGS];    /* of the setting's first use; begin == end: none */
	int expanded;                   /* statements so far: bounds what repeat can do */
	bool full;
} Builder;

/* ---- arguments.c */

/* The name's value; null: it has none. */
const Binding *find_binding(const Scope *scope, const char *name);
/* The bindings with one more. */
const Binding *bind_name(Arena *arena, const Binding *bindings, const char *name, Literal value);
/* The literal that a name stands for; other literals as they are. */
Literal resolve(const Scope *scope, const Literal *literal);
const char *describe(Builder *b, const Literal *value);
bool is_flag(const Literal *value);             /* true or false */
/* Says that the value is a name without a meaning, and returns false; wanted: what was expected. */
bool unknown_name(Builder *b, const Scope *scope, const char *wanted, const Literal *value);
/* A whole number from 1 to most; what: for the message. */
bool check_size(Builder *b, const Scope *scope, const char *what, const Literal *value, int most, double *out);
/* Fills the node's arguments; everything wrong with them is said. */
void set_arguments(Builder *b, const Scope *scope, Node *node, const Argument *arguments);

/* ---- settings.c */

/* The setting's index, or -1. */
int setting_index(const char *name);
void build_setting(Builder *b, const Scope *scope, const Statement *statement, int index);
/* The setting with this value if it is one that the setting takes, or else with its usual one. */
const char *setting_with(Arena *arena, const char *name, const char *value);
/* The optimizer of a network that names none. */
void set_standard_optimizer(Builder *b, const Scope *scope);

/* ---- unknown.c */

/* Says that the statement's name has no meaning, and what was probably meant. */
void unknown_statement(Builder *b, const Scope *scope, const Statement *statement);

/* ---- network.c */

Node *add_node(Builder *b, const Layer *layer, const char *path, Span span);

#endif
