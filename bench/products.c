/* Rows of products alone: bnc's kernels over their panels beside libraries of matrix products, one thread each. */
#define _GNU_SOURCE
#include "bench.h"
#include "kernels.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The three products of a linear layer: y = x W', dx = dy W, dW = dy' x, with W as torch keeps it,
 * [outputs][inputs]. */
typedef enum Kind { FORWARD, INPUT_GRADIENT, WEIGHT_GRADIENT } Kind;
static const char *const kind_names[] = {"forward", "dx", "dw"}, *const kernel_names[] = {"linear", "linear_dx",
	"linear_dw"};

typedef struct Product {
	const KernelSet *set;
	Kind kind;
	int rows, outputs, inputs;
	float *x, *w, *y;       /* gradients of the same sizes take their places */
	const Kernel *single, *pair;    /* for one panel, and for two or null */
} Product;

enum { ROW_MAJOR = 101, NOT_TRANSPOSED = 111, TRANSPOSED = 112 };
typedef void Sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
	int lda, const float *b, int ldb, float beta, float *c, int ldc);
typedef int DnnlSgemm(char transpose_a, char transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
	int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
static Sgemm *openblas_sgemm;
static DnnlSgemm *dnnl_sgemm;

/* Found at run time: they need not be here. One thread each, which both read when they are loaded. */
static void find_libraries(void)
{
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	setenv("OMP_NUM_THREADS", "1", 1);
	void *openblas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL), *dnnl = dlopen("libdnnl.so.2",
		RTLD_NOW | RTLD_LOCAL);
	if (openblas)
		*(void **)&openblas_sgemm = dlsym(openblas, "cblas_sgemm");
	if (dnnl)
		*(void **)&dnnl_sgemm = dlsym(dnnl, "dnnl_sgemm");
}

/* The kernel, by its place in the set: all three begin alike. */
static void call_kernel(const Product *p, const Kernel *kernel, int panel)
{
	const void *entry = (const char *)p->set->table + kernel->entry;
	const ptrdiff_t of_rows = (ptrdiff_t)p->rows * p->set->lanes * panel,
		of_weights = (ptrdiff_t)p->inputs * p->set->lanes * panel;
	if (p->kind == FORWARD)
		(*(linear_kernel *const *)entry)(p->rows, p->outputs, p->inputs, p->y + of_rows, p->x, p->w + of_weights, 0);
	else if (p->kind == INPUT_GRADIENT)
		(*(linear_dx_kernel *const *)entry)(p->rows, p->outputs, p->inputs, panel, p->x + of_rows, p->y, p->w);
	else
		(*(linear_dw_kernel *const *)entry)(p->rows, p->outputs, p->inputs, p->w + of_weights, p->x, p->y + of_rows);
}

/* As a network's loops do it. */
static void call_kernels(void *subject)
{
	const Product *p = subject;
	const int lanes = p->set->lanes, panels = ((p->kind == INPUT_GRADIENT ? p->inputs : p->outputs) + lanes - 1)
		/ lanes;
	for (int panel = 0; panel < panels;) {
		const Kernel *kernel = p->pair && panel + 1 < panels ? p->pair : p->single;
		call_kernel(p, kernel, panel);
		panel += kernel->panels;
	}
}

static void call_openblas(void *subject)
{
	const Product *p = subject;
	if (p->kind == FORWARD)
		openblas_sgemm(ROW_MAJOR, NOT_TRANSPOSED, TRANSPOSED, p->rows, p->outputs, p->inputs, 1, p->x, p->inputs, p->w,
			p->inputs, 0, p->y, p->outputs);
	else if (p->kind == INPUT_GRADIENT)
		openblas_sgemm(ROW_MAJOR, NOT_TRANSPOSED, NOT_TRANSPOSED, p->rows, p->inputs, p->outputs, 1, p->y, p->outputs,
			p->w, p->inputs, 0, p->x, p->inputs);
	else
		openblas_sgemm(ROW_MAJOR, TRANSPOSED, NOT_TRANSPOSED, p->outputs, p->inputs, p->rows, 1, p->y, p->outputs, p->x,
		p->inputs, 0, p->w,
			p->inputs);
}

static void call_dnnl(void *subject)
{
	const Product *p = subject;
	if (p->kind == FORWARD)
		dnnl_sgemm('N', 'T', p->rows, p->outputs, p->inputs, 1, p->x, p->inputs, p->w, p->inputs, 0, p->y, p->outputs);
	else if (p->kind == INPUT_GRADIENT)
		dnnl_sgemm('N', 'N', p->rows, p->inputs, p->outputs, 1, p->y, p->outputs, p->w, p->inputs, 0, p->x, p->inputs);
	else
		dnnl_sgemm('T', 'N', p->outputs, p->inputs, p->rows, 1, p->y, p->outputs, p->x, p->inputs, 0, p->w, p->inputs);
}

static double measure_kernels(void *subject, double seconds)
{
	return measure_calls(call_kernels, subject, seconds);
}

static double measure_openblas(void *subject, double seconds)
{
	return openblas_sgemm ? measure_calls(call_openblas, subject, seconds) : 0;
}

static double measure_dnnl(void *subject, double seconds)
{
	return dnnl_sgemm ? measure_calls(call_dnnl, subject, seconds) : 0;
}

/* Numbers of about 1 in magnitude, in whole panels. */
static float *noise(int rows, int columns)
{
	size_t count = ((size_t)rows + 64) * ((size_t)columns + 64);
	float *values = aligned_alloc(64, (count * sizeof *values + 63) / 64 * 64);
	Random random;
	random_seed(&random, 2);
	if (values)
		torch_uniform(&random, values, count, -1, 1);
	return values;
}

static void choose_kernels(const Kernels *kernels, Product *p)
{
	const Sizes sizes = {p->set->lanes, p->rows, p->outputs, p->inputs, 0};
	const Kernel *row = kernel_find(kernels, kernel_names[p->kind], strlen(kernel_names[p->kind]));
	const Kernel *variant = kernel_variant(kernels, row, sizes, 1);
	p->single = variant ? variant : row;
	p->pair = kernel_variant(kernels, row, sizes, 2);
}

static void bench_product(Bench *bench, const Kernels *kernels, Kind kind, int rows, int outputs, int inputs)
{
	Row row = {.threads = 1, .flops = 2.0 * rows * outputs * inputs};
	Peak peak = {bench, bench->set->name, 1, row.flops};
	Product product = {bench->set, kind, rows, outputs, inputs, noise(rows, inputs), noise(outputs, inputs),
		noise(rows, outputs), 0, 0};
	Question torch = {.peer = 0};
	choose_kernels(kernels, &product);
	row_name(&row, "product %s %dx%dx%d", kind_names[kind], rows, outputs, inputs);
	if (row_wanted(bench, &row))
		torch.peer = peer_find(bench, 1);
	snprintf(torch.text, sizeof torch.text, "product %s %d %d %d", kind_names[kind], rows, outputs, inputs);
	row_add(&row, "bnc", measure_kernels, &product);
	row_add(&row, "FMA peak", measure_peak, &peak);
	row_add(&row, "FMA peak, loading", measure_tile, &peak);
	row_add(&row, "OpenBLAS", measure_openblas, &product);
	row_add(&row, "oneDNN", measure_dnnl, &product);
	row_add(&row, "torch.mm", measure_peer, &torch);
	if (product.x && product.w && product.y)
		row_run(bench, &row);
	free(product.x);
	free(product.w);
	free(product.y);
}

void bench_products(Bench *bench)
{
	static const int sizes[][3] = {{128, 512, 784}, {128, 512, 512}, {256, 1024, 1024}, {96, 700, 300}, {128, 10, 512}};
	Arena *arena = arena_open();
	const Kernels kernels = kernel_table(arena);
	find_libraries();
	bench->heading = "products alone (rows x outputs x inputs)";
	for (int i = 0; i < 5; i++)
		for (Kind kind = FORWARD; kind <= WEIGHT_GRADIENT; kind++)
			bench_product(bench, &kernels, kind, sizes[i][0], sizes[i][1], sizes[i][2]);
	arena_close(arena);
}
