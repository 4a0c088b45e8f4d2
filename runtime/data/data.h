/* data.h: the built-in sets and the file readers of this folder, and functions that they share. */
#ifndef BNC_DATA_H
#define BNC_DATA_H
#include "../runtime.h"

enum {
	MAX_SAMPLES = 10000000, /* the most samples of a built-in set */
	MAX_VALUES = 1 << 29,   /* the most values in an array: 2 GiB of floats */
	MAX_PARAMETERS = 8,
};

/* ---- built-in sets: one row each, whose own file says the rest */

#define SETS(ROW) \
	ROW(moons) ROW(circles) ROW(blobs) ROW(spirals) ROW(xor) ROW(iris) ROW(wine) ROW(breast_cancer) ROW(digits)

typedef enum ParameterKind { PARAMETER_INTEGER, PARAMETER_REAL } ParameterKind;

typedef struct Parameter {
	const char *name;
	ParameterKind kind;
	double default_value, lowest, highest;
} Parameter;

/* A set while it is generated: in double precision like numpy's, and in the order of generation. */
typedef struct Draft {
	const char *name;
	Random random;
	int rows, features;
	double *x;              /* [rows][features] */
	int *labels;            /* [rows] */
	int *order;             /* [rows]: the row at each place */
	double *scratch;        /* [rows] */
	const char *const *class_names; /* null: classes have only their numbers */
	int side;               /* of samples that are square images; 0: they are none */
} Draft;

typedef struct DataSet {
	const char *name, *description;
	Parameter parameters[MAX_PARAMETERS];   /* the last one is followed by one without a name */
	bool (*generate)(Draft *draft, const double *values, Failure *failure);
} DataSet;

#define SAMPLES_PARAMETER {"n", PARAMETER_INTEGER, 1000, 1, MAX_SAMPLES}
#define NOISE_PARAMETER {"noise", PARAMETER_REAL, 0.1, 0, 1e6}
#define SEED_PARAMETER {"seed", PARAMETER_INTEGER, 42, 0, UINT32_MAX}

#define PI 3.14159265358979323846

#define DECLARE(name) extern const DataSet name##_set;
SETS(DECLARE)
#undef DECLARE

/* Every generator begins with this: n rows in their own order, and numpy's RandomState(seed). */
bool draft_open(Draft *draft, double n, double features, double seed, Failure *failure);
/* The same of rows as text: features and a label, with commas between them. The names are those of all classes. */
bool draft_rows(Draft *draft, const char *const *rows, size_t count, int features, const char *const *names,
	Failure *failure);
void draft_shuffle(Draft *draft);
/* Adds normal noise to every value, row by row in their present order. */
void draft_add_noise(Draft *draft, double deviation);
/* Copies the rows, in their order, rounded to single precision. */
bool draft_finish(Draft *draft, Data *data, Failure *failure);
void draft_close(Draft *draft);

/* The values of the set's parameters in their order: the default values, except those that text such as
 * "n=100,noise=0.2" changes. */
bool parameters_read(double *values, const DataSet *set, const char *text, Failure *failure);
int parameter_count(const DataSet *set);
/* Writes "a, b, c", at most size bytes. */
void join_names(char *out, size_t size, const char *const *names, int count);

/* ---- readers of files: one row in data.c */

typedef struct Reader {
	const char *suffixes;           /* words; the first is the usual one */
	const char *description;
	/* names: the text after the path and a colon, or null. */
	bool (*read)(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure);
	bool table;                     /* it has columns that options can name */
	bool packed;                    /* it may be packed: .gz and .zst */
	bool doubles;                   /* it reads doubles if data->number_bytes says so; else it reads floats */
} Reader;

bool npz_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure);
bool npy_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure);
bool idx_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure);
bool folder_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure);
bool table_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure);

/* ---- schema.c: how the columns of a table become numbers
 *
 * A column of numbers is one value of a sample. A column of texts is one value for each text in `texts`: 1 for the
 * column's own text, and 0 for the others. The inputs are in the order of the table. A single target whose values are
 * texts or whole numbers has labels: a label is an index in `texts`. */

typedef struct Column {
	char *name;             /* from the header; null: the table has none */
	int place;              /* in the table that the schema was made from, from 0 */
	char **texts;           /* sorted, numbers by their values; null: numbers that have no labels */
	int text_count;
	bool whole;             /* a target: its texts are whole numbers */
	double *means;          /* of the column's values, one for each text of an input; null: not known */
} Column;

struct Schema {
	Column *inputs, *targets;
	int input_count, target_count;
	int width;              /* the number of columns of that table; 0: the data were no table */
	int features;           /* the number of values of a sample */
	Missing missing;        /* how that table was read: what was done about values that are missing */
	int window, stride;             /* a sample is so many rows, the next one begins so many later; 0: it is a row */
	double *centres, *deviations;   /* of each value of a sample, for --standardize; null: values stay as they are */
};

Schema *schema_copy(const Schema *schema);      /* null: no memory */
/* As JSON text, to be freed, and back. Null: no memory, or no sound schema. */
char *schema_write(const Schema *schema);
Schema *schema_read(const char *text);

/* The number of values of a sample that the column gives. */
static inline int column_features(const Column *input) { return input->texts ? input->text_count : 1; }
/* The index of the text, or -1. */
int column_find(const Column *column, const char *text);

/* ---- samples.c */

/* Allocates memory for samples of data's rank and dims, and for labels or only targets. data_close frees it. */
bool data_allocate(Data *data, int rows, int target_features, bool labelled, Failure *failure);
/* Room for the texts of so many rows. False: no memory; data_close frees what there is. */
bool ids_open(Ids *ids, int count, size_t rows);
/* Takes the next text, which data_close frees. False: it is null, for lack of memory. */
bool ids_add(Ids *ids, char *text);

/* ---- window.c */

/* Makes samples of so many rows of a table, each `stride` rows after the one before, of shape 1 x rows x values. A
 * sample has the target of its last row. */
bool data_window(Data *data, int window, int stride, Failure *failure);
/* Windows farther apart than this have no row in common. */
int window_reach(const Data *data);

/* ---- npy_header.c: the header of numpy's .npy format */

enum { MAX_AXES = 4, MAX_NPY_HEADER = 10000 };

typedef struct Npy {
	char kind;              /* numpy's: f, i, u, b */
	int item_size;
	bool big_endian;
	bool fortran_order;
	int rank;
	int shape[MAX_AXES];
	int count;              /* the product of shape, at most MAX_VALUES */
	char shape_text[48];    /* as numpy prints it, for messages */
} Npy;

/* Reads the dictionary that follows magic and length; header[length] is 0. Every message begins with where
 * ("digits.npz: X"). */
bool npy_parse(Npy *npy, const char *header, size_t length, const char *where, Failure *failure);

/* ---- npy.c: its items */

/* The item as a float, or as a double if number_bytes is 8; rounded once. */
double npy_number(const Npy *npy, const unsigned char *item, size_t number_bytes);
/* Whether the item is a whole number from 0 to INT32_MAX - 1; if not, label is -1. */
bool npy_label(const Npy *npy, const unsigned char *item, int32_t *label);
void npy_print(const Npy *npy, const unsigned char *item, char *out, size_t size);

#endif
