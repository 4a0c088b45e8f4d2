/* simd.h: a vector of LANES floats, with the vector extension of GCC and clang. With LANES == 1 a vector is a float,
 * and everything written with it is plain C99. No other file depends on how many lanes there are. */
#ifndef BNC_SIMD_H
#define BNC_SIMD_H
#include "real.h"
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#if defined __GNUC__ && !defined __TINYC__
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#ifdef __clang__
/* clang warns where a loop has so few iterations that nothing is left to unroll. */
#pragma clang diagnostic ignored "-Wpass-failed"
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL_4 _Pragma("clang loop unroll_count(4)")
#elif __GNUC__ >= 8
#define UNROLL _Pragma("GCC unroll 32")
#define UNROLL_4 _Pragma("GCC unroll 4")
#else
#define UNROLL
#define UNROLL_4
#endif
#else
#define INLINE static inline
#define NOINLINE static
#define UNROLL
#define UNROLL_4
#endif

/* What depends on the type of a number. SPLIT leaves the upper half of its digits. */
#if REAL_BITS == 64
#define BYTES 8
#define UNSIGNED uint64_t
#define SIGNED int64_t
#define SPLIT 0xfffffffff8000000u
#define EXPONENT 0x7ff0000000000000u
#define SQRT sqrt
#define FMA __builtin_fma
#define LARGER_OF "vmaxpd %1, %2, %0"
#else
#define BYTES 4
#define UNSIGNED uint32_t
#define SIGNED int32_t
#define SPLIT 0xfffff000u
#define EXPONENT 0x7f800000u
#define SQRT sqrtf
#define FMA __builtin_fmaf
#define LARGER_OF "vmaxps %1, %2, %0"
#endif

/* A Mask is the result of comparing two vectors: all ones or all zeros in each lane (with one lane, 1 or 0). Masks are
 * combined with & and |, and used by choose(). */
#if LANES == 1
typedef real Vector;
typedef UNSIGNED Bits;
typedef int Mask;
#else
typedef real Vector __attribute__((vector_size(BYTES * LANES)));
typedef UNSIGNED Bits __attribute__((vector_size(BYTES * LANES)));
typedef SIGNED Mask __attribute__((vector_size(BYTES * LANES)));
typedef real Stored __attribute__((vector_size(BYTES * LANES), aligned(BYTES), may_alias));
#endif

enum { LINE = 64 / sizeof(real) };       /* the numbers in a line of a cache */

typedef union Lanes {
	Vector vector;
	Bits bits;
	real lane[LANES];
} Lanes;

INLINE int smaller(int a, int b)
{
	return a < b ? a : b;
}

INLINE int panel_count(int features)
{
#if LANES == 1
	return features;
#else
	return (features + LANES - 1) / LANES;
#endif
}

/* The index of (row, feature) in an activation. */
INLINE ptrdiff_t entry(int rows, int row, int feature)
{
#if LANES == 1
	return (ptrdiff_t)feature * rows + row;
#else
	return ((ptrdiff_t)(feature / LANES) * rows + row) * LANES + feature % LANES;
#endif
}

INLINE Vector load(const real *source)
{
#if LANES == 1
	return *source;
#else
	return *(const Stored *)source;
#endif
}

INLINE void store(real *destination, Vector value)
{
#if LANES == 1
	*destination = value;
#else
	*(Stored *)destination = value;
#endif
}

INLINE Vector splat(real value)
{
#if LANES == 1
	return value;
#else
	const Vector zero = {0};
	return value - zero;
#endif
}

/* a where the mask is set, else b */
INLINE Vector choose(Mask mask, Vector a, Vector b)
{
#if LANES == 1
	return mask ? a : b;
#else
	return (Vector)((mask & (Mask)a) | (~mask & (Mask)b));
#endif
}

/* a > b ? a : b in each lane, so the result is b if one of them is NaN. gcc 12 needs two instructions where it does not
 * use an instruction for just this. It does not call choose(), so that an emitted program that needs only this has no
 * choose(). */
INLINE Vector larger(Vector a, Vector b)
{
#if LANES == 1
	return a > b ? a : b;
#elif defined __AVX__
	__asm__(LARGER_OF : "=v"(a) : "v"(b), "v"(a));
	return a;
#else
	const Mask first = a > b;
	return (Vector)((first & (Mask)a) | (~first & (Mask)b));
#endif
}

/* Returns the value, and keeps compilers from joining the operation before it and the one after it into one
 * multiply-add: so the bits do not depend on what follows. */
INLINE Vector rounded(Vector value)
{
#if LANES == 1
	return value;
#elif defined __SSE2__ && (LANES * REAL_BITS <= 128 || defined __AVX__)
	__asm__("" : "+v"(value));
	return value;
#elif defined __aarch64__ && LANES * REAL_BITS <= 128
	__asm__("" : "+w"(value));
	return value;
#else
	return choose(value == value, value, splat(NAN));
#endif
}

/* Returns the index, and keeps the compiler from knowing so. Otherwise gcc 12 finds that a loop loads again what it has
 * loaded some iterations ago, and keeps it in memory until then, for lack of registers. */
INLINE ptrdiff_t hidden(ptrdiff_t index)
{
#if defined __GNUC__ && !defined __TINYC__
	__asm__("" : "+r"(index));
#endif
	return index;
}

INLINE Bits bits_of(Vector value)
{
	Lanes lanes;
	lanes.vector = value;
	return lanes.bits;
}

INLINE Vector float_of(Bits bits)
{
	Lanes lanes;
	lanes.bits = bits;
	return lanes.vector;
}

INLINE Vector square_root(Vector value)
{
#if defined __GNUC__ && !defined __TINYC__ && !defined __cplusplus
	/* sets no errno, so it is one instruction even without -fno-math-errno */
	extern real (SQRT)(real) __attribute__((const));
#endif
#if LANES == 1
	return SQRT(value);
#else
	Lanes lanes;
	lanes.vector = value;
	UNROLL
	for (int lane = 0; lane < LANES; lane++)
		lanes.lane[lane] = SQRT(lanes.lane[lane]);
	return lanes.vector;
#endif
}

/* A mask that is set in the first `count` lanes. */
INLINE Mask first_lanes(int count)
{
#if LANES == 1
	return count > 0;
#else
	Lanes index;
	UNROLL
	for (int lane = 0; lane < LANES; lane++)
		index.lane[lane] = (real)lane;
	return index.vector < (real)count;
#endif
}

/* A mask that is set in the lanes whose bit is set: bit 0 is that of the first lane. */
INLINE Mask lane_bits(uint32_t bits)
{
#if LANES == 1
	return (Mask)(bits & 1u);
#else
	Bits which;
	UNROLL
	for (int lane = 0; lane < LANES; lane++)
		which[lane] = (uint32_t)1 << lane;
	return (Mask)((which & bits) != 0u);
#endif
}

/* Loads the floats at source, source + step, ... */
INLINE Vector load_apart(const real *source, ptrdiff_t step)
{
#if LANES == 1
	(void)step;
	return *source;
#else
#define FOUR_APART(i) source[(i) * step], source[(i + 1) * step], source[(i + 2) * step], source[(i + 3) * step]
	const Vector values = {
		FOUR_APART(0),
#if LANES >= 8
		FOUR_APART(4),
#endif
#if LANES >= 16
		FOUR_APART(8), FOUR_APART(12),
#endif
	};
	return values;
#undef FOUR_APART
#endif
}

#if LANES == 4
#define LOW_HALVES 0, 4, 1, 5
#define HIGH_HALVES 2, 6, 3, 7
#elif LANES == 8
#define LOW_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#elif LANES == 16
#define LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif

/* Interleaves the low halves and the high halves of a and b. */
INLINE void interleave(Vector a, Vector b, Vector *low, Vector *high)
{
#if LANES == 1
	*low = a;
	*high = b;
#else
	*low = __builtin_shufflevector(a, b, LOW_HALVES);
	*high = __builtin_shufflevector(a, b, HIGH_HALVES);
#endif
}

/* The sum of the lanes: adds halves until one lane is left. */
INLINE real lane_sum(Vector value)
{
	UNROLL
	for (int half = LANES / 2; half > 0; half /= 2) {
		Vector low, high;
		interleave(value, value, &low, &high);
		value = low + high;
	}
	Lanes lanes;
	lanes.vector = value;
	return lanes.lane[0];
}

/* The largest of the lanes; any of them, or NaN, if one is NaN. */
INLINE real lane_largest(Vector value)
{
	UNROLL
	for (int half = LANES / 2; half > 0; half /= 2) {
		Vector low, high;
		interleave(value, value, &low, &high);
		value = larger(low, high);
	}
	Lanes lanes;
	lanes.vector = value;
	return lanes.lane[0];
}

/* Transposes a LANES x LANES matrix. Interleaving row i with row i + LANES / 2, for all i, rotates the bits of the
 * index (row, column) by one place; after log2(LANES) rotations row and column have changed places. */
INLINE void transpose(Vector matrix[LANES])
{
	UNROLL
	for (int turn = 1; turn < LANES; turn += turn) {
		Vector turned[LANES];
		UNROLL
		for (int row = 0; row < LANES / 2; row++)
			interleave(matrix[row], matrix[row + LANES / 2], &turned[2 * row], &turned[2 * row + 1]);
		UNROLL
		for (int row = 0; row < LANES; row++)
			matrix[row] = turned[row];
	}
}

/* The sum of each row of a LANES x LANES matrix, as a vector: a transposition that adds on the way. Overwrites the
 * matrix. */
INLINE Vector row_sums(Vector matrix[LANES])
{
	UNROLL
	for (int half = LANES / 2; half > 0; half /= 2) {
		UNROLL
		for (int row = 0; row < half; row++) {
			Vector low, high;
			interleave(matrix[row], matrix[row + half], &low, &high);
			matrix[row] = low + high;
		}
	}
	return matrix[0];
}

#endif
