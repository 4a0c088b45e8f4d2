/* columns.h: a block of LANES neighbouring rows of a panel, turned so that a vector holds one feature of all its rows. */
#ifndef BNC_COLUMNS_H
#define BNC_COLUMNS_H
#include "simd.h"

/* Up to as many columns, collecting floats is cheaper than transposing the whole block. */
enum { FEW_COLUMNS = 4 };

NOINLINE void load_whole_columns(Vector *column, const float *block, int columns)
{
	if (columns <= FEW_COLUMNS) {
		for (int i = 0; i < columns; i++)
			column[i] = load_apart(block + i, LANES);
		return;
	}
	Vector matrix[LANES];
	UNROLL
	for (int row = 0; row < LANES; row++)
		matrix[row] = load(block + row * LANES);
	transpose(matrix);
	UNROLL
	for (int i = 0; i < LANES; i++)
		if (i < columns)
			column[i] = matrix[i];
}

/* Reads [rows][LANES] floats, rows <= LANES, into `columns` vectors; missing rows read as 0. */
static void load_columns(Vector *column, const float *block, int rows, int columns)
{
	if (rows == LANES) {
		load_whole_columns(column, block, columns);
	} else {
		float padded[LANES * LANES] = {0};
		for (int row = 0; row < rows; row++)
			store(padded + row * LANES, load(block + row * LANES));
		load_whole_columns(column, padded, columns);
	}
}

/* Writes them back; the lanes from `columns` on become 0. */
NOINLINE void store_columns(float *block, const Vector *column, int rows, int columns)
{
	if (columns <= FEW_COLUMNS) {
		Lanes lanes[FEW_COLUMNS];
		for (int i = 0; i < columns; i++)
			lanes[i].vector = column[i];
		for (int row = 0; row < rows; row++) {
			store(block + row * LANES, splat(0.0f));
			for (int i = 0; i < columns; i++)
				block[row * LANES + i] = lanes[i].lane[row];
		}
		return;
	}
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

#endif
