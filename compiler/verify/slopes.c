/* Compares gradients with slopes of the model's loss: of each tensor, along random directions, in which every value has
 * a part, and along single values, which are compared by themselves; and along a direction of all tensors together. */
#include "verify.h"
#include <math.h>
#include <string.h>

enum { DIRECTIONS = 2, ENTRIES = 6 };

/* So large are the steps: about as the weights are. */
static double root_mean_square(const double *values, size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += values[i] * values[i];
	return sqrt(sum / (double)count);
}

static double size_of(const double *weights, size_t count)
{
	return fmax(root_mean_square(weights, count), 0x1p-6);
}

/* A random sign for each value. */
static double *random_direction(const Sitting *s, const double *weights, size_t count)
{
	const double size = size_of(weights, count);
	double *along = NEW_ARRAY(s->arena, double, count);
	for (size_t i = 0; i < count; i++)
		along[i] = random_u32(s->random) >> 31 ? size : -size;
	return along;
}

static double part_along(const Series *gradient, const double *along)
{
	double sum = 0;
	for (size_t i = 0; i < gradient->count; i++)
		sum += gradient->values[i] * along[i];
	return sum;
}

/* Compares a slope with what the program's gradients make of it. Both are divided by the length of the direction. */
static void compare_slope(const Sitting *s, Finding *f, Slope slope, double found, double length, double tolerance)
{
	const double uncertain = 2 * slope.error / length;
	if (!(uncertain <= 16 * tolerance || uncertain <= 1e-3 * f->scale)) {
		f->unknown++;
		return;
	}
	compare_value(s->v, f, found / length, slope.value / length, tolerance + uncertain);
}

static void check_directions(const Sitting *s, Finding *f, const Series *gradient, double *weights, double tolerance)
{
	const double length = size_of(weights, gradient->count) * sqrt((double)gradient->count);
	for (int i = 0; i < DIRECTIONS; i++) {
		const double *along = random_direction(s, weights, gradient->count);
		const Slope slope = model_slope(&s->model, &(const Move){weights, along, gradient->count}, 1, gradient->node,
			tolerance * length / 8);
		compare_slope(s, f, slope, part_along(gradient, along), length, tolerance);
	}
}

/* The first and the last, where panels begin and end; the largest; the others at random. */
static size_t choose_entry(const Sitting *s, const Series *gradient, int number)
{
	size_t largest = 0;
	if (gradient->count <= ENTRIES)
		return (size_t)number;
	if (number == 0)
		return 0;
	if (number == 1)
		return gradient->count - 1;
	for (size_t i = 1; i < gradient->count && number == 2; i++)
		if (fabs(gradient->values[i]) > fabs(gradient->values[largest]))
			largest = i;
	return number == 2 ? largest : random_u64(s->random) % gradient->count;
}

static void check_entries(const Sitting *s, Finding *f, const Series *gradient, double *weights, double tolerance)
{
	for (int i = 0; i < ENTRIES && (size_t)i < gradient->count; i++) {
		const size_t entry = choose_entry(s, gradient, i);
		const Slope slope = model_slope_by(&s->model, &weights[entry], gradient->node, tolerance / 8);
		compare_slope(s, f, slope, gradient->values[entry], 1, tolerance);
	}
}

static void check_all_together(const Sitting *s)
{
	const int nodes = s->v->network->nodes.count;
	Move *moves = NEW_ARRAY(s->arena, Move, nodes * MAX_TENSORS);
	int count = 0;
	double found = 0, square = 0, tolerance = 0, length = 0;
	for (int i = 0; i < s->found.count; i++) {
		const Series *gradient = &s->found.items[i];
		if (gradient->kind != GRADIENT)
			continue;
		double *weights = s->model.tensors[gradient->node][gradient->tensor];
		const double *along = random_direction(s, weights, gradient->count);
		const double part = size_of(weights, gradient->count) * sqrt((double)gradient->count),
			bound = part * gradient_tolerance(s, &s->expected.items[i]);
		moves[count++] = (Move){weights, along, gradient->count};
		found += part_along(gradient, along);
		tolerance += bound * bound;
		length += part * part;
		for (size_t k = 0; k < gradient->count; k++)
			square += pow(gradient->values[k] * along[k], 2);
	}
	length = sqrt(length);
	tolerance = 2 * sqrt(tolerance) / length;
	Finding *f = add_finding(s->v, CHECK_SLOPES, "all together", sqrt(square) / length);
	compare_slope(s, f, model_slope(&s->model, moves, count, 0, tolerance * length / 8), found, length, tolerance);
}

static bool is_sampled(const Verification *v, int number)
{
	return (int64_t)(number + 1) * v->sampled / v->parameters > (int64_t)number * v->sampled / v->parameters;
}

/* Later nodes come first: see model_slope. */
void verify_slopes(Sitting *s)
{
	Verification *v = s->v;
	int number = 0;
	if (v->parameters == 0)
		return;
	check_all_together(s);
	model_loss(&s->model);
	for (int i = s->found.count - 1; i >= 0; i--) {
		const Series *gradient = &s->found.items[i];
		if (gradient->kind != GRADIENT || !is_sampled(v, number++))
			continue;
		const double tolerance = gradient_tolerance(s, &s->expected.items[i]);
		double *weights = s->model.tensors[gradient->node][gradient->tensor];
		Finding *f = add_finding(v, CHECK_SLOPES, gradient->what,
			s->expected.items[i].largest > 0 ? s->expected.items[i].largest : s->steepest);
		check_directions(s, f, gradient, weights, tolerance);
		check_entries(s, f, gradient, weights, tolerance);
	}
}
