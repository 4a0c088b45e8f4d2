/* columns.h: transposes a block of LANES neighbouring rows of a panel, so that a vector holds one feature of all these
 * rows: a column. */
#ifndef BNC_COLUMNS_H
#define BNC_COLUMNS_H
#include "simd.h"
#include <string.h>

#if LANES == 1
/* A block is one number. */
static void load_columns(Vector *column, const real *block, int rows, int columns)
{
	(void)rows;
	(void)columns;
	*column = *block;
}

static void store_columns(real *block, Vector *column, int rows, int columns)
{
	(void)rows;
	(void)columns;
	*block = *column;
}
#else
/* Up to this many columns are moved as pairs of floats, which takes less time than transposing the whole block. */
enum { FEW_COLUMNS = 4 };

#if LANES == 4
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#elif LANES == 8
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define ODD 1, 3, 5, 7, 9, 11, 13, 15
#elif LANES == 16
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#endif

#if REAL_BITS == 64
/* The first two columns of LANES / 2 rows, side by side. */
INLINE Vector pairs_apart(const real *block)
{
	Lanes pairs;
	UNROLL
	for (int i = 0; i < LANES; i++)
		pairs.lane[i] = block[i / 2 * LANES + i % 2];
	return pairs.vector;
}

/* Stores pairs as the first two columns of up to LANES rows. */
INLINE void store_pairs(real *block, const Vector *pairs, int rows)
{
	UNROLL
	for (int row = 0; row < LANES; row++)
		if (row < rows) {
			block[row * LANES] = pairs[row / (LANES / 2)][row % (LANES / 2) * 2];
			block[row * LANES + 1] = pairs[row / (LANES / 2)][row % (LANES / 2) * 2 + 1];
		}
}
#else
typedef double Pair __attribute__((aligned(4), may_alias));
typedef double Pairs __attribute__((vector_size(4 * LANES)));

INLINE Vector pairs_apart(const real *block)
{
#define TWO_PAIRS(row) *(const Pair *)(block + (row) * LANES), *(const Pair *)(block + ((row) + 1) * LANES)
	const Pairs pairs = {
		TWO_PAIRS(0),
#if LANES >= 8
		TWO_PAIRS(2),
#endif
#if LANES >= 16
		TWO_PAIRS(4), TWO_PAIRS(6),
#endif
	};
	return (Vector)pairs;
#undef TWO_PAIRS
}
#endif

/* Loads the first two columns of the block. */
INLINE void load_two_columns(Vector *column, const real *block)
{
	const Vector low = pairs_apart(block), high = pairs_apart(block + LANES / 2 * LANES);
	column[0] = __builtin_shufflevector(low, high, EVEN);
	column[1] = __builtin_shufflevector(low, high, ODD);
}

INLINE void store_two_columns(real *block, const Vector *column, int rows)
{
	Vector pairs[2];
	interleave(column[0], column[1], &pairs[0], &pairs[1]);
#if REAL_BITS == 64
	store_pairs(block, pairs, rows);
#else
	if (rows == LANES) {
		UNROLL
		for (int row = 0; row < LANES; row++)
			*(Pair *)(block + row * LANES) = ((Pairs)pairs[row / (LANES / 2)])[row % (LANES / 2)];
	} else {
		for (int row = 0; row < rows; row++)
			memcpy(block + row * LANES, (const char *)pairs + row * (int)sizeof(Pair), sizeof(Pair));
	}
#endif
}

/* Returns the block itself if it has LANES rows; else its rows followed by zeros, in `padded`. */
INLINE const real *whole_block(real *padded, const real *block, int rows)
{
	if (rows == LANES)
		return block;
	for (int row = 0; row < rows; row++)
		store(padded + row * LANES, load(block + row * LANES));
	for (int row = rows; row < LANES; row++)
		store(padded + row * LANES, splat(0.0f));
	return padded;
}

NOINLINE void load_some_columns(Vector *column, const real *block, int rows, int columns)
{
	real padded[LANES * LANES];
	block = whole_block(padded, block, rows);
	load_two_columns(column, block);
	if (columns > 2)
		load_two_columns(column + 2, block + 2);
}

/* Two columns of a whole block are loaded without a function call. With calls here and in store_few_columns, a step of
 * 2-64-BN-ReLU-64-2 takes 1.1 times as long. */
INLINE void load_few_columns(Vector *column, const real *block, int rows, int columns)
{
	if (rows == LANES && columns <= 2)
		load_two_columns(column, block);
	else
		load_some_columns(column, block, rows, columns);
}

NOINLINE void load_many_columns(Vector *column, const real *block, int rows, int columns)
{
	real padded[LANES * LANES];
	Vector matrix[LANES];
	block = whole_block(padded, block, rows);
	UNROLL
	for (int row = 0; row < LANES; row++)
		matrix[row] = load(block + row * LANES);
	transpose(matrix);
	UNROLL
	for (int i = 0; i < LANES; i++)
		if (i < columns)
			column[i] = matrix[i];
}

/* Loads `columns` columns of [rows][LANES] floats, rows <= LANES. The number of columns is rounded up to an even one;
 * missing rows count as 0. */
static void load_columns(Vector *column, const real *block, int rows, int columns)
{
	if (columns <= FEW_COLUMNS)
		load_few_columns(column, block, rows, columns);
	else
		load_many_columns(column, block, rows, columns);
}

NOINLINE void store_some_columns(real *block, Vector *column, int rows, int columns)
{
	if (columns % 2)
		column[columns] = splat(0.0f);
	store_two_columns(block, column, rows);
	if (columns > 2)
		store_two_columns(block + 2, column + 2, rows);
}

/* Stores up to FEW_COLUMNS columns. If their number is odd, the next lane becomes 0; the other lanes keep their
 * values. */
INLINE void store_few_columns(real *block, Vector *column, int rows, int columns)
{
	if (rows == LANES && columns == 2)
		store_two_columns(block, column, rows);
	else
		store_some_columns(block, column, rows, columns);
}

NOINLINE void store_many_columns(real *block, const Vector *column, int rows, int columns)
{
	Vector matrix[LANES];
	UNROLL
	for (int i = 0; i < LANES; i++)
		matrix[i] = i < columns ? column[i] : splat(0.0f);
	transpose(matrix);
	UNROLL
	for (int row = 0; row < LANES; row++)
		if (row < rows)
			store(block + row * LANES, matrix[row]);
}

/* Stores the columns; the lanes from `columns` on become 0. */
static void store_columns(real *block, Vector *column, int rows, int columns)
{
	if (columns > FEW_COLUMNS) {
		store_many_columns(block, column, rows, columns);
		return;
	}
	UNROLL_4
	for (int row = 0; row < rows; row++)
		store(block + row * LANES, splat(0.0f));
	store_few_columns(block, column, rows, columns);
}
#endif

#endif
