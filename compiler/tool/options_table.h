/* options_table.h: the name, value, needs and destination of every option. The command line is read, checked, explained
 * and completed from this one table, and the manual page is written from it. */
#ifndef BNC_OPTIONS_TABLE_H
#define BNC_OPTIONS_TABLE_H
#include "options.h"

typedef enum Kind {
	TITLE,                          /* of a section of --help */
	FLAG, TEXT, INT, INT64, UINT64, /* a bool, a const char *, a number from least to most */
	CHOICE,                         /* one of the choices, whose index is given to a function */
	READ,                           /* a function reads it */
	NETWORK,                        /* the text of a network */
	ANSWER,                         /* a question, which is answered instead of a run */
} Kind;

typedef enum Question { ASK_LAYERS, ASK_SETTINGS, ASK_DATA, ASK_VERSION, ASK_HELP, ASK_TEXT } Question;

/* What an option needs. */
typedef enum Needs {
	TRAINING = 1,                   /* --train */
	EMISSION = 2,                   /* --emit */
	A_LOG = 4,                      /* --log */
	ONE_NETWORK = 8,
	WHOLE = 16,                     /* a program that is compiled completely */
	EARLY = 32,                     /* stops the compiler before the end */
	DATA = 64,                      /* --train, --eval or --predict */
	RESULTS = 128,                  /* weights: --weights or --train */
	A_CHECKPOINT = 256,             /* --checkpoint */
	A_SWEEP = 512,                  /* --sweep, --seeds or --map */
} Needs;

/* An option has an effect only together with one of these. */
typedef enum Uses {
	BY_TRAINING = 1, BY_EMISSION = 2, BY_SAVING = 4, BY_SUMMARY = 8, BY_EXPLANATION = 16, BY_CHECK = 32, BY_RAM = 64,
	BY_VERIFICATION = 512,
	BY_NETWORK = 128, BY_STEPS = 256,       /* --dump of the network, or of what comes after it */
} Uses;

typedef struct Spec {
	const char *name;               /* null: it has only letters */
	const char *value;              /* null: it takes none; [VALUE] is optional */
	const char *help;               /* a few words; %s: the kernel sets */
	const char *letters;            /* null: it has only a name */
	const char *more;               /* the text that --help NAME and the manual add, or null */
	Kind kind;
	size_t field;
	uint64_t least, most;
	const char *const *choices;
	void (*choose)(CommandLine *options, int index);
	bool (*read)(CommandLine *options, const char *text, bool *given, Failure *failure);
	Question question;
	int needs, uses;
	bool repeats;                   /* may be given again */
	bool hidden;                    /* only for make install, not in --help */
} Spec;

enum { MAX_OPTIONS = 96 };
extern const Spec options_table[];
int options_count(void);
/* The index of an option, which must be in the table. */
int option_index(const char *name);
/* The long names that --help shows. */
int option_names(const char *names[]);
/* Reads an axis of --map; the word after the first is the second. */
bool read_map_axis(CommandLine *options, const char *text, Failure *failure);
/* "avx512, avx2, ...", with any separator. */
void list_sets(char *out, size_t size, const char *separator);

/* ---- choices.c */

/* "a, b or c" */
void join_choices(char *out, size_t size, const char *const *names, int count);

/* ---- options_plot.c */

extern const char *const plot_names[PLOT_KINDS];
bool read_plot(CommandLine *options, const char *text, bool *given, Failure *failure);
/* Whether a word after `--plot` says what and where to plot, and is no network. */
bool is_plot(const char *word);

/* ---- options_check.c */

/* Checks that the options go together; given[i]: option i was given. */
bool options_check(const CommandLine *options, const bool *given, Failure *failure);

/* ---- help.c, manual.c: answers, on stdout */

/* Writes the option's help, with the kernel sets in place of %s. */
void write_help(const Spec *spec, char *out, size_t size);
/* topic: one of them, or null for all options */
bool print_help(const char *topic, Failure *failure);
/* what: a text that make install needs */
bool print_made(const char *what, Failure *failure);

/* A topic of --help that is neither an option nor a word of networks. */
typedef struct Topic { const char *name, *also, *title, *text; void (*list)(FILE *out); } Topic;
extern const Topic topics[];            /* the last one has no name */
/* Explains a word of the grammar: let, repeat, block, ... A null name: all of them. */
bool statement_print(const char *name, FILE *out);
int statement_names(const char *names[]);

#endif
